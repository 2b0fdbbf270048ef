package ddl_test

import (
	"fmt"

	"github.com/underpin-db/underpin/migrate/ddl"
)

func Example() {
	list, err := ddl.Parse("up.sql", "ALTER TABLE orders ADD COLUMN note VARCHAR(100), ADD INDEX by_day (day);")
	if err != nil {
		fmt.Println(err)
		return
	}
	// ReadTable reads this from the server.
	table := &ddl.Table{Name: "orders", Engine: "InnoDB", RowFormat: "dynamic"}
	server := ddl.Server{Flavour: ddl.MySQL, Version: ddl.Version{Major: 9, Minor: 7}}
	verdict, err := ddl.Judge(server, table, &list[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(verdict.Class)
	fmt.Println(verdict.Words())
	fmt.Println(verdict.Advice)
	fmt.Println(ddl.Assert(&list[0], verdict))
	// Output:
	// in place, rebuilding
	// writers go on while the whole table is rewritten; the metadata lock is held for moments at the start and at the end
	// add column note would be instant in a statement of its own
	// ALTER TABLE orders ALGORITHM=INPLACE, LOCK=NONE, ADD COLUMN note VARCHAR(100), ADD INDEX by_day (day)
}

func ExampleParse_refused() {
	_, err := ddl.Parse("up.sql", "DROP TABLE a;\nALTER IGNORE TABLE b ADD UNIQUE (c);")
	fmt.Println(err)
	// Output:
	// up.sql:2:1: ALTER IGNORE drops rows that do not fit, without a word; leave IGNORE out, and deal with those rows first
}
