package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// moves are what a statement may mean that drops some columns and adds others,
// by how many. Over the names {d1} and {d2} of what is dropped and {a1} and {a2}
// of what is added.
var moves = []struct {
	what           string
	dropped, added int
	forward        []string // an expression for each column that is added
	backward       []string // an expression for each column that is dropped
}{
	{"a rename", 1, 1, []string{"{d1}"}, []string{"{a1}"}},
	{
		"a merge", 2, 1, []string{"CONCAT_WS(' ', {d1}, {d2})"},
		[]string{"SUBSTRING_INDEX(COALESCE({a1}, ''), ' ', 1)", "CASE WHEN LOCATE(' ', {a1}) > 0 THEN SUBSTRING({a1}, LOCATE(' ', {a1}) + 1) END"},
	},
	{
		"a split", 1, 2, []string{"SUBSTRING_INDEX({d1}, ' ', 1)", "TRIM(SUBSTRING({d1}, CHAR_LENGTH(SUBSTRING_INDEX({d1}, ' ', 1)) + 1))"},
		[]string{"CASE WHEN {a1} IS NOT NULL THEN TRIM(CONCAT_WS(' ', {a1}, {a2})) END"},
	},
}

// advise looks at a statement that drops columns and adds others. DDL cannot say
// whether the values are to go or to move; it is taken by its word, and the
// change that drops says what to write if they are to move.
func (d *deriver) advise(ctx context.Context, table string, specs []*ast.AlterTableSpec, at Scalar, out []Derivation) error {
	var dropped []string
	var added []*ast.ColumnDef
	for _, spec := range specs {
		switch spec.Tp {
		case ast.AlterTableDropColumn:
			dropped = append(dropped, spec.OldColumnName.Name.O)
		case ast.AlterTableAddColumns:
			added = append(added, spec.NewColumns...)
		}
	}
	if len(dropped) == 0 || len(added) == 0 {
		return nil
	}
	i := slices.IndexFunc(out, func(o Derivation) bool { return o.Plan != nil && o.Plan.Change.Course == migrate.Retired })
	if i < 0 {
		return nil
	}
	out[i].Why += fmt.Sprintf("; the values of %s go nowhere: if they are to move to other columns, write a change file with a mapping instead", strings.Join(dropped, ", "))
	for _, m := range moves {
		if m.dropped != len(dropped) || m.added != len(added) {
			continue
		}
		f, err := d.move(ctx, table, dropped, added, m.forward, m.backward, at)
		if f == nil || err != nil {
			return err
		}
		out[i].Why, out[i].Instead = out[i].Why+", if it is "+m.what+" like this one", f
	}
	return nil
}

// move is the change file for columns whose values move to others, nil where
// such a file would be refused.
func (d *deriver) move(ctx context.Context, table string, dropped []string, added []*ast.ColumnDef, forward, backward []string, at Scalar) (*File, error) {
	t, err := readWhole(ctx, d.db, table)
	if err != nil {
		return nil, err
	}
	f := d.mapping(d.name("move", t.name, strings.Join(dropped, " ")), t.name, t.name, at)
	var places, drops []string
	for i, name := range dropped {
		places = append(places, fmt.Sprintf("{d%d}", i+1), mysqlx.Quote(name))
		drops = append(drops, "DROP COLUMN "+mysqlx.Quote(name))
	}
	for i, col := range added {
		definition, err := restore(withoutNotNull(col))
		if err != nil {
			return nil, err
		}
		places = append(places, fmt.Sprintf("{a%d}", i+1), mysqlx.Quote(col.Name.Name.O))
		f.Expand = append(f.Expand, Scalar{Text: "ALTER TABLE " + mysqlx.Quote(t.name) + " ADD COLUMN " + definition})
	}
	fill := strings.NewReplacer(places...).Replace
	for i, col := range added {
		f.Forward = append(f.Forward, Assign{Column: Scalar{Text: col.Name.Name.O}, Value: Scalar{Text: fill(forward[i])}})
	}
	c := &clause{at: at, table: t}
	for i, name := range dropped {
		was, r := c.column(name)
		if r != nil {
			return nil, nil
		}
		if was.required() {
			f.Expand = append(f.Expand, Scalar{Text: c.loosened(was)})
		}
		f.Backward = append(f.Backward, Assign{Column: Scalar{Text: was.Name}, Value: Scalar{Text: fill(backward[i])}})
	}
	f.Contract = []Scalar{{Text: "ALTER TABLE " + mysqlx.Quote(t.name) + " " + strings.Join(drops, ", ")}}
	var refused *RefusedError
	if _, err := Build(ctx, d.db, f, d.opts); errors.As(err, &refused) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return f, nil
}
