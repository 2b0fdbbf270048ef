package review

import (
	"errors"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
)

// errNoTableDDL says that a statement has no cost that grows with a table.
var errNoTableDDL = errors.New("it is no DDL on a table")

// operate finds out what DDL does, in the terms of package ddl.
func (s *Statement) operate() {
	s.ops, s.parsed, s.opsErr = nil, nil, errNoTableDDL
	switch s.Node.(type) {
	case *ast.AlterTableStmt, *ast.CreateIndexStmt, *ast.DropIndexStmt, *ast.DropTableStmt, *ast.RenameTableStmt,
		*ast.TruncateTableStmt, *ast.CreateTableStmt, *ast.CreateViewStmt:
	default:
		return
	}
	list, err := ddl.Parse(s.Migration.Path, plainDDL(s.Text))
	if err != nil || len(list) != 1 {
		s.opsErr = err
		s.ops = s.byClause()
		return
	}
	s.parsed, s.opsErr = &list[0], nil
	ops, err := ddl.Operations(s.parsed)
	if err != nil {
		s.opsErr = err
		return
	}
	if resolved, err := ddl.Resolve(s.tableForJudge(s.parsed.Table()), ops); err == nil {
		s.ops = resolved
		return
	}
	s.ops = withRenames(ops)
}

// byClause takes an ALTER TABLE apart of which package ddl does not know every
// clause: each clause that it knows is read for itself. What the statement costs
// is then not known, and the report says so.
func (s *Statement) byClause() []ddl.Operation {
	alter, ok := s.Node.(*ast.AlterTableStmt)
	if !ok {
		return nil
	}
	var out []ddl.Operation
	for _, spec := range alter.Specs {
		text := "ALTER TABLE " + mysqlx.Quote(alter.Table.Name.O) + " " + Restore(spec)
		list, err := ddl.Parse(s.Migration.Path, plainDDL(text))
		if err != nil || len(list) != 1 {
			continue
		}
		if ops, err := ddl.Operations(&list[0]); err == nil {
			out = append(out, ops...)
		}
	}
	if resolved, err := ddl.Resolve(s.tableForJudge(alter.Table.Name.O), out); err == nil {
		return resolved
	}
	return withRenames(out)
}

// unjudged says why the cost of a statement cannot be known; nil where it can, or
// where there is none that matters.
func (s *Statement) unjudged() error {
	if s.parsed != nil || s.opsErr == nil || errors.Is(s.opsErr, errNoTableDDL) {
		return nil
	}
	switch n := s.Node.(type) {
	case *ast.AlterTableStmt, *ast.CreateIndexStmt, *ast.DropIndexStmt, *ast.RenameTableStmt, *ast.TruncateTableStmt:
		return s.opsErr
	case *ast.DropTableStmt:
		if n.TemporaryKeyword == ast.TemporaryNone && !n.IsView {
			return s.opsErr
		}
	}
	return nil
}

// problemOf returns what package ddl says of a statement, without the place,
// which is one in a text that nobody wrote.
func problemOf(err error) string {
	var refused *ddl.SyntaxError
	if errors.As(err, &refused) {
		return refused.Problem
	}
	return err.Error()
}

// withRenames puts a RenameColumn behind each ModifyColumn that gives another
// name.
func withRenames(ops []ddl.Operation) []ddl.Operation {
	var out []ddl.Operation
	for _, op := range ops {
		out = append(out, op)
		if op.Kind == ddl.ModifyColumn && op.Column != nil && !strings.EqualFold(op.Name, op.Column.Name) {
			out = append(out, ddl.Operation{Kind: ddl.RenameColumn, Name: op.Name, To: op.Column.Name})
		}
	}
	return out
}

// unasked are clauses that package ddl refuses because its callers choose them,
// and that change nothing in what a statement does: "*" is any one word, and
// what stands in front of a point is a database.
var unasked = [][]string{
	{",", "ALGORITHM", "=", "*"}, {"ALGORITHM", "=", "*", ","}, {"ALGORITHM", "=", "*"},
	{",", "LOCK", "=", "*"}, {"LOCK", "=", "*", ","}, {"LOCK", "=", "*"},
	{",", "ALGORITHM", "INSTANT"}, {",", "ALGORITHM", "INPLACE"}, {",", "ALGORITHM", "COPY"},
	{"IF", "NOT", "EXISTS"}, {"IF", "EXISTS"},
	{",", "LOCK", "NONE"}, {",", "LOCK", "SHARED"}, {",", "LOCK", "EXCLUSIVE"},
	{"ONLINE"}, {"NOWAIT"}, {"WAIT", "*"},
}

// plainDDL blanks out what package ddl leaves to its callers. Nothing moves.
func plainDDL(text string) string {
	text = withoutSettings(text)
	tokens := lex(text)
	out := []byte(text)
	for i := 0; i < len(tokens); i++ {
		n := unaskedAt(text, tokens[i:])
		if n == 0 && isDatabase(text, tokens, i) {
			n = 2 // and the point behind it
		}
		if n > 0 {
			blank(out[tokens[i].from:tokens[i+n-1].to])
			i += n - 1
			continue
		}
		if tokens[i].kind == tokenExecutable {
			blank(out[tokens[i].from:tokens[i].to])
		}
	}
	return string(out)
}

// isDatabase reports whether the token at i is the name of a database in front of
// that of a table.
func isDatabase(text string, tokens []token, i int) bool {
	if i == 0 || i+2 >= len(tokens) || tokens[i].kind == tokenSymbol || !tokens[i+1].is(text, ".") {
		return false
	}
	return slices.ContainsFunc([]string{"TABLE", "EXISTS", "ON", "TO", "REFERENCES", ","}, func(w string) bool { return tokens[i-1].is(text, w) })
}

// unaskedAt returns how many tokens are to be blanked out; 0 is none.
func unaskedAt(text string, tokens []token) int {
next:
	for _, words := range unasked {
		if len(words) > len(tokens) {
			continue
		}
		for i, w := range words {
			if w != "*" && !tokens[i].is(text, w) {
				continue next
			}
		}
		return len(words)
	}
	return 0
}
