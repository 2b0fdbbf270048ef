package rules

import (
	"iter"
	"strconv"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

// redefinition is a MODIFY or CHANGE of a column of a live table that is known
// as it is before.
type redefinition struct {
	*review.Statement
	table string
	was   ddl.Column
	def   *ast.ColumnDef
	spec  *ast.AlterTableSpec
}

// object names the column as it was.
func (r redefinition) object() string { return dot(r.table, r.was.Name) }

// at is where the column is redefined.
func (r redefinition) at() review.Span {
	return place(r.Statement, r.was.Name, "MODIFY COLUMN", "CHANGE COLUMN", "MODIFY", "CHANGE")
}

// redefinitions yields what the rules about MODIFY and CHANGE judge. Where the
// column is not known as it is, they cannot, and say so.
func redefinitions(p *review.Pass) iter.Seq[redefinition] {
	return func(yield func(redefinition) bool) {
		for s, spec := range liveSpecs(p, ast.AlterTableModifyColumn, ast.AlterTableChangeColumn) {
			table, name := s.Tables()[0], spec.NewColumns[0].Name.Name.O
			if spec.Tp == ast.AlterTableChangeColumn {
				name = spec.OldColumnName.Name.O
			}
			if s.NewColumn(table, name) {
				continue
			}
			was, known := s.Table(table).Column(name)
			if !known {
				p.NotChecked("a column that is modified and not known as it is: give --dsn or --stats, or the migration that made it")
				continue
			}
			if !yield(redefinition{s, table, was, spec.NewColumns[0], spec}) {
				return
			}
		}
	}
}

// nullable reports whether the new definition takes NULL.
func (r redefinition) nullable() bool {
	inKey := false
	for _, index := range r.Table(r.table).Indexes {
		inKey = inKey || index.Name == "PRIMARY" && hasFold(index.Columns, r.was.Name)
	}
	return !inKey && !hasOption(r.def, ast.ColumnOptionNotNull, ast.ColumnOptionPrimaryKey, ast.ColumnOptionAutoIncrement)
}

// option returns an option of the new definition.
func (r redefinition) option(tp ast.ColumnOptionType) (*ast.ColumnOption, bool) {
	for _, o := range r.def.Options {
		if o.Tp == tp {
			return o, true
		}
	}
	return nil, false
}

// defaultText brings a default into a form in which servers and statements
// agree: without quotes, in lower case where it is a function.
func defaultText(text string) string {
	text = strings.TrimSpace(text)
	if n := len(text); n > 1 && text[0] == '\'' && text[n-1] == '\'' {
		return strings.NewReplacer("''", "'", `\'`, "'", `\\`, `\`).Replace(text[1 : n-1])
	}
	lower := strings.ToLower(strings.TrimSuffix(text, "()"))
	switch lower {
	case "current_timestamp", "now", "localtime", "localtimestamp":
		return "current_timestamp"
	case "true":
		return "1"
	case "false":
		return "0"
	}
	if inside, found := strings.CutPrefix(lower, "now("); found {
		return "current_timestamp(" + inside
	}
	if strings.Contains(text, "(") {
		return lower
	}
	return text
}

// sameDefault reports whether two defaults are one: a server writes 0 as 0.00 where
// the column has two digits behind the point.
func sameDefault(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return a == b || errX == nil && errY == nil && x == y
}

// membersOf returns the members of an ENUM or SET type as its text has them.
func membersOf(text string) []string {
	var out []string
	for {
		_, rest, found := strings.Cut(text, "'")
		if !found {
			return out
		}
		var b strings.Builder
		for {
			part, after, _ := strings.Cut(rest, "'")
			b.WriteString(part)
			if !strings.HasPrefix(after, "'") { // a doubled quote stands for one
				text = after
				break
			}
			b.WriteByte('\'')
			rest = after[1:]
		}
		out = append(out, b.String())
	}
}
