package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	classify "github.com/underpin-db/underpin/migrate/ddl"
)

// Cost is what one statement costs on one server, as its table is at one
// moment: by the classification of package migrate/ddl.
type Cost struct {
	// SQL is the statement as the plan has it; Asserted is how it is executed:
	// with the ALGORITHM and LOCK clauses that have the server refuse rather
	// than do it in a harder way. Statements that take none are the same in both.
	SQL      string `json:"sql"`
	Asserted string `json:"asserted"`
	// Class names the cost, and Words say what is locked and for how long.
	Class classify.Class `json:"class"`
	Words string         `json:"words"`
	// Server is the server that it was judged for: "mysql 9.7.4".
	Server string `json:"server"`

	verdict   classify.Verdict
	statement *classify.Statement // nil for a statement that takes no clauses
}

// clauses reports whether a statement is of a kind that takes clauses.
func (s Statement) clauses() bool { return s.Kind == AlterTable || s.Kind == CreateIndex }

// CostOf returns what a statement costs on the server at hand, as its table is
// now. It takes no lock. An error that wraps the classification's ErrUnsupported
// or ErrRefused says that nothing is known of such a statement there.
func CostOf(ctx context.Context, q mysqlx.Querier, s Statement) (Cost, error) {
	server, err := classify.ReadServer(ctx, q)
	if err != nil || !s.clauses() {
		return costOf(server, nil, s), err
	}
	table, err := classify.ReadTable(ctx, q, server, s.Table)
	if err != nil {
		return Cost{}, err
	}
	return judge(server, table, s)
}

// costOf puts a cost together. Without a parsed statement nothing but names and
// definitions changes.
func costOf(server classify.Server, parsed *classify.Statement, s Statement) Cost {
	c := Cost{SQL: s.SQL, Server: string(server.Flavour) + " " + server.Version.String(), statement: parsed}
	return c.by(classify.Verdict{Class: classify.Metadata})
}

// by is the cost under another verdict.
func (c Cost) by(v classify.Verdict) Cost {
	c.verdict, c.Class, c.Words, c.Asserted = v, v.Class, v.Words(), c.SQL
	if c.statement != nil {
		c.Asserted = classify.Assert(c.statement, v)
	}
	return c
}

// judge looks a statement up in the classification.
func judge(server classify.Server, table *classify.Table, s Statement) (Cost, error) {
	if slices.Contains(s.Session, "foreign_key_checks") {
		server.ForeignKeyChecks = classify.ChecksOff
	}
	list, err := classify.Parse("statement", s.SQL)
	if err != nil {
		return Cost{}, err
	}
	if len(list) != 1 {
		return Cost{}, fmt.Errorf("judge %q: it is %d statements, not one", s.SQL, len(list))
	}
	v, err := classify.Judge(server, table, &list[0])
	if err != nil {
		return Cost{}, fmt.Errorf("judge %q: %w", s.SQL, err)
	}
	return costOf(server, &list[0], s).by(v), nil
}

// Next is the next harder way in which the server may do it, for when it refuses
// this one; ok is false where none is known.
func (c Cost) Next() (next Cost, ok bool) {
	if c.verdict.Next == nil {
		return Cost{}, false
	}
	return c.by(*c.verdict.Next), true
}

// Over returns text, which is the statement over another table, to be carried
// out in the same way.
func (c Cost) Over(text string) (string, error) {
	if c.statement == nil {
		return text, nil
	}
	list, err := classify.Parse("statement", text)
	if err != nil || len(list) != 1 {
		return "", fmt.Errorf("read %q again: %w", text, err)
	}
	return classify.Assert(&list[0], c.verdict), nil
}

// Cost returns what a statement of the plan was found to cost when the plan was
// made; ok is false where that is not known.
func (p *Plan) Cost(s Statement) (c Cost, ok bool) {
	i := slices.IndexFunc(p.Facts.Costs, func(c Cost) bool { return c.SQL == s.SQL })
	if i < 0 {
		return Cost{}, false
	}
	return p.Facts.Costs[i], true
}

// unjudged says in words why a statement has no cost, if that is about the
// statement or the server's version, and so a finding.
func unjudged(err error) (reason string, ok bool) {
	if !errors.Is(err, classify.ErrUnsupported) && !errors.Is(err, classify.ErrRefused) && !errors.Is(err, classify.ErrSyntax) {
		return "", false
	}
	return "what it costs is not known, so it is not carried out: " + oneLine(err.Error()), true
}

// hardships say why operations need more than a gentle way, and what leads to
// the same end while writers go on.
var hardships = map[classify.Kind]struct{ why, instead string }{
	classify.AddCheck:     {checkedByCopy, targetOfItsOwn},
	classify.EnforceCheck: {checkedByCopy, targetOfItsOwn},
	classify.AddChecked:   {checkedByCopy, "add the column without the check, which is instant"},
	classify.AddFulltext:  {"a fulltext index is built while writers wait", targetOfItsOwn},
	classify.AddSpatial:   {"a spatial index is built while writers wait", targetOfItsOwn},
	classify.ChangeType:   {"every value is written anew", "CHANGE COLUMN old new type is planned as a change that keeps both columns in step"},
	classify.EditEnum:     {"every value is written anew", "append members instead, or CHANGE COLUMN old new type"},
}

const (
	checkedByCopy  = "this server tests the rows that are there only by copying the table"
	targetOfItsOwn = "copy the rows to a table that has it while writers go on: a change file with a target table of its own"
)

// hardship returns why a cost is not gentle, and what to do instead.
func (c Cost) hardship() (why, instead string) {
	instead = targetOfItsOwn
	for _, p := range c.verdict.Parts {
		if h, ok := hardships[p.Operation.Kind]; ok {
			return h.why + "; ", h.instead
		}
	}
	if c.verdict.Advice != "" {
		instead = c.verdict.Advice
	}
	return "", instead
}

// brief is a cost in a few words, for a table cell.
func (c Cost) brief() string {
	return "**" + strings.ReplaceAll(string(c.Class), "|", `\|`) + "**: " + cell(c.Words)
}
