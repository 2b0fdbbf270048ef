package usage

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver" // the parser's literals

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// spellings are the words that a digest writes for others, which the server
// takes for the same: a column day without quotes becomes SQL_TSI_DAY. Names
// are compared, and keywords parsed, in the spelling on the right.
var spellings = map[string]string{
	"SQL_TSI_DAY": "DAY", "SQL_TSI_HOUR": "HOUR", "SQL_TSI_MINUTE": "MINUTE", "SQL_TSI_MONTH": "MONTH",
	"SQL_TSI_QUARTER": "QUARTER", "SQL_TSI_SECOND": "SECOND", "SQL_TSI_WEEK": "WEEK", "SQL_TSI_YEAR": "YEAR",
	"SQL_TSI_FRAC_SECOND": "MICROSECOND", "SQL_TSI_MICROSECOND": "MICROSECOND",
	"DISTINCTROW": "DISTINCT", "VARCHARACTER": "VARCHAR", "CHARACTER": "CHAR", "FIELDS": "COLUMNS", "SOME": "ANY",
	"INTEGER": "INT", "DEC": "DECIMAL", "SCHEMA": "DATABASE", "SCHEMAS": "DATABASES", "RLIKE": "REGEXP",
	"USER_RESOURCES": "RESOURCES", "RELAY_THREAD": "IO_THREAD", "SYSTEM_USER": "USER", "SESSION_USER": "USER",
	"NDBCLUSTER": "NDB", "GEOMETRYCOLLECTION": "GEOMCOLLECTION", "SLAVE": "REPLICA", "SLAVES": "REPLICAS",
}

// fold brings a name into the form in which names are compared. Names of
// tables count as equal in any case, whatever the server is set to.
func fold(name string) string {
	if len(name) > shownBytes {
		return hidden
	}
	if s, ok := spellings[strings.ToUpper(name)]; ok {
		name = s
	}
	return strings.ToLower(name)
}

// wantsText are the words and symbols behind which the grammar has a string
// where a digest has a placeholder.
var wantsText = []string{
	"LIKE", "ESCAPE", "SEPARATOR", "->", "->>", "PATH", "COMMENT", "INFILE", "DATE", "TIME", "TIMESTAMP",
	"TERMINATED", "ENCLOSED", "ESCAPED", "BY", "CONNECTION", "PASSWORD",
}

// anyText is what stands for a literal: it is a string, a JSON path and one
// character at once.
const anyText = "'$'"

// parseable writes tokens as a statement that the parser may know: literals become
// constants, keywords get the usual spelling, names are quoted. Names of
// functions need their bracket close by.
func parseable(tokens []token) string {
	var b strings.Builder
	for i, t := range tokens {
		var before, after token
		if i > 0 {
			before = tokens[i-1]
		}
		if i+1 < len(tokens) {
			after = tokens[i+1]
		}
		if i > 0 && (!t.is("(") || !before.isName()) {
			b.WriteByte(' ')
		}
		switch t.kind {
		case quoted:
			b.WriteString(mysqlx.Quote(t.text))
		case literal:
			b.WriteString(literalAfter(before, t))
		case hint:
		case word:
			s, ok := spellings[strings.ToUpper(t.text)]
			if !ok || t.is("SCHEMA", "SCHEMAS", "GEOMETRYCOLLECTION") || (t.is("CHARACTER") && after.is("SET")) {
				s = t.text
			}
			b.WriteString(s)
		default:
			b.WriteString(t.text)
		}
	}
	return b.String()
}

// literalAfter is a constant that may stand behind a token.
func literalAfter(before, t token) string {
	switch {
	case before.kind == literal:
		return "" // 'a' 'b' is one string
	case t.text == "'" || before.is(wantsText...):
		return anyText
	}
	return "1"
}

// errCut says that the end of a text is missing.
var errCut = errors.New("its end was cut off by the server")

// parse parses one statement. The parser is given text that others wrote, and
// may give up in its own way: that is an error like any other.
func parse(tokens []token) (node ast.StmtNode, err error) {
	defer func() {
		if r := recover(); r != nil {
			node, err = nil, fmt.Errorf("the parser gave up: %v", r)
		}
	}()
	tokens = prepare(tokens)
	if n := len(tokens); n > 0 && tokens[n-1].kind == cut {
		return nil, errCut
	}
	nodes, _, err := parser.New().Parse(parseable(tokens), "", "")
	if err != nil {
		return nil, err
	}
	if len(nodes) != 1 {
		return nil, errors.New("it is not one statement")
	}
	return nodes[0], nil
}

// prepare takes away what the parser does not know and what names nothing.
func prepare(tokens []token) []token {
	for len(tokens) > 0 && tokens[len(tokens)-1].is(";") {
		tokens = tokens[:len(tokens)-1]
	}
	if len(tokens) > 1 && tokens[0].is("PREPARE", "EXECUTE", "DEALLOCATE") && tokens[1].kind == word {
		tokens = tokens[1:]
	}
	if len(tokens) > 3 && tokens[0].is("SET") && tokens[1].is("STATEMENT") { // MariaDB: SET STATEMENT … FOR …
		for i, t := range tokens {
			if t.is("FOR") {
				tokens = tokens[i+1:]
				break
			}
		}
	}
	if len(tokens) > 0 && tokens[0].is("INSERT") {
		return withoutRowAlias(tokens)
	}
	if len(tokens) > 0 && tokens[0].is("SELECT", "WITH", "(") {
		return withoutInto(tokens)
	}
	return tokens
}

// withoutInto drops INTO with a list of variables, which may stand before FROM
// or at the end of a query.
func withoutInto(tokens []token) []token {
	out := make([]token, 0, len(tokens))
	for i := 0; i < len(tokens); i++ {
		if !tokens[i].is("INTO") {
			out = append(out, tokens[i])
			continue
		}
		for i+1 < len(tokens) && (tokens[i+1].kind == variable || tokens[i+1].isName()) {
			i++
			if i+1 >= len(tokens) || !tokens[i+1].is(",") {
				break
			}
			i++
		}
	}
	return out
}

// rowAlias is the name that an INSERT gave its new row, if withoutRowAlias
// took one away: names behind it are those of the table's columns.
const rowAlias = "underpin_new_row"

// withoutRowAlias drops AS new [(a, b)] before ON DUPLICATE KEY and lets what
// was qualified by it name the table's column as VALUES does.
func withoutRowAlias(tokens []token) []token {
	at := -1
	for i, t := range tokens {
		if t.is("DUPLICATE") && i > 0 && tokens[i-1].is("ON") {
			at = i - 1
		}
	}
	from := -1
	for i := at - 1; i > 0; i-- {
		if tokens[i].is("AS") && tokens[i-1].is(")") {
			from = i
			break
		}
	}
	if from < 0 || !tokens[from+1].isName() || at != from+2 && !tokens[from+2].is("(") {
		return tokens
	}
	alias := fold(tokens[from+1].text)
	out := append([]token{}, tokens[:from]...)
	for i := at; i < len(tokens); i++ {
		t := tokens[i]
		if t.isName() && fold(t.text) == alias && i+1 < len(tokens) && tokens[i+1].is(".") {
			t = token{quoted, rowAlias}
		}
		out = append(out, t)
	}
	return out
}

// canon is the shape of a statement, the same for its digest and its text:
// literals do not matter, nor how many of them follow each other.
func canon(tokens []token) string {
	var out []string
	for _, t := range prepare(tokens) {
		switch t.kind {
		case hint, cut:
			continue
		case literal:
			out = append(out, "?")
		case variable:
			out = append(out, "@")
		case quoted, word:
			out = append(out, fold(t.text))
		default:
			out = append(out, t.text)
		}
	}
	s := " " + strings.Join(out, " ") + " "
	for _, r := range [][2]string{
		{" <> ", " != "}, {" - ? ", " ? "}, {" null ", " ? "}, {" true ", " ? "}, {" false ", " ? "}, {" is ? ", " is null "}, {" not ? ", " not null "},
		{" ? , ? ", " ? "}, {" ( ? ) , ( ? ) ", " ( ? ) "},
	} {
		for strings.Contains(s, r[0]) {
			s = strings.ReplaceAll(s, r[0], r[1])
		}
	}
	return strings.TrimSpace(s)
}
