package ddl

import (
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Assert returns the statement with the clauses of the verdict, so that the
// server refuses it rather than falls back to something that costs more. The
// author's text stays as it is to the letter: writing it anew from its parse
// tree would change defaults and drop what the parser does not keep. A
// statement that takes no clauses is returned as it is; a DROP INDEX becomes the
// ALTER TABLE that takes them.
func Assert(s *Statement, v Verdict) string { return s.with(v.Algorithm, v.Lock) }

// with returns the statement with clauses; an empty one is left out. In an
// ALTER TABLE they stand in front, because partition clauses have to be last.
func (s *Statement) with(algorithm, lock string) string {
	var clauses []string
	if algorithm != "" {
		clauses = append(clauses, "ALGORITHM="+algorithm)
	}
	// MySQL takes no LOCK with INSTANT, and MariaDB needs none: it is NONE.
	if lock != "" {
		clauses = append(clauses, "LOCK="+lock)
	}
	if len(clauses) == 0 {
		return s.Text
	}
	switch s.Form {
	case AlterTable:
		sep := ","
		if s.partitioning() {
			sep = "" // the servers want no comma before PARTITION BY
		}
		return s.Text[:s.clause] + " " + strings.Join(clauses, ", ") + sep + s.Text[s.clause:]
	case CreateIndex:
		return s.Text + "\n" + strings.Join(clauses, " ")
	case DropIndex: // MariaDB's DROP INDEX takes no clauses, its ALTER TABLE does
		return "ALTER TABLE " + mysqlx.Quote(s.Table()) + " " + strings.Join(clauses, ", ") +
			", DROP INDEX " + mysqlx.Quote(s.indexName)
	}
	return s.Text
}

// Over returns an ALTER TABLE over another table, its clauses to the letter; ok is
// false for a statement of another form.
func (s *Statement) Over(table string) (text string, ok bool) {
	if s.Form != AlterTable {
		return "", false
	}
	return "ALTER TABLE " + mysqlx.Quote(table) + s.Text[s.clause:], true
}

// partitioning reports whether the statement has no clause before one that
// partitions the table.
func (s *Statement) partitioning() bool {
	return len(s.operations) > 0 && (s.operations[0].Kind == PartitionTable || s.operations[0].Kind == RemovePartitioning)
}
