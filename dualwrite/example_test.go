package dualwrite_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	"github.com/go-sql-driver/mysql"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

// exampleDatabase starts a server with a change on it that splits the name of
// users, in the phase in which both shapes are written and read along a ramp.
func exampleDatabase(ctx context.Context) (dsn string, stop func()) {
	server, err := servers.Start(ctx, servers.Options{Engine: servers.MariaDB})
	check(err)
	name := fmt.Sprintf("example_%d", os.Getpid())
	_, err = server.Admin().ExecContext(ctx, "CREATE DATABASE "+name)
	check(err)
	cfg, err := mysql.ParseDSN(server.AdminDSN())
	check(err)
	cfg.DBName, cfg.ParseTime = name, true
	dsn = cfg.FormatDSN()
	check(setUpExample(ctx, dsn))
	return dsn, func() {
		ctx := context.WithoutCancel(ctx)
		_, err := server.Admin().ExecContext(ctx, "DROP DATABASE "+name)
		check(err)
		check(server.Stop(ctx))
	}
}

// A service writes and reads users while their name is being split. The same
// code runs before, during and after.
func Example() {
	ctx := context.Background()
	dsn, stop := exampleDatabase(ctx)
	defer stop()

	cfg := dualwrite.Config{
		Service: "accounts",
		Release: "r1",
		Changes: []dualwrite.Support{{Change: "split-user-name", Writes: migrate.SourceShape, Through: migrate.ReadNew}},
	}
	connector, err := dualwrite.Connector(dsn, cfg)
	check(err)
	db := sql.OpenDB(connector)
	defer db.Close()
	client, err := dualwrite.Join(ctx, db, cfg)
	check(err)
	defer client.Close(ctx)
	names := client.Change("split-user-name")

	var id int64
	err = names.Write(ctx, func(ctx context.Context, tx *dualwrite.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO users (name) VALUES (?)`, "Ada Lovelace")
		if err != nil {
			return err
		}
		id, err = res.LastInsertId()
		tx.Touch(id)
		return err
	})
	check(err)

	type user struct{ First, Last string }
	readOld := func(ctx context.Context, q dualwrite.Querier) (u user, err error) {
		query := `SELECT SUBSTRING_INDEX(name, ' ', 1), SUBSTRING_INDEX(name, ' ', -1) FROM users WHERE id = ?`
		err = q.QueryRowContext(ctx, query, id).Scan(&u.First, &u.Last)
		return u, err
	}
	readNew := func(ctx context.Context, q dualwrite.Querier) (u user, err error) {
		err = q.QueryRowContext(ctx, `SELECT first_name, last_name FROM users WHERE id = ?`, id).Scan(&u.First, &u.Last)
		return u, err
	}
	u, err := dualwrite.Read(ctx, names, id, readOld, readNew)
	check(err)
	fmt.Printf("%s %+v\n", names.Setting().Mode, u)
	// Output: read_new {First:Ada Last:Lovelace}
}

// An application that has its own transactions enlists them.
func ExampleChange_Enlist() {
	ctx := context.Background()
	dsn, stop := exampleDatabase(ctx)
	defer stop()
	db, err := sql.Open("mysql", dsn)
	check(err)
	defer db.Close()
	client, err := dualwrite.Join(ctx, db, dualwrite.Config{
		Service: "accounts",
		Release: "r1",
		Changes: []dualwrite.Support{{Change: "split-user-name", Writes: migrate.SourceShape, Through: migrate.ReadNew}},
	})
	check(err)
	defer client.Close(ctx)

	tx, err := db.BeginTx(ctx, nil)
	check(err)
	defer tx.Rollback() // after any error
	names, err := client.Change("split-user-name").Enlist(ctx, tx)
	check(err)
	_, err = tx.ExecContext(ctx, `INSERT INTO users (id, name) VALUES (7, 'Grace Hopper')`)
	check(err)
	names.Touch(7)
	check(names.Finish(ctx))
	check(tx.Commit())

	var first, last string
	check(db.QueryRowContext(ctx, `SELECT first_name, last_name FROM users WHERE id = 7`).Scan(&first, &last))
	fmt.Println(first, "|", last)
	// Output: Grace | Hopper
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		panic(err)
	}
}
