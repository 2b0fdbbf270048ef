package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func noLockWaitTimeout() review.Rule {
	return review.Rule{
		Code: "RS227", Name: "no-lock-wait-timeout", Category: review.Locks, Severity: review.Warning, Reach: review.AsWritten,
		Summary: "DDL that may wait for a metadata lock for a day or a year",
		Options: []review.Option{
			{Name: "seconds", Default: 60, Says: "a server whose lock_wait_timeout is at most this long needs none in the file"},
		},
		Check: checkNoLockWaitTimeout,
	}
}

func checkNoLockWaitTimeout(p *review.Pass) {
	if shortSetting(p, "lock_wait_timeout", p.Int("seconds")) {
		return
	}
	severity := p.Rule.Severity
	if _, known := p.Facts.Setting("lock_wait_timeout"); !known {
		severity = review.Note // the server, or the tool's connection, may limit it
	}
	for m := range p.Migrations() {
		for _, s := range m.Statements {
			if s.Direction != review.Up || s.Node == nil {
				continue
			}
			if sets(s, "lock_wait_timeout") {
				break
			}
			if !locksMetadata(s) || limited(s, "lock_wait_timeout") {
				continue
			}
			p.Report(s, review.Finding{
				Severity: severity, Object: s.Tables()[0],
				Message: fmt.Sprintf("DDL on %s waits for the metadata lock behind any open transaction, everybody else waits behind it, and nothing ends that", s.Tables()[0]),
				Advice:  "set a short lock_wait_timeout for the session, and try again when it fails",
				Fixes: []review.Fix{{
					Description: "wait for five seconds at most",
					Edits:       []review.Edit{s.Insert(s.Span().Start, "SET SESSION lock_wait_timeout = 5;\n")},
				}},
			})
			break
		}
	}
}

// locksMetadata reports whether a statement takes the metadata lock of a table
// that others may use.
func locksMetadata(s *review.Statement) bool {
	switch s.Node.(type) {
	case *ast.AlterTableStmt, *ast.CreateIndexStmt, *ast.DropIndexStmt, *ast.DropTableStmt, *ast.RenameTableStmt, *ast.TruncateTableStmt:
		tables := s.Tables()
		if drop, ok := s.Node.(*ast.DropTableStmt); ok && drop.IsView {
			return false
		}
		return len(tables) > 0 && !s.New(tables[0]) && !waits(s)
	}
	return false
}

// waits reports whether a statement states MariaDB's own limit, WAIT or NOWAIT:
// behind the name of a table or the columns of an index, where no name can stand.
func waits(s *review.Statement) bool {
	words := s.Words()
	for i, w := range words {
		if hasFold([]string{"WAIT", "NOWAIT"}, w) && i > 0 && (words[i-1] == ")" || hasFold(s.Tables(), words[i-1])) {
			return true
		}
	}
	return false
}

// limited reports whether a variable is set for this one statement, with
// MariaDB's SET STATEMENT … FOR.
func limited(s *review.Statement, variable string) bool {
	words := s.Words()
	return len(words) > 1 && strings.EqualFold(words[0], "SET") && strings.EqualFold(words[1], "STATEMENT") && hasFold(words, variable)
}

// sets reports whether a statement sets one of the variables.
func sets(s *review.Statement, variables ...string) bool {
	set, ok := s.Node.(*ast.SetStmt)
	return ok && slices.ContainsFunc(set.Variables, func(v *ast.VariableAssignment) bool { return hasFold(variables, v.Name) })
}

// shortSetting reports whether the server itself limits something to so many
// units; 0 is no limit.
func shortSetting(p *review.Pass, variable string, most int) bool {
	text, known := p.Facts.Setting(variable)
	n, err := strconv.ParseFloat(text, 64)
	return known && err == nil && n > 0 && n <= float64(most)
}
