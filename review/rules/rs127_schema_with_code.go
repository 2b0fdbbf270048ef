package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

// The orders in which a team deploys; see RS127.
const (
	schemaFirst = "schema-first"
	codeFirst   = "code-first"
)

func schemaWithCode() review.Rule {
	return review.Rule{
		Code: "RS127", Name: "schema-with-code", Category: review.Breaks, Severity: review.Note,
		Summary: "the code uses what this change adds, and nobody has said which of the two is deployed first",
		Options: []review.Option{{
			Name: "deploy", Default: "",
			Says: "schema-first or code-first: which of the two is everywhere before the other begins; empty: nobody has said",
		}},
		Check: checkSchemaWithCode,
	}
}

func checkSchemaWithCode(p *review.Pass) {
	if p.Text("deploy") == schemaFirst {
		return
	}
	for s := range p.Statements() {
		for _, a := range addedBy(s) {
			if p.Code == nil {
				p.NotChecked("whether code uses what is added: no code was given")
				return
			}
			uses := inStatements(p.Code.Uses(a.table, a.column))
			if len(uses) == 0 {
				continue
			}
			f := review.Finding{
				Object:  a.object(),
				Span:    a.at,
				Message: fmt.Sprintf("%s is new, and the code uses it already %s: a release that starts before the schema is there fails, and nobody has said which comes first", a.what(), usesOf(uses)),
				Advice:  "set deploy of RS127 to schema-first if the schema is always there first; or have the release ask when it starts, with underpin can-run",
			}
			if p.Text("deploy") == codeFirst {
				f.Severity = review.Error
				f.Message = fmt.Sprintf("%s is new, the code uses it already %s, and code is deployed first: each of these statements fails until the schema is there", a.what(), usesOf(uses))
				f.Advice = "add it in a change before the release that uses it"
			}
			p.Report(s, f)
		}
	}
}

// addedBy returns what a statement adds that code may use. It has the form of a
// removal.
func addedBy(s *review.Statement) []removal {
	var out []removal
	switch n := s.Node.(type) {
	case *ast.CreateTableStmt:
		if n.TemporaryKeyword == ast.TemporaryNone {
			out = append(out, removal{s, n.Table.Name.O, "", place(s, n.Table.Name.O)})
		}
	case *ast.AlterTableStmt:
		if !s.New(n.Table.Name.O) {
			for _, def := range addedColumns(n) {
				name := def.Name.Name.O
				out = append(out, removal{s, n.Table.Name.O, name, place(s, name, "ADD COLUMN", "ADD")})
			}
		}
	}
	return out
}

// inStatements returns the uses that are certain: which table a struct tag is
// about is not said, and many have a column of the same name.
func inStatements(uses []review.Use) []review.Use {
	var out []review.Use
	for _, u := range uses {
		if u.How != review.ByTag {
			out = append(out, u)
		}
	}
	return out
}
