package preflight

import (
	"context"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/plan"
)

// needed are the privileges that each kind of statement takes, its trial on
// scratch tables included.
var needed = map[plan.StatementKind][]string{
	plan.AlterTable:  {"ALTER", "CREATE", "DROP", "INSERT", "SELECT"},
	plan.CreateIndex: {"INDEX", "CREATE", "DROP", "INSERT", "SELECT"},
	plan.CreateTable: {"CREATE", "DROP"},
	plan.DropTable:   {"DROP", "CREATE"},
}

// neededToRewrite are those of a backfill with its verification.
var neededToRewrite = []string{"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP"}

// takes lists the privileges of a step.
func takes(s Step) []string {
	if s.Rewrite != nil {
		return neededToRewrite
	}
	list, ok := needed[kindOf(s.SQL)]
	if !ok {
		list = needed[plan.AlterTable] // what the parser does not know is taken for the most
	}
	if tied(s.SQL) {
		list = append(slices.Clone(list), "REFERENCES")
	}
	return list
}

// tied reports whether a statement makes a foreign key.
func tied(sql string) bool {
	node, err := parser.New().ParseOneStmt(sql, "", "")
	if err != nil {
		return false
	}
	var constraints []*ast.Constraint
	switch s := node.(type) {
	case *ast.CreateTableStmt:
		constraints = s.Constraints
	case *ast.AlterTableStmt:
		for _, spec := range s.Specs {
			constraints = append(append(constraints, spec.NewConstraints...), spec.Constraint)
		}
	}
	return slices.ContainsFunc(constraints, func(c *ast.Constraint) bool { return c != nil && c.Tp == ast.ConstraintForeignKey })
}

// lookAtPrivileges compares what the steps take with what the user has.
func (e *examiner) lookAtPrivileges(ctx context.Context) error {
	var names []string
	for _, s := range e.in.Steps {
		names = append(names, takes(s)...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if e.in.Privileges == nil {
		e.check(Check{Code: CodePrivilege, Object: e.r.Database, What: "nobody has looked; the plan takes " + strings.Join(names, ", "), Status: Unknown,
			Remedy: "run underpin doctor"})
		return nil
	}
	have, err := e.in.Privileges(ctx)
	if err != nil {
		e.check(Check{Code: CodePrivilege, Object: e.r.Database, What: "they cannot be read: " + err.Error(), Status: Unknown,
			Remedy: "run underpin doctor; the plan takes " + strings.Join(names, ", ")})
		return ctx.Err()
	}
	for _, name := range names {
		c := Check{Code: CodePrivilege, Object: name, What: "granted", Status: OK}
		i := slices.IndexFunc(have, func(p Privilege) bool { return strings.EqualFold(p.Name, name) })
		switch {
		case i < 0:
			c.What, c.Status, c.Remedy = "nobody has looked", Unknown, "run underpin doctor"
		case !have[i].Granted:
			c.What, c.Status, c.Remedy = "not granted, and the plan takes it", No, have[i].Remedy
		}
		e.check(c)
	}
	return nil
}
