package ddl

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver" // the parser's literals
)

// Parse reads DDL out of a text of any number of statements. The name is used
// in messages only: a file, or what the text is. What is not understood to its
// last word is refused with its place, as a [*SyntaxError]; the first refusal
// ends the parsing. A text without statements yields none.
//
// Quotes are read as both servers do by default: without ANSI_QUOTES and
// without NO_BACKSLASH_ESCAPES. Parse may be called concurrently.
func Parse(name, text string) ([]Statement, error) {
	src := newSource(name, text)
	if bad := src.checkText(); bad != nil {
		return nil, bad
	}
	pieces, bad := src.split()
	if bad != nil {
		return nil, bad
	}
	p := parser.New()
	out := make([]Statement, 0, len(pieces))
	for _, piece := range pieces {
		s, bad := src.parse(p, &piece)
		if bad != nil {
			return nil, bad
		}
		out = append(out, *s)
	}
	return out, nil
}

// parse parses one statement.
func (s *source) parse(p *parser.Parser, pc *piece) (*Statement, *SyntaxError) {
	if bad := s.refuseComments(pc); bad != nil {
		return nil, bad
	}
	if bad := s.refuseWords(pc); bad != nil {
		return nil, bad
	}
	text, marks := standIns(pc)
	nodes, _, err := p.ParseSQL(text)
	if err != nil {
		return nil, s.explain(pc, text, err)
	}
	if len(nodes) != 1 {
		return nil, s.refused(pc.offset, "put the delimiter behind each", "%d statements stand between two delimiters", len(nodes))
	}
	out := &Statement{
		Name: s.name, Position: s.position(pc.offset), Text: pc.text,
		node: nodes[0], clause: clauseOffset(pc.tokens),
	}
	r := &reader{statement: out, marks: marks}
	if r.read(nodes[0]); r.problem != "" {
		return nil, s.refused(pc.offset, r.hint, "%s", r.problem)
	}
	return out, nil
}

// executable are the comments whose content one server executes and another
// skips: what a statement does must not depend on the server's version.
var executable = []string{"/*!", "/*M!", "/*T!", "/*T![", "/*+"}

func (s *source) refuseComments(pc *piece) *SyntaxError {
	for _, c := range pc.comments {
		for _, open := range executable {
			if strings.HasPrefix(strings.ToUpper(c.text), open) {
				return s.refused(pc.offset+c.from, "write the statement without it",
					"a comment that begins with %s is executed by some servers and skipped by others", open)
			}
		}
	}
	return nil
}

// explain turns the parser's error into one with a place. The parser quotes
// the text from the word it stumbled over to the end, shortened when long.
func (s *source) explain(pc *piece, text string, err error) *SyntaxError {
	offset := 0
	message := strings.Join(strings.Fields(err.Error()), " ")
	if _, near, found := strings.Cut(err.Error(), "near \""); found {
		near = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(near), "\""))
		switch at := strings.LastIndex(text, near); {
		case near == "":
			offset, message = len(pc.text), "the statement ends too early"
		case strings.HasSuffix(pc.text, near):
			offset = len(pc.text) - len(near)
		case at >= 0:
			offset = min(at, len(pc.text))
		}
		if near != "" {
			message = "the parser does not know what begins here: " + excerpt(pc.text[offset:])
		}
	}
	return s.syntax(pc.offset+offset, "", "%s", message)
}

// excerpt returns the beginning of a text on one line.
func excerpt(text string) string {
	const most = 40
	line := []rune(strings.Join(strings.Fields(text), " "))
	if len(line) > most {
		return fmt.Sprintf("%q…", string(line[:most]))
	}
	return fmt.Sprintf("%q", string(line))
}

// clauseOffset returns the offset behind ALTER TABLE and its table's name.
func clauseOffset(tokens []token) int {
	if len(tokens) < 3 || tokens[0].word != "ALTER" {
		return 0
	}
	return tokens[2].to
}
