package usage

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

const selectSchemas = `/* underpin usage */
SELECT SCHEMA_NAME
FROM information_schema.SCHEMATA`

const selectColumns = `/* underpin usage */
SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = ?
  AND TABLE_NAME IN (%s)`

// loadBatch is how many tables one query asks for.
const loadBatch = 200

// loadColumns reads the columns of every table that the items may name.
func (l *look) loadColumns(ctx context.Context, items []item) error {
	schemas := map[string]bool{} // most of what stands before a point is an alias
	err := l.each(ctx, selectSchemas, nil, func(r row) error { schemas[fold(r.text(0))] = true; return nil })
	if err != nil {
		return fmt.Errorf("read the names of the schemas: %w", err)
	}
	missing := map[string][]any{}
	want := func(schema, table string) {
		k := tableKey{fold(schema), fold(table)}
		if _, ok := l.catalog[k]; ok || !schemas[k.schema] {
			return
		}
		l.catalog[k] = nil
		missing[schema] = append(missing[schema], table)
	}
	for _, t := range l.targets {
		want(t.Schema, t.Table)
	}
	for _, i := range items {
		for _, table := range i.outer {
			want(table.schema, table.name)
		}
		for _, p := range i.pieces {
			for n, t := range p {
				if !t.isName() {
					continue
				}
				want(i.schema, t.text)
				if n+2 < len(p) && p[n+1].is(".") && p[n+2].isName() {
					want(t.text, p[n+2].text)
				}
			}
		}
	}
	for schema, tables := range missing {
		for batch := range slices.Chunk(tables, loadBatch) {
			query := fmt.Sprintf(selectColumns, strings.TrimSuffix(strings.Repeat("?, ", len(batch)), ", "))
			if err := l.each(ctx, query, append([]any{schema}, batch...), l.addColumn); err != nil {
				return fmt.Errorf("read the columns of the tables named: %w", err)
			}
		}
	}
	return nil
}

// addColumn adds a column to the catalog.
func (l *look) addColumn(row row) error {
	key := tableKey{fold(row.text(0)), fold(row.text(1))}
	if l.catalog[key] == nil {
		l.catalog[key] = map[string]bool{}
	}
	l.catalog[key][fold(row.text(2))] = true
	return nil
}

// columns are those that a table has now, with those looked for.
func (l *look) columns(table tableKey) map[string]bool {
	r := resolver{targets: l.targets, catalog: l.catalog}
	return r.columnsOf(table)
}
