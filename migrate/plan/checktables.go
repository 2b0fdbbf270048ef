package plan

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

const (
	queryTriggers = `/* underpin plan */ SELECT TRIGGER_NAME
FROM information_schema.TRIGGERS
WHERE EVENT_OBJECT_SCHEMA = DATABASE()
  AND EVENT_OBJECT_TABLE = ?
ORDER BY TRIGGER_NAME`

	queryReferences = `/* underpin plan */ SELECT CONCAT(CONSTRAINT_NAME, ' of ', IF(CONSTRAINT_SCHEMA = DATABASE(), '', CONCAT(CONSTRAINT_SCHEMA, '.')), TABLE_NAME)
FROM information_schema.REFERENTIAL_CONSTRAINTS
WHERE UNIQUE_CONSTRAINT_SCHEMA = DATABASE()
  AND REFERENCED_TABLE_NAME = ?
ORDER BY CONSTRAINT_NAME`
)

// checkTables checks the tables as they are.
func (b *builder) checkTables(ctx context.Context) error {
	b.checkNames()
	b.checkKind(b.live.source, b.file.Source.Table)
	creates := slices.ContainsFunc(b.expand, func(d *ddl) bool { return d.Kind == CreateTable })
	switch target := b.file.Target.Table; {
	case b.columnChange():
	case !creates && b.live.target == nil:
		b.refuse(CodeTargetMissing, target.Text, target.Position, "there is no such table, and expand does not create it",
			"write its CREATE TABLE under expand")
	case b.merges():
		b.checkKind(b.live.target, target)
		if err := b.checkMergeForeign(ctx); err != nil {
			return err
		}
	case !creates:
		b.refuse(CodeTargetExists, target.Text, target.Position,
			"the table is there already, and the backfill would overwrite and delete what is in it",
			"choose a new name and write its CREATE TABLE under expand; or, to merge the source's rows into its rows, have expand add the columns that forward assigns")
	case b.live.target != nil:
		b.checkKind(b.live.target, target)
	}
	for _, t := range []*table{b.live.source, b.live.target} {
		if t == nil {
			continue
		}
		if err := b.checkNeighbours(ctx, t); err != nil {
			return err
		}
	}
	return b.checkSight(ctx, b.file.Source.Table)
}

// checkKind refuses what is not a plain InnoDB table.
func (b *builder) checkKind(t *table, named Scalar) {
	switch {
	case t.kind == "SYSTEM VERSIONED":
		b.refuse(CodeNotATable, t.name, named.Position, "it is system-versioned, and a backfill would fill its history",
			"drop the versioning first, or copy the rows to a table without")
	case t.kind != "BASE TABLE":
		b.refuse(CodeNotATable, t.name, named.Position, "it is a "+strings.ToLower(t.kind), "name the table below it")
	case ownTable(t.name) != nil:
		r := ownTable(t.name)
		b.refuse(r.code, t.name, named.Position, r.reason, r.remedy)
	case !strings.EqualFold(t.engine, "InnoDB"):
		b.refuse(CodeEngine, t.name, named.Position, fmt.Sprintf("its engine is %s, which has no transactions", t.engine),
			"convert it first, by hand at a quiet time: ALTER TABLE … ENGINE=InnoDB")
	}
}

// checkNeighbours refuses what writes to a table behind the library's back.
func (b *builder) checkNeighbours(ctx context.Context, t *table) error {
	at := b.file.Source.Table.Position
	triggers, err := b.names(ctx, queryTriggers, t.name)
	if err != nil {
		return err
	}
	for _, name := range triggers {
		b.refuse(CodeTrigger, t.name, at, "it has the trigger "+name+", which would run for mirrored and copied rows as well",
			"drop the trigger first, or let the application do what it does")
	}
	if !slices.ContainsFunc(b.contract, func(d *ddl) bool { return d.Kind == DropTable && d.Table == t.name }) {
		return nil
	}
	references, err := b.names(ctx, queryReferences, t.name)
	if err != nil {
		return err
	}
	for _, name := range references {
		b.warn(CodeReferenced, t.name, at, "the foreign key "+name+" points at it, and contract drops it; "+whyNoParent,
			"drop the foreign key first, as a change of its own, and add it to the new table once this change is closed")
	}
	return nil
}

// names returns the first column of a query about a table.
func (b *builder) names(ctx context.Context, query, table string) ([]string, error) {
	return readNames(ctx, b.db, query, table)
}

func readNames(ctx context.Context, q mysqlx.Querier, query, table string) ([]string, error) {
	var out []string
	err := mysqlx.EachRow(ctx, q, query, []any{table}, func(rows *sql.Rows) error {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		out = append(out, name)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for what depends on %s: %w", table, explain(err))
	}
	return out, nil
}

// checkSight warns if the user may not see the triggers of a table: without the
// privilege TRIGGER information_schema has none, whatever the table has.
func (b *builder) checkSight(ctx context.Context, table Scalar) error {
	grants, err := mysqlx.ReadGrants(ctx, b.db)
	if err != nil {
		return err
	}
	if grants.Has("TRIGGER", b.database) {
		return nil
	}
	b.warn(CodeUnseen, table.Text, table.Position,
		"no grant lets the user see triggers, so that there are none was not established",
		"grant TRIGGER on the database to the user that plans")
	return nil
}
