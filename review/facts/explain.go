package facts

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/review"
)

// anyValue stands for a parameter of which nothing is known: it is a number and
// a date, and as a string it is compared with a column of any type by the
// column's own index.
const anyValue = "20200101"

// Explain asks the server for the plans of the named queries, and writes them
// into the index. EXPLAIN reads no rows beyond what the optimizer looks at, and
// changes nothing. Queries that the server does not explain, because they are
// none, or name what is not there, keep no plan; they are returned with the
// reason. The error is that of the context.
func Explain(ctx context.Context, q mysqlx.Querier, code *review.CodeIndex) (unexplained []string, err error) {
	for i := range code.Queries {
		plan, err := explain(ctx, q, code.Queries[i])
		if ctxErr := context.Cause(ctx); ctxErr != nil {
			return unexplained, ctxErr
		}
		if err != nil {
			unexplained = append(unexplained, fmt.Sprintf("query %s of %s: %v", code.Queries[i].Name, code.Queries[i].Path, err))
		}
		code.Queries[i].Plan = plan
	}
	return unexplained, nil
}

// explain returns the plan of one query; nil where the server found out, without
// a plan, that no row can match.
func explain(ctx context.Context, q mysqlx.Querier, query review.Query) (plan *review.QueryPlan, err error) {
	text, parameters := query.Prepared()
	args := make([]any, len(parameters))
	for i, kind := range parameters {
		args[i] = anyValue
		if kind == review.CountParameter {
			args[i] = 1
		}
	}
	rows, err := q.QueryContext(ctx, "/* underpin review */ EXPLAIN FORMAT=TRADITIONAL "+text, args...)
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	if !slices.ContainsFunc(columns, func(c string) bool { return strings.EqualFold(c, "table") }) {
		return nil, fmt.Errorf("explain: the server answers in a form that is not known: %s", strings.Join(columns, ", "))
	}
	for rows.Next() {
		step, err := scanStep(rows, columns)
		if err != nil {
			return nil, fmt.Errorf("explain: %w", err)
		}
		plan = follow(plan, step)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	return plan, nil
}

// step is one line of EXPLAIN, by the names of its columns in lower case: the
// servers have different ones.
type step map[string]string

func scanStep(rows *sql.Rows, columns []string) (step, error) {
	values := make([]sql.NullString, len(columns))
	targets := make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	if err := rows.Scan(targets...); err != nil {
		return nil, err
	}
	s := step{}
	for i, name := range columns {
		s[strings.ToLower(name)] = values[i].String
	}
	return s, nil
}

// follow adds a step to a plan.
func follow(plan *review.QueryPlan, s step) *review.QueryPlan {
	if s["table"] == "" || s["type"] == "" {
		return plan
	}
	scans := s["type"] == "ALL" || s["type"] == "index"
	if plan == nil {
		plan = &review.QueryPlan{Table: s["table"]}
	}
	if scans && !plan.Scan {
		plan.Table, plan.Scan = s["table"], true
	}
	plan.Sort = plan.Sort || strings.Contains(s["extra"], "Using filesort")
	return plan
}
