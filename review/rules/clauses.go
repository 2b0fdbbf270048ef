package rules

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

// stated are the ALGORITHM and LOCK clauses of a statement that takes them, in
// upper case; empty where it has none.
type stated struct{ algorithm, lock string }

// clausesOf returns the clauses of DDL that takes them; ok is false for other
// statements.
func clausesOf(s *review.Statement) (c stated, ok bool) {
	switch n := s.Node.(type) {
	case *ast.AlterTableStmt:
		for _, spec := range n.Specs {
			switch spec.Tp {
			case ast.AlterTableAlgorithm:
				c.algorithm = strings.ToUpper(spec.Algorithm.String())
			case ast.AlterTableLock:
				c.lock = strings.ToUpper(spec.LockType.String())
			}
		}
	case *ast.CreateIndexStmt:
		c.ofIndex(n.LockAlg)
	case *ast.DropIndexStmt:
		c.ofIndex(n.LockAlg)
	default:
		return stated{}, false
	}
	return c, true
}

// ofIndex reads the clauses of CREATE and DROP INDEX. The parser does not tell
// a clause that says DEFAULT from one that is not there.
func (c *stated) ofIndex(l *ast.IndexLockAndAlgorithm) {
	if l == nil {
		return
	}
	if l.AlgorithmTp != ast.AlgorithmTypeDefault {
		c.algorithm = strings.ToUpper(l.AlgorithmTp.String())
	}
	if l.LockTp != ast.LockTypeDefault {
		c.lock = strings.ToUpper(l.LockTp.String())
	}
}

// clauseSpan returns the place of the value of a clause, as in ALGORITHM=COPY
// or LOCK SHARED.
func clauseSpan(s *review.Statement, name, value string) review.Span {
	for _, words := range [][]string{{name, "=", value}, {name, value}} {
		if at := s.Where(words...); at != s.Span() {
			return at
		}
	}
	return s.Span()
}

// stating returns a fix that writes the clauses of a verdict into a statement;
// none where there is no form that this server takes.
func stating(s *review.Statement, server ddl.Server, clauses ...string) []review.Fix {
	separator := " "
	switch n := s.Node.(type) {
	case *ast.AlterTableStmt:
		for _, spec := range n.Specs {
			if spec.Tp == ast.AlterTablePartition || spec.Tp == ast.AlterTableRemovePartitioning || len(spec.PartDefinitions) > 0 {
				return nil // partition clauses have to be the last
			}
		}
		separator = ", "
	case *ast.DropIndexStmt:
		if server.Flavour == ddl.MariaDB { // takes no clauses
			return nil
		}
	}
	return []review.Fix{{
		Description: "state " + strings.Join(clauses, " and "),
		Edits:       []review.Edit{s.Insert(s.Span().End, separator+strings.Join(clauses, separator))},
	}}
}
