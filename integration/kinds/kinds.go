// Package kinds holds a fixture for every kind of change. The engine's tests
// carry each change of the schema alone through its life on real servers, the
// tests here each with a mapping, and the pages under docs/kinds are made from
// the same fixtures.
package kinds

import "github.com/underpin-db/underpin/migrate"

// Case is one kind of operation, on the table items.
type Case struct {
	Name string
	// Alter is the DDL, as an engineer would write it.
	Alter  string
	Course migrate.Course
	// Kind is what the planner has to call it.
	Kind string
	// Mend makes the rows fit; before it the gate has to refuse.
	Mend string
	// Works has to work once it is expanded, Refused must not.
	Works, Refused string
	// Gone must not work once it is contracted.
	Gone string
	// Copies says that a server can do it only by copying the table while
	// writers wait.
	Copies migrate.Choice
	// Loose says that what was loosened stays so on the way back.
	Loose migrate.Choice
}

// Tables is a table that every kind of operation finds something in.
var Tables = []string{
	`CREATE TABLE shops (id INT NOT NULL PRIMARY KEY, name VARCHAR(20) NOT NULL)`,
	`CREATE TABLE items (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  shop_id INT NULL,
  sku VARCHAR(40) NOT NULL,
  note VARCHAR(100) NULL COMMENT 'it''s NOT NULL in name only',
  state ENUM('new','sold','gone') NOT NULL DEFAULT 'new',
  price INT NOT NULL DEFAULT 0,
  KEY by_sku (sku),
  KEY by_price (price)
) DEFAULT CHARSET utf8mb4`,
	`INSERT INTO shops VALUES (1, 'one')`,
	`INSERT INTO items (shop_id, sku, note) VALUES (1, 'a', 'x'), (NULL, 'b', NULL), (1, 'c', 'y')`,
}

// All are the cases: at least one of every kind.
var All = []Case{
	{
		Name:  "add nullable column",
		Alter: "ALTER TABLE items ADD COLUMN colour VARCHAR(10) NULL AFTER sku", Course: migrate.Added, Kind: "add column",
		Works: "INSERT INTO items (sku, colour) VALUES ('q', 'red')",
	},
	{
		Name:  "add column with default",
		Alter: "ALTER TABLE items ADD COLUMN stock INT NOT NULL DEFAULT 7", Course: migrate.Added, Kind: "add column",
		Works: "INSERT INTO items (sku) VALUES ('q')",
	},
	{
		Name:  "generated column",
		Alter: "ALTER TABLE items ADD COLUMN double_price INT GENERATED ALWAYS AS (price * 2) VIRTUAL", Course: migrate.Added, Kind: "generated column",
		Works: "INSERT INTO items (sku) VALUES ('q')",
	},
	{Name: "add index", Alter: "CREATE INDEX by_note ON items (note)", Course: migrate.Added, Kind: "add index"},
	{Name: "add fulltext", Alter: "ALTER TABLE items ADD FULLTEXT INDEX words (note)", Course: migrate.Added, Kind: "add index", Copies: migrate.Yes},
	{
		Name:  "unique index",
		Alter: "ALTER TABLE items ADD UNIQUE INDEX one_sku (sku)", Course: migrate.Tightened, Kind: "add unique index",
		Mend: "DELETE FROM items WHERE note = 'twin'", Refused: "INSERT INTO items (sku) VALUES ('a')",
	},
	{Name: "drop index", Alter: "DROP INDEX by_price ON items", Course: migrate.Retired, Kind: "drop index", Works: "SELECT id FROM items WHERE price = 0"},
	{Name: "rename index", Alter: "ALTER TABLE items RENAME INDEX by_sku TO sku_index", Course: migrate.Added, Kind: "rename index"},
	{Name: "hide index", Alter: "ALTER TABLE items ALTER INDEX by_sku INVISIBLE", Course: migrate.Added, Kind: "hide index"},
	{Name: "widen", Alter: "ALTER TABLE items MODIFY COLUMN sku VARCHAR(60) NOT NULL", Course: migrate.Added, Kind: "widen", Loose: migrate.Yes, Works: "INSERT INTO items (sku) VALUES (REPEAT('s', 60))"},
	{
		Name:  "narrow",
		Alter: "ALTER TABLE items MODIFY COLUMN sku VARCHAR(4) NOT NULL", Course: migrate.Tightened, Kind: "narrow", Copies: migrate.Yes,
		Mend: "DELETE FROM items WHERE note = 'twin'", Refused: "INSERT INTO items (sku) VALUES ('sssss')",
	},
	{
		Name:  "set not null",
		Alter: "ALTER TABLE items MODIFY COLUMN note VARCHAR(100) NOT NULL", Course: migrate.Tightened, Kind: "set not null",
		Mend: "UPDATE items SET note = '' WHERE note IS NULL", Refused: "INSERT INTO items (sku, note) VALUES ('q', NULL)",
	},
	{
		Name:  "drop not null",
		Alter: "ALTER TABLE items MODIFY COLUMN sku VARCHAR(40) NULL", Course: migrate.Added, Kind: "drop not null", Loose: migrate.Yes,
		Works: "INSERT INTO items (sku) VALUES (NULL)",
	},
	{Name: "set default", Alter: "ALTER TABLE items ALTER COLUMN sku SET DEFAULT 'none'", Course: migrate.Added, Kind: "change default", Works: "INSERT INTO items (price) VALUES (1)"},
	{Name: "drop default", Alter: "ALTER TABLE items ALTER COLUMN price DROP DEFAULT", Course: migrate.Tightened, Kind: "drop default", Refused: "INSERT INTO items (sku) VALUES ('q')"},
	{Name: "extend enum", Alter: "ALTER TABLE items MODIFY COLUMN state ENUM('new','sold','gone','back') NOT NULL DEFAULT 'new'", Course: migrate.Added, Kind: "extend enum", Loose: migrate.Yes, Works: "INSERT INTO items (sku, state) VALUES ('q', 'back')"},
	{
		Name:  "reduce enum",
		Alter: "ALTER TABLE items MODIFY COLUMN state ENUM('new','sold') NOT NULL DEFAULT 'new'", Course: migrate.Tightened, Kind: "reduce enum", Copies: migrate.Yes,
		Mend: "UPDATE items SET state = 'sold' WHERE state = 'gone'", Refused: "INSERT INTO items (sku, state) VALUES ('q', 'gone')",
	},
	{
		Name:  "foreign key",
		Alter: "ALTER TABLE items ADD CONSTRAINT in_shop FOREIGN KEY (shop_id) REFERENCES shops (id)", Course: migrate.Tightened, Kind: "add foreign key",
		Mend: "DELETE FROM items WHERE note = 'twin'", Refused: "INSERT INTO items (sku, shop_id) VALUES ('q', 99)",
	},
	{
		Name:  "check",
		Alter: "ALTER TABLE items ADD CONSTRAINT dear CHECK (price >= 0)", Course: migrate.Tightened, Kind: "add check", Copies: migrate.Yes,
		Mend: "DELETE FROM items WHERE note = 'twin'", Refused: "INSERT INTO items (sku, price) VALUES ('q', -1)",
	},
	{Name: "describe", Alter: "ALTER TABLE items MODIFY COLUMN price INT NOT NULL DEFAULT 0 COMMENT 'cents'", Course: migrate.Added, Kind: "describe column"},
	{Name: "rebuild table", Alter: "ALTER TABLE items ENGINE=InnoDB", Course: migrate.Added, Kind: "rebuild table"},
	{Name: "next number", Alter: "ALTER TABLE items AUTO_INCREMENT=5000", Course: migrate.Added, Kind: "table option", Loose: migrate.Yes},
	{Name: "table comment", Alter: "ALTER TABLE items COMMENT 'what is sold'", Course: migrate.Added, Kind: "table option", Loose: migrate.Yes},
	{
		Name:  "drop column",
		Alter: "ALTER TABLE items DROP COLUMN note", Course: migrate.Retired, Kind: "drop column",
		Works: "INSERT INTO items (sku, note) VALUES ('q', 'still')", Gone: "SELECT note FROM items",
	},
	{
		Name:  "drop required column",
		Alter: "ALTER TABLE items DROP INDEX by_sku, DROP COLUMN sku", Course: migrate.Retired, Kind: "drop index", Loose: migrate.Yes,
		Works: "INSERT INTO items (price) VALUES (3)", Gone: "SELECT sku FROM items",
	},
	{Name: "create table", Alter: "CREATE TABLE fresh (id INT NOT NULL PRIMARY KEY)", Course: migrate.Added, Kind: "create table", Works: "INSERT INTO fresh VALUES (1)"},
	{Name: "drop table", Alter: "DROP TABLE items", Course: migrate.Retired, Kind: "drop table", Refused: "SELECT 1 FROM items", Gone: "SELECT 1 FROM `_underpin_held_items`"},
	{
		Name:  "rename table",
		Alter: "RENAME TABLE items TO goods", Course: migrate.Retired, Kind: "rename table",
		Works: "INSERT INTO goods (sku) VALUES ('through the view')", Gone: "SELECT 1 FROM items",
	},
}

// Unfitting are rows that one or another tightening refuses.
const Unfitting = `INSERT INTO items (shop_id, sku, note, state, price) VALUES (7, 'a', 'twin', 'gone', -5), (7, 'too long', 'twin', 'new', 0)`
