package experiment_test

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/flags/experiment"
)

// One client a process. The first exposure of a user is one round trip; what the
// user does is recorded in the background.
func ExampleClient() {
	ctx := context.Background()
	db, err := sql.Open("mysql", "app@tcp(127.0.0.1:3306)/shop")
	if err != nil {
		panic(err)
	}
	defer db.Close()
	client, err := experiment.Open(ctx, db, experiment.Config{})
	if err != nil {
		panic(err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if err := client.Close(ctx); err != nil {
			fmt.Println(err) // says how many exposures and events are lost
		}
	}()

	user := experiment.Unit{Key: "user-7", Attributes: map[string]string{"country": "pl"}}
	a, err := client.Assign(ctx, "checkout-button", user)
	if err != nil {
		fmt.Println(err) // a.Branch is the hash's, which is right unless the shares have changed
	}
	if a.Branch == "green" {
		fmt.Println("show the green button")
	}
	client.Track("purchase", user.Key, 12.50)
}
