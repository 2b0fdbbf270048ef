package rules

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func storedProgram() review.Rule {
	return review.Rule{
		Code: "RS433", Name: "stored-program", Category: review.Design, Severity: review.Warning,
		Summary: "a trigger, procedure, function, event or view",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "allowed", Default: []string{}, Says: "kinds that may be created: trigger, procedure, function, event, view"},
			{Name: "functions", Default: []string{"sleep", "benchmark", "load_file"}, Says: "functions that no statement may call"},
		},
		Check: checkStoredProgram,
	}
}

func checkStoredProgram(p *review.Pass) {
	for s := range p.Statements() {
		kind, creates := strings.CutPrefix(s.Head, "CREATE ")
		if hides, known := storedPrograms[kind]; creates && known && !hasFold(p.List("allowed"), kind) {
			p.Report(s, review.Finding{
				Message: fmt.Sprintf("a %s is created: %s", strings.ToLower(kind), hides),
				Advice:  "do it in the application, where a release carries it",
			})
		}
		for _, name := range calledIn(s, p.List("functions")) {
			p.Report(s, review.Finding{
				Span: s.Where(name, "("), Message: fmt.Sprintf("function %s is called, which is not to be used", strings.ToLower(name)), Advice: "do without it",
			})
		}
	}
}

// storedPrograms says what is hidden by what is kept in the server.
var storedPrograms = map[string]string{
	"TRIGGER":   "it writes rows that no code names, and a dual write does not see them",
	"EVENT":     "it writes rows at times that no code chooses",
	"PROCEDURE": "its code is not released and not rolled back with the application's",
	"FUNCTION":  "its code is not released and not rolled back with the application's",
	"VIEW":      "it breaks when what it reads is changed",
}

// calledIn returns those of the functions that a statement calls.
func calledIn(s *review.Statement, functions []string) []string {
	var out []string
	review.Walk(s.Node, func(n ast.Node) bool {
		if call, ok := n.(*ast.FuncCallExpr); ok && hasFold(functions, call.FnName.O) && !hasFold(out, call.FnName.O) {
			out = append(out, call.FnName.O)
		}
		return true
	})
	return out
}
