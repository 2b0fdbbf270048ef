package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func blockingLock() review.Rule {
	return review.Rule{
		Code: "RS202", Name: "blocking-lock", Category: review.Locks, Severity: review.Error,
		Summary: "LOCK=SHARED or EXCLUSIVE, or a lock on whole tables",
		Check:   checkBlockingLock,
	}
}

func checkBlockingLock(p *review.Pass) {
	for s := range p.Statements() {
		switch n := s.Node.(type) {
		case *ast.LockTablesStmt:
			for _, t := range n.TableLocks {
				if t.Type == ast.TableLockWrite && !s.New(t.Table.Name.O) {
					reportLock(p, s, t.Table.Name.O, s.Span(), "nobody else reads or writes it until UNLOCK TABLES")
				}
			}
		case *ast.FlushStmt:
			if n.ReadLock {
				p.Report(s, review.Finding{
					Severity: review.Error, Message: "every table of the server is locked against writers until UNLOCK TABLES",
					Advice: "take a consistent snapshot instead: START TRANSACTION WITH CONSISTENT SNAPSHOT",
				})
			}
		default:
			checkLockClause(p, s)
		}
	}
}

// lockEffects says what the LOCK clauses that hold others up do.
var lockEffects = map[string]string{
	"SHARED":    "writers wait until the statement is done",
	"EXCLUSIVE": "readers and writers wait until the statement is done",
}

func checkLockClause(p *review.Pass, s *review.Statement) {
	c, ok := clausesOf(s)
	effect := lockEffects[c.lock]
	if ok && effect != "" && !s.New(s.Tables()[0]) {
		reportLock(p, s, s.Tables()[0], clauseSpan(s, "LOCK", c.lock), effect)
	}
}

func reportLock(p *review.Pass, s *review.Statement, table string, at review.Span, effect string) {
	f := review.Finding{
		Severity: p.BySize(p.Size(s, table)), Object: table, Span: at,
		Message: fmt.Sprintf("table %s is locked: %s", table, effect),
		Advice:  "ask for LOCK=NONE: a server that cannot do it refuses before it has done any harm",
	}
	if cost, err := p.Cost(s); err == nil {
		f.Cost = cost
		if cost.Verdict.Lock == "NONE" {
			f.Fixes = []review.Fix{{
				Description: "ask for LOCK=NONE, which this server can do",
				Edits:       []review.Edit{s.Replace(at, "LOCK=NONE")},
			}}
		}
	}
	p.Report(s, f)
}
