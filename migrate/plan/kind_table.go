package plan

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// kindRename is the kind of operation that gives a table another name.
const kindRename = "rename table"

// HeldPrefix begins the name that a table has while it is held, between the
// moment it is hidden and the moment it is dropped.
const HeldPrefix = ownPrefix + "held_"

// heldName is what a table is called while it is held: the same for the same
// table, and never too long.
func heldName(table string) string {
	if name := HeldPrefix + table; len([]rune(name)) <= 64 {
		return name
	}
	sum := sha256.Sum256([]byte(table))
	return HeldPrefix + hex.EncodeToString(sum[:16])
}

// createTable adds a table that nothing uses yet.
func createTable(at Scalar, s *ast.CreateTableStmt) (derived, *refusal) {
	name := s.Table.Name.O
	switch {
	case s.IfNotExists:
		return derived{}, refuse(CodeDDLForbidden, remedyLive, "it says IF NOT EXISTS")
	case s.TemporaryKeyword != ast.TemporaryNone:
		return derived{}, refuse(CodeDDLForbidden, "create a table that stays", "it creates a temporary table")
	case s.Select != nil:
		return derived{}, refuse(CodeDDLForbidden, "create it empty, and copy the rows with a change file that has it as target", "it fills the table with AS SELECT")
	}
	return derived{
		kind: "create table", course: migrate.Added,
		expand: []Statement{{SQL: at.Text, Kind: CreateTable, Table: name, Effects: []Effect{{Kind: TableExists, Table: name}}}},
		undo:   []Statement{{SQL: "DROP TABLE " + mysqlx.Quote(name), Kind: DropTable, Table: name, Effects: []Effect{{Kind: TableAbsent, Table: name}}}},
		code:   Obligation{After: "may use it; what is in it by then is lost on the way back"},
	}, nil
}

// dropTable hides a table under another name, holds it, and drops it.
func dropTable(t *table) (derived, *refusal) {
	for _, f := range t.foreign {
		if f.parent == t.name && f.table != t.name {
			return derived{}, refuse(CodeReferenced, "drop the foreign key first, as a change of its own", "foreign key %s of table %s refers to it", f.name, f.table)
		}
	}
	held := heldName(t.name)
	return derived{
		kind: "drop table", course: migrate.Retired,
		expand:   []Statement{rename(t.name, held)},
		undo:     []Statement{rename(held, t.name)},
		contract: []Statement{{SQL: "DROP TABLE " + mysqlx.Quote(held), Kind: DropTable, Table: held, Effects: []Effect{{Kind: TableAbsent, Table: held}}}},
		code: Obligation{
			Before: "no longer names " + t.name,
			After:  "code that does fails from the moment it is hidden; underpin rollback shows it again, rows and all",
		},
	}, nil
}

func rename(from, to string) Statement {
	return Statement{
		SQL: "RENAME TABLE " + mysqlx.Quote(from) + " TO " + mysqlx.Quote(to), Kind: RenameTable, Table: from,
		Effects: []Effect{{Kind: TableAbsent, Table: from}, {Kind: TableExists, Table: to}},
	}
}

// renameTable gives a table a second name through a view, on which both
// releases can work, and then swaps the two in one statement.
func renameTable(t *table, to string) derived {
	bridge := heldName(to)
	view := func(kind StatementKind, sql string, e EffectKind) Statement {
		return Statement{SQL: sql, Kind: kind, Table: to, Effects: []Effect{{Kind: e, Table: to}}}
	}
	return derived{
		kind: kindRename, course: migrate.Retired,
		expand: []Statement{view(CreateView, "CREATE SQL SECURITY INVOKER VIEW "+mysqlx.Quote(to)+" AS SELECT * FROM "+mysqlx.Quote(t.name), TableExists)},
		undo:   []Statement{view(DropView, "DROP VIEW "+mysqlx.Quote(to), TableAbsent)},
		contract: []Statement{
			{
				SQL:  "RENAME TABLE " + mysqlx.Quote(to) + " TO " + mysqlx.Quote(bridge) + ", " + mysqlx.Quote(t.name) + " TO " + mysqlx.Quote(to),
				Kind: RenameTable, Table: t.name, Effects: []Effect{{Kind: TableAbsent, Table: t.name}},
			},
			{SQL: "DROP VIEW IF EXISTS " + mysqlx.Quote(bridge), Kind: DropView, Table: bridge},
		},
		code: Obligation{
			Before: "knows no other name than " + to + " by the time the old one goes",
			After:  "both names lead to the same rows until then; the new one is a view, so DDL still needs the old one",
		},
	}
}
