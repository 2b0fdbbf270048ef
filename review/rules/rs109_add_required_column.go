package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func addRequiredColumn() review.Rule {
	return review.Rule{
		Code: "RS109", Name: "add-required-column", Category: review.Breaks, Severity: review.Error,
		Summary: "a NOT NULL column without a default is added: INSERTs of running code fail",
		Check:   checkAddRequiredColumn,
	}
}

func checkAddRequiredColumn(p *review.Pass) {
	for s, spec := range liveSpecs(p, ast.AlterTableAddColumns) {
		table := s.Tables()[0]
		for _, def := range spec.NewColumns {
			if !required(def) || def.Tp.GetType() == mysql.TypeTimestamp && impliesTimestamps(p) {
				continue
			}
			name := def.Name.Name.O
			f := review.Finding{
				Object: dot(table, name),
				Span:   place(s, name, "ADD COLUMN", "ADD COLUMN IF NOT EXISTS", "ADD"),
				Message: fmt.Sprintf("column %s.%s is NOT NULL and has no default: an INSERT of running code fails with error 1364 (without a strict sql_mode it stores a value nobody chose)",
					table, name),
				Advice: "give it a DEFAULT that is true for the code of today; or add it as NULL, and set it NOT NULL once every release writes it",
			}
			if fix, ok := nullFirst(s, table, def); ok {
				f.Fixes = []review.Fix{fix}
			}
			p.Report(s, f)
		}
	}
}

// required reports whether a column's definition makes an INSERT fail that
// does not name it.
func required(def *ast.ColumnDef) bool {
	return hasOption(def, ast.ColumnOptionNotNull, ast.ColumnOptionPrimaryKey) &&
		!hasOption(def, ast.ColumnOptionDefaultValue, ast.ColumnOptionAutoIncrement, ast.ColumnOptionGenerated)
}

// impliesTimestamps reports whether the server gives a TIMESTAMP a default that
// has none: explicit_defaults_for_timestamp is on by default from MySQL 8.0.2 and
// MariaDB 10.10.
func impliesTimestamps(p *review.Pass) bool {
	if value, known := p.Facts.Setting("explicit_defaults_for_timestamp"); known {
		return value == "OFF" || value == "0"
	}
	explicit := ddl.Version{Major: 8, Minor: 0, Patch: 2}
	if p.Server.Flavour == ddl.MariaDB {
		explicit = ddl.Version{Major: 10, Minor: 10}
	}
	return p.Server.Version.Below(explicit)
}

// mostWords is how many words of a definition may stand between a column's name
// and its NOT NULL.
const mostWords = 24

var notNull = regexp.MustCompile(`(?i)NOT\s+NULL$`)

// nullFirst returns the fix that adds the column as NULL.
func nullFirst(s *review.Statement, table string, def *ast.ColumnDef) (fix review.Fix, ok bool) {
	name := def.Name.Name.O
	for _, verb := range []string{"ADD COLUMN", "ADD COLUMN IF NOT EXISTS", "ADD", "ADD COLUMN (", "ADD ("} {
		for between := range mostWords {
			words := append(strings.Fields(verb), name)
			words = append(words, strings.Fields(strings.Repeat("* ", between)+"NOT NULL")...)
			at, found := s.Find(words...)
			if !found {
				continue
			}
			text := s.Migration.Text[at.Start.Offset:at.End.Offset]
			return review.Fix{
				Description: fmt.Sprintf("add %s as NULL; later, when every release writes it and no row lacks it, %s", name,
					review.CommandFix("ALTER TABLE "+mysqlx.Quote(table)+" MODIFY COLUMN "+review.Restore(def)).Description),
				Edits: []review.Edit{s.Replace(at, notNull.ReplaceAllString(text, "NULL"))},
			}, true
		}
	}
	return fix, false
}
