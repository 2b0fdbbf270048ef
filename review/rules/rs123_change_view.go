package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func changeView() review.Rule {
	return review.Rule{
		Code: "RS123", Name: "change-view", Category: review.Breaks, Severity: review.Error,
		Summary: "a view is dropped, or loses columns that running code reads",
		Check:   checkChangeView,
	}
}

func checkChangeView(p *review.Pass) {
	views := pastViews(p)
	for s := range p.Statements() {
		switch n := s.Node.(type) {
		case *ast.CreateViewStmt:
			if n.OrReplace {
				views.replaced(p, s, n)
			}
			views.made(s, n)
		case *ast.DropTableStmt:
			for _, t := range n.Tables {
				if n.IsView && !views.isNew(s, t.Name.L) {
					p.Report(s, review.Finding{
						Object:  t.Name.O,
						Span:    place(s, t.Name.O),
						Message: fmt.Sprintf("view %s is dropped: every statement of running code that reads it fails, and so do views over it", t.Name.O),
						Advice:  "drop it when no release reads it; where it is to be another one, CREATE OR REPLACE VIEW leaves no gap",
					})
				}
			}
		}
	}
}

// viewBook is what is known of views: their columns, by name in lower case.
type viewBook struct {
	views map[string]view
	// past says that there is a history, in which a view that is there would
	// stand.
	past bool
}

// view is what is known of one.
type view struct {
	// columns is nil where they are not known, as behind a *.
	columns []string
	made    int // 1 + the set that made it; 0: before all
}

// pastViews replays the history.
func pastViews(p *review.Pass) viewBook {
	b := viewBook{views: map[string]view{}}
	for m := range p.Past() {
		b.past = true
		for _, s := range m.Statements {
			switch n := s.Node.(type) {
			case *ast.CreateViewStmt:
				b.views[n.ViewName.Name.L] = view{columns: viewColumns(n)}
			case *ast.DropTableStmt:
				for _, t := range n.Tables {
					delete(b.views, t.Name.L)
				}
			}
		}
	}
	return b
}

// made keeps what a statement makes of a view.
func (b viewBook) made(s *review.Statement, n *ast.CreateViewStmt) {
	v, there := b.views[n.ViewName.Name.L]
	if !there {
		v.made = s.Migration.Set + 1
	}
	v.columns = viewColumns(n)
	b.views[n.ViewName.Name.L] = v
}

func (b viewBook) isNew(s *review.Statement, name string) bool {
	return b.views[name].made == s.Migration.Set+1
}

// replaced judges a view that may take the place of another.
func (b viewBook) replaced(p *review.Pass, s *review.Statement, n *ast.CreateViewStmt) {
	name := n.ViewName.Name
	was, there := b.views[name.L]
	if b.isNew(s, name.L) || !there && b.past {
		return
	}
	f := review.Finding{
		Object: name.O,
		Span:   place(s, name.O, "VIEW"),
		Advice: "keep every name that running code reads, and take it out when no release does; for another meaning make a view of another name",
	}
	now := viewColumns(n)
	switch missing := slices.DeleteFunc(slices.Clone(was.columns), func(c string) bool { return hasFold(now, c) }); {
	case was.columns == nil || now == nil:
		f.Severity = review.Warning
		f.Message = fmt.Sprintf("view %s is replaced, and whether it keeps its columns cannot be seen: running code that reads one it loses fails", name.O)
	case len(missing) == 0:
		return
	default:
		f.Message = fmt.Sprintf("view %s loses %s: every statement of running code that reads it fails, and so do views over it", name.O, strings.Join(missing, ", "))
	}
	p.Report(s, f)
}

// viewColumns returns the names of a view's columns; nil where the statement
// does not say them all.
func viewColumns(n *ast.CreateViewStmt) []string {
	var out []string
	for _, c := range n.Cols {
		out = append(out, c.O)
	}
	if len(out) > 0 {
		return out
	}
	query := n.Select
	for {
		set, ok := query.(*ast.SetOprStmt)
		if !ok {
			break
		}
		query, _ = set.SelectList.Selects[0].(ast.StmtNode)
	}
	sel, ok := query.(*ast.SelectStmt)
	if !ok || sel.Fields == nil {
		return nil
	}
	for _, field := range sel.Fields.Fields {
		name := field.AsName.O
		if c, isColumn := field.Expr.(*ast.ColumnNameExpr); name == "" && isColumn {
			name = c.Name.Name.O
		}
		if name == "" { // a * or an expression that names itself
			return nil
		}
		out = append(out, name)
	}
	return out
}
