package flags_test

import (
	"context"
	"fmt"

	"github.com/underpin-db/underpin/flags"
)

func ExampleOpen() {
	store, err := flags.NewMemory(flags.Flag{
		Name: "new-checkout", Type: flags.Boolean, Kind: flags.Release, Owner: "payments", Off: "off", Safe: "off",
		Rules: []flags.Rule{{
			When:  []flags.Condition{{Attribute: "country", Op: flags.NotIn, Values: []flags.Value{flags.ValueOf("DE")}}},
			Serve: flags.Serve{Variant: "off"},
		}},
		Ramp:  &flags.Ramp{Variant: "on", Rings: []string{"staff"}, Share: 500},
		Serve: flags.Serve{Variant: "off"},
	})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	client, err := flags.Open(ctx, flags.Config{Source: store})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	ann := flags.User(7).With("country", "DE").In("staff")
	fmt.Println(client.Bool(ctx, "new-checkout", ann, false))
	d := client.BoolDetail(ctx, "new-checkout", ann.With("country", "FR"), false)
	fmt.Println(d.Value, d.Variant, d.Reason)
	d = client.BoolDetail(ctx, "no-such-flag", ann, false)
	fmt.Println(d.Value, d.Reason, d.Err)
	// Output:
	// true
	// false off TARGETING_MATCH
	// false ERROR flag "no-such-flag": there is no such flag
}
