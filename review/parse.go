package review

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver" // the parser's literals

	"github.com/underpin-db/underpin/migrate/ddl"
)

// parse cuts a migration into statements and parses each of them once. It may
// run beside the parsing of other migrations, each with a parser of its own.
func (m *Migration) parse(p *parser.Parser, server ddl.Server) {
	m.Statements, m.faults, m.lines = nil, nil, lineStarts(m.Text)
	if bad := checkText(m.Text); bad != nil {
		m.faults = append(m.faults, *bad)
		return
	}
	for _, sec := range m.Sections {
		if sec.Text != "" {
			s := &Statement{Migration: m, Direction: sec.Direction, Phase: sec.Phase, Text: sec.Text, offset: -1, at: m.position(sec.From)}
			if s.parse(p, server) {
				m.Statements = append(m.Statements, s)
			}
			continue
		}
		pieces, bad := m.split(sec)
		for _, pc := range pieces {
			s := &Statement{
				Migration: m, Direction: sec.Direction, Phase: sec.Phase,
				Text: m.Text[pc.from:pc.to], offset: pc.from,
			}
			if s.parse(p, server) {
				m.Statements = append(m.Statements, s)
			}
		}
		if bad != nil {
			m.faults = append(m.faults, *bad)
		}
	}
}

// checkText refuses what is no UTF-8 text.
func checkText(text string) *fault {
	if strings.IndexByte(text, 0) >= 0 {
		return &fault{strings.IndexByte(text, 0), "there is a NUL byte: this is no text in UTF-8; save the file as UTF-8"}
	}
	for i, r := range text {
		if r == '\uFFFD' && !strings.HasPrefix(text[i:], "\uFFFD") {
			return &fault{i, "a byte here is not UTF-8: save the file as UTF-8"}
		}
	}
	return nil
}

// parse parses the statement. It reports whether there is one: a comment that
// only another server executes is none.
func (s *Statement) parse(p *parser.Parser, server ddl.Server) bool {
	own := withoutSettings(s.Text)
	s.Head = head(own)
	text := executed(own, server)
	if strings.TrimSpace(text) == "" {
		return false
	}
	node, bad := parseOne(p, text)
	if bad != nil && readByHead(s.Head) {
		return true
	}
	if bad != nil {
		if spelt, changed := respell(text); changed {
			if again, worse := parseOne(p, spelt); worse == nil {
				node, bad = again, nil
			}
		}
	}
	s.Node, s.fault = node, bad
	if node == nil && bad == nil {
		return false // a comment alone
	}
	return true
}

// parseOne parses a text of one statement. The node is nil where there is none.
func parseOne(p *parser.Parser, text string) (node ast.StmtNode, bad *fault) {
	defer func() {
		if r := recover(); r != nil { // the parser's mistakes are not to end the review
			node, bad = nil, &fault{0, "the parser cannot read this statement"}
		}
	}()
	nodes, _, err := p.ParseSQL(text)
	switch {
	case err != nil:
		return nil, explain(text, err)
	case len(nodes) == 0:
		return nil, nil
	case len(nodes) > 1:
		return nil, &fault{len(text), "several statements stand between two delimiters"}
	}
	return nodes[0], nil
}

// explain finds the place of the parser's error: it quotes the text from the
// word it stumbled over to the end, shortened when long.
func explain(text string, err error) *fault {
	_, near, found := strings.Cut(err.Error(), "near \"")
	near = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(near), "\""))
	switch at := strings.LastIndex(text, near); {
	case !found:
		return &fault{0, "the parser does not know this statement"}
	case near == "":
		return &fault{max(0, len(text)-1), "the statement ends too early"}
	case at >= 0:
		return &fault{at, "the parser does not know what begins here: " + excerpt(near)}
	}
	return &fault{0, "the parser does not know this statement"}
}

// excerpt returns the beginning of a text on one line.
func excerpt(text string) string {
	const most = 40
	line := []rune(strings.Join(strings.Fields(text), " "))
	if len(line) > most {
		return string(line[:most]) + "…"
	}
	return string(line)
}

// head returns the words that say what a statement is, in upper case: the
// first, and after CREATE, DROP or ALTER the kind of object.
func head(text string) string {
	l := &lexer{text: text, end: len(text)}
	verb := ""
	for range headTokens {
		t, ok, _ := l.next()
		if !ok {
			break
		}
		if t.kind != tokenWord {
			continue
		}
		word := strings.ToUpper(t.word(text))
		switch {
		case verb == "" && !slices.Contains(verbsOfObjects, word):
			return word
		case verb == "":
			verb = word
		case slices.Contains(objects, word):
			return verb + " " + word
		}
	}
	return verb
}

// headTokens is how far the kind of object may stand from the beginning:
// CREATE OR REPLACE DEFINER = `a` @ `b` SQL SECURITY DEFINER VIEW.
const headTokens = 20

var (
	verbsOfObjects = []string{"CREATE", "DROP", "ALTER"}
	objects        = []string{
		"TABLE", "INDEX", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "DATABASE", "SCHEMA",
		"USER", "ROLE", "SEQUENCE", "SERVER", "TABLESPACE", "PACKAGE", "LOGFILE",
	}
)

// byHead are statements that the parser does not know or knows in part only,
// and of which their head says what rules ask.
var byHead = []string{
	"CREATE TRIGGER", "DROP TRIGGER",
	"CREATE PROCEDURE", "ALTER PROCEDURE", "DROP PROCEDURE",
	"CREATE FUNCTION", "ALTER FUNCTION", "DROP FUNCTION",
	"CREATE EVENT", "ALTER EVENT", "DROP EVENT",
	"CREATE SEQUENCE", "ALTER SEQUENCE", "DROP SEQUENCE",
	"CHECKSUM", "REPAIR", "CHECK", "STOP", "START", "SIGNAL", "HANDLER", "XA", "INSTALL", "UNINSTALL", "PURGE", "RESET", "CHANGE",
}

func readByHead(head string) bool { return slices.Contains(byHead, head) }

// namedTables returns the tables that a statement names anywhere.
func namedTables(n ast.StmtNode) []string {
	if n == nil {
		return nil
	}
	v := &tableNames{}
	n.Accept(v)
	return v.names
}

// tableNames collects names of tables.
type tableNames struct{ names []string }

// Enter collects one.
func (v *tableNames) Enter(n ast.Node) (ast.Node, bool) {
	if t, ok := n.(*ast.TableName); ok && !slices.Contains(v.names, t.Name.O) {
		v.names = append(v.names, t.Name.O)
	}
	return n, false
}

// Leave goes on.
func (v *tableNames) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// tablesOf returns the tables that a statement changes.
func tablesOf(n ast.StmtNode) []string {
	switch n := n.(type) {
	case *ast.AlterTableStmt:
		return []string{n.Table.Name.O}
	case *ast.CreateTableStmt:
		return []string{n.Table.Name.O}
	case *ast.CreateIndexStmt:
		return []string{n.Table.Name.O}
	case *ast.DropIndexStmt:
		return []string{n.Table.Name.O}
	case *ast.TruncateTableStmt:
		return []string{n.Table.Name.O}
	case *ast.DropTableStmt:
		return namesOf(n.Tables)
	case *ast.RenameTableStmt:
		var out []string
		for _, t := range n.TableToTables {
			out = append(out, t.OldTable.Name.O)
		}
		return out
	case *ast.InsertStmt:
		return sourcesOf(n.Table)
	case *ast.UpdateStmt:
		return sourcesOf(n.TableRefs)
	case *ast.DeleteStmt:
		if n.Tables != nil {
			return namesOf(n.Tables.Tables)
		}
		return sourcesOf(n.TableRefs)
	}
	return nil
}

func namesOf(tables []*ast.TableName) []string {
	out := make([]string, len(tables))
	for i, t := range tables {
		out[i] = t.Name.O
	}
	return out
}

// sourcesOf returns the tables of a join, subqueries apart.
func sourcesOf(refs *ast.TableRefsClause) []string {
	var out []string
	var visit func(ast.ResultSetNode)
	visit = func(n ast.ResultSetNode) {
		switch n := n.(type) {
		case *ast.Join:
			visit(n.Left)
			visit(n.Right)
		case *ast.TableSource:
			if t, ok := n.Source.(*ast.TableName); ok {
				out = append(out, t.Name.O)
			}
		}
	}
	if refs != nil && refs.TableRefs != nil {
		visit(refs.TableRefs)
	}
	return out
}
