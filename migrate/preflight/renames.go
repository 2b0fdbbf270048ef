package preflight

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// renames is what a table was called before the steps, by the names that they
// give it.
type renames map[string]string

// renamesOf follows the steps' RENAME TABLE.
func renamesOf(steps []Step) renames {
	out := renames{}
	for _, s := range steps {
		if s.SQL == "" {
			continue
		}
		node, err := parser.New().ParseOneStmt(s.SQL, "", "")
		if err != nil {
			continue // what it is called is all that is known of it
		}
		if r, ok := node.(*ast.RenameTableStmt); ok {
			for _, t := range r.TableToTables {
				out[key(t.NewTable.Name.O)] = out.before(t.OldTable.Name.O)
			}
		}
	}
	return out
}

// before is the name that a table has before the steps.
func (r renames) before(name string) string {
	if old, ok := r[key(name)]; ok {
		return old
	}
	return name
}

// made reports whether a step makes the table, or a view of that name.
func (e *examiner) made(name string) bool {
	return slices.ContainsFunc(e.in.Steps, func(s Step) bool {
		if s.SQL == "" || key(s.Table) != key(name) {
			return false
		}
		node, err := parser.New().ParseOneStmt(s.SQL, "", "")
		if err != nil {
			return false
		}
		switch node.(type) {
		case *ast.CreateTableStmt, *ast.CreateViewStmt:
			return true
		}
		return false
	})
}
