package rules

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func contractWithExpand() review.Rule {
	return review.Rule{
		Code: "RS126", Name: "contract-with-expand", Category: review.Breaks, Severity: review.Error,
		Summary: "something is added and what it takes the place of is dropped, with no release between them",
		Check:   checkContractWithExpand,
	}
}

func checkContractWithExpand(p *review.Pass) {
	b := expansions{columns: map[inSet][]string{}, copies: map[inSet]string{}}
	names := newAliases()
	for s := range p.Statements() {
		for _, r := range removedBy(s) {
			if r.isNew(names) {
				continue
			}
			if f, ok := b.judge(r); ok {
				f.Object, f.Span = r.object(), r.at
				f.Advice = "drop it in a change of its own, after a release that no longer needs it; underpin carries both as one change with phases"
				p.Report(s, f)
			}
		}
		b.see(s)
		names.see(s)
	}
}

// expansions is what a set of changes has added so far.
type expansions struct {
	// columns are those added to a table.
	columns map[inSet][]string
	// copies is where the values of a table, or of table.column, are copied to.
	copies map[inSet]string
}

// see keeps what a statement adds.
func (b expansions) see(s *review.Statement) {
	switch n := s.Node.(type) {
	case *ast.AlterTableStmt:
		if at := within(s, n.Table.Name.O); !s.New(n.Table.Name.O) {
			for _, def := range addedColumns(n) {
				b.columns[at] = append(b.columns[at], def.Name.Name.O)
			}
		}
	case *ast.UpdateStmt:
		b.update(s, n)
	case *ast.InsertStmt:
		if n.Select != nil && len(s.Tables()) == 1 && s.New(s.Tables()[0]) {
			b.copied(s, s.Tables()[0], n.Select)
		}
	case *ast.CreateTableStmt:
		if n.Select != nil {
			b.copied(s, n.Table.Name.O, n.Select)
		}
	}
}

// update keeps which columns a new one is filled from, and by which it is decided
// what goes into it.
func (b expansions) update(s *review.Statement, n *ast.UpdateStmt) {
	for _, table := range s.Tables() {
		for _, a := range n.List {
			if !hasFold(b.columns[within(s, table)], a.Column.Name.O) {
				continue
			}
			from := columnsIn(a.Expr)
			if n.Where != nil {
				from = append(from, columnsIn(n.Where)...)
			}
			for _, name := range from {
				b.copies[within(s, dot(table, name))] = dot(table, a.Column.Name.O)
			}
		}
	}
}

// copied keeps which tables a new one is filled from.
func (b expansions) copied(s *review.Statement, to string, from ast.Node) {
	q, ok := queryOf(from)
	if !ok {
		return
	}
	for _, table := range q.existing(s) {
		b.copies[within(s, table)] = to
	}
}

// judge says what is wrong with a removal beside what was added.
func (b expansions) judge(r removal) (f review.Finding, ok bool) {
	if to := b.copies[within(r.Statement, r.object())]; to != "" {
		f.Message = fmt.Sprintf("%s goes in the same change that copies it to %s: what running code writes between the two is lost without an error", r.what(), to)
		return f, true
	}
	added := addedColumns(r.Node)
	drops := len(specsOf(r.Node, ast.AlterTableDropColumn)) > 0
	if r.column == "" || len(added) == 0 || !drops {
		return f, false
	}
	names := make([]string, len(added))
	for i, def := range added {
		names[i] = def.Name.Name.O
	}
	f.Severity = review.Warning
	f.Message = fmt.Sprintf("%s goes in the statement that adds %s: if one takes the place of the other, no release can work before and after it", r.what(), strings.Join(names, ", "))
	return f, true
}
