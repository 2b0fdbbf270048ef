package review

import "github.com/underpin-db/underpin/migrate/ddl"

// After returns what is known of a table as all migrations leave it. A table of
// which nothing is known has no columns and is not Complete; the result is never
// nil and must not be changed.
func (p *Pass) After(table string) *Table {
	if t := p.input.after[fold(table)]; t != nil {
		return t
	}
	return &Table{Table: ddl.Table{Name: table}}
}
