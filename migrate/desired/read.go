package desired

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver" // the parser's literals

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Source is one file of the desired schema.
type Source struct {
	Name string // for messages
	Text string
}

// Error is a mistake in the desired schema, or something that its author has to
// decide.
type Error struct {
	File         string
	Line, Column int
	Object       string
	Problem      string
	Hint         string
}

// Error returns the mistake with its place and what to do.
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		fmt.Fprintf(&b, "%s:%d:%d: ", e.File, e.Line, e.Column)
	}
	if e.Object != "" {
		b.WriteString(e.Object + ": ")
	}
	b.WriteString(e.Problem)
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// Errors are all mistakes, in the order of their places.
type Errors []*Error

// Error lists the mistakes, one a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, x := range e {
		lines[i] = x.Error()
	}
	return strings.Join(lines, "\n")
}

// wanted is a table of the desired schema.
type wanted struct {
	name string
	text string // as written
	node *ast.CreateTableStmt
	at   Error  // its place
	lost string // what of it the parser does not write back
	// foreign and checks are taken out of node, by name, in lower case.
	foreign, checks map[string]*ast.Constraint
}

// parse reads every table of the desired schema.
func parse(sources []Source) ([]*wanted, error) {
	var out []*wanted
	var errs Errors
	seen := map[string]bool{}
	for _, s := range sources {
		nodes, _, err := parser.New().Parse(s.Text, "", "")
		if err != nil {
			errs = append(errs, &Error{File: s.Name, Line: 1, Column: 1, Problem: "it does not parse: " + strings.Join(strings.Fields(err.Error()), " "), Hint: "correct the statement"})
			continue
		}
		offset := 0
		for _, n := range nodes {
			at := place(s, n, &offset)
			w, e := table(n, at)
			if e == nil && seen[strings.ToLower(w.name)] {
				e = at.because("table "+w.name, "it is there twice", "keep one")
			}
			if e != nil {
				errs = append(errs, e)
				continue
			}
			seen[strings.ToLower(w.name)] = true
			out = append(out, w)
		}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	slices.SortFunc(out, func(a, b *wanted) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

// place returns where a statement begins, and moves the offset behind it.
func place(s Source, n ast.StmtNode, offset *int) Error {
	text := strings.TrimLeft(n.Text(), " \t\r\n")
	start := *offset + max(0, strings.Index(s.Text[*offset:], text))
	*offset = min(len(s.Text), start+len(text))
	return Error{File: s.Name, Line: 1 + strings.Count(s.Text[:start], "\n"), Column: start - strings.LastIndexByte(s.Text[:start], '\n')}
}

func (e Error) because(object, problem, hint string) *Error {
	e.Object, e.Problem, e.Hint = object, problem, hint
	return &e
}

// table takes a CREATE TABLE apart.
func table(n ast.StmtNode, at Error) (*wanted, *Error) {
	s, ok := n.(*ast.CreateTableStmt)
	if !ok {
		return nil, at.because("", "it is no CREATE TABLE", "a desired schema is made of CREATE TABLE statements alone")
	}
	name := s.Table.Name.O
	switch {
	case s.Table.Schema.O != "":
		return nil, at.because("table "+name, "it names a database", "leave the database's name out")
	case s.TemporaryKeyword != ast.TemporaryNone, s.Select != nil, s.ReferTable != nil:
		return nil, at.because("table "+name, "it is temporary, LIKE another or filled AS SELECT", "write the columns out")
	}
	w := &wanted{name: name, node: s, at: at, foreign: map[string]*ast.Constraint{}, checks: map[string]*ast.Constraint{}}
	w.lost = lost(s, n.Text())
	w.text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(n.Text()), ";"))
	for _, c := range s.Cols {
		for _, o := range c.Options {
			if o.Tp == ast.ColumnOptionReference || o.Tp == ast.ColumnOptionCheck && !isJSON(c, o) {
				return nil, at.because("table "+name+", column "+c.Name.Name.O, "it has a foreign key or a check in its definition", "write it as a CONSTRAINT with a name below the columns")
			}
		}
	}
	kept := implied(s)
	for _, c := range s.Constraints {
		into := map[ast.ConstraintType]map[string]*ast.Constraint{ast.ConstraintForeignKey: w.foreign, ast.ConstraintCheck: w.checks}[c.Tp]
		switch {
		case into == nil:
			kept = append(kept, c)
		case c.Name == "":
			return nil, at.because("table "+name, "a foreign key or check has no name", "give it one: CONSTRAINT name …")
		default:
			into[strings.ToLower(c.Name)] = c
		}
	}
	s.Constraints, s.IfNotExists = kept, false
	return w, nil
}

// isJSON reports whether a check is the one by which MariaDB writes JSON.
func isJSON(c *ast.ColumnDef, o *ast.ColumnOption) bool {
	call, ok := o.Expr.(*ast.FuncCallExpr)
	if !ok || call.FnName.L != ast.JSONValid || len(call.Args) != 1 {
		return false
	}
	column, ok := call.Args[0].(*ast.ColumnNameExpr)
	return ok && column.Name.Name.L == c.Name.Name.L
}

// unwritten are the table options that the parser reads and does not write back.
var unwritten = map[ast.TableOptionType]string{
	ast.TableOptionStatsPersistent: "STATS_PERSISTENT",
	ast.TableOptionPackKeys:        "PACK_KEYS",
}

var (
	// literal is text in which nothing is looked for.
	literal = regexp.MustCompile("(?s)'(?:[^'\\\\]|\\\\.)*'|\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`")
	// national is a type that the parser takes for CHAR or VARCHAR; a column may
	// have such a name, but then nothing but ( or a comma stands before it.
	national = regexp.MustCompile(`(?i)[^\s,(]\s+(?:nchar|nvarchar|national)\b`)
)

// lost names what would be missing in a scratch table.
func lost(s *ast.CreateTableStmt, text string) string {
	for _, o := range s.Options {
		if name, ok := unwritten[o.Tp]; ok {
			return name
		}
	}
	text = literal.ReplaceAllString(text, "x")
	switch {
	case strings.Contains(text, "/*M!"):
		return "a comment /*M! … */, which only MariaDB reads"
	case national.MatchString(text):
		return "a type NCHAR, NVARCHAR or NATIONAL, which are CHAR and VARCHAR with a character set"
	}
	return ""
}

const restoreFlags = format.DefaultRestoreFlags | format.RestoreStringWithoutDefaultCharset | format.RestoreStringEscapeBackslash

// restored writes a node back.
func restored(n ast.Node) (string, error) {
	var b strings.Builder
	if err := n.Restore(format.NewRestoreCtx(restoreFlags, &b)); err != nil {
		return "", fmt.Errorf("write a parsed statement back as sql: %w", err)
	}
	return b.String(), nil
}

// scratch returns the statement that creates the table, without its foreign
// keys, under another name.
func (w *wanted) scratch(name string) (string, error) { return w.create(name, ast.TemporaryNone) }

// temporary is scratch for a table of one connection.
func (w *wanted) temporary(name string) (string, error) { return w.create(name, ast.TemporaryLocal) }

func (w *wanted) create(name string, keyword ast.TemporaryKeyword) (string, error) {
	s, table := *w.node, *w.node.Table
	table.Name = ast.NewCIStr(name)
	s.Table, s.TemporaryKeyword, s.Constraints = &table, keyword, slices.Clone(s.Constraints)
	var checks []*ast.Constraint
	for check, called := range w.checkNames(name) {
		c := *w.checks[check]
		c.Name = called
		checks = append(checks, &c)
	}
	s.Constraints = append(s.Constraints, checks...)
	text, err := restored(&s)
	for _, c := range s.Cols {
		for _, o := range c.Options {
			if o.Tp == ast.ColumnOptionCheck {
				checks = append(checks, &ast.Constraint{Tp: ast.ConstraintCheck, Expr: o.Expr, Enforced: o.Enforced})
			}
		}
	}
	for _, c := range checks {
		parsers, failed := restored(c)
		ours, failed2 := constraintText(c)
		text = strings.Replace(text, strings.TrimSpace(parsers), ours, 1)
		err = errors.Join(err, failed, failed2)
	}
	return mysqlx.Marker("plan") + text, err
}

// checkNames returns what the checks are called in a scratch table: MySQL has
// their names but once in a database.
func (w *wanted) checkNames(scratch string) map[string]string {
	out := map[string]string{}
	for i, check := range slices.Sorted(maps.Keys(w.checks)) {
		out[check] = fmt.Sprintf("%s_%d", scratch, i)
	}
	return out
}

// readScratch takes apart what the server writes of a scratch table, with the
// checks called as they are to be.
func (w *wanted) readScratch(text, name string) (shown, bool) {
	s, ok := readShown(text)
	for check, called := range w.checkNames(name) {
		s.rename(called, check)
	}
	return s, ok
}
