package plan

import (
	"context"
	"errors"
	"fmt"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// Drift compares the key and mapped columns of the plan with the live schema
// of q's database once expand is done, and returns a finding for each that is
// not as planned. An engine checks it before it records that expand is done and
// before it works on rows. Key and columns are compared in every fact that the
// plan has of them.
func Drift(ctx context.Context, q mysqlx.Querier, p *Plan) ([]Finding, error) {
	var out []Finding
	m := p.Change.Mapping
	for _, t := range []migrate.Table{m.Source, m.Target} {
		live, err := readTableOnce(ctx, q, t.Name)
		if errors.Is(err, errNoTable) {
			out = append(out, drifted(t.Name, "the table is not there"))
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, want := range append(append([]migrate.Column(nil), t.Key...), t.Columns...) {
			got, ok := live.column(want.Name)
			is := got.Column
			if m.Kind() == migrate.MergeChange && t.Name == m.Target.Name && fills(m.Forward, want.Name) {
				is.Default = got.blank()
			}
			switch {
			case !ok:
				out = append(out, drifted(t.Name+"."+want.Name, "the column is not there"))
			case is != want:
				out = append(out, drifted(t.Name+"."+want.Name, fmt.Sprintf("the column is %s, and %s in the plan",
					fact(is), fact(want))))
			}
		}
	}
	return out, nil
}

// drifted returns a finding about a schema that is not as planned.
func drifted(object, reason string) Finding {
	return Finding{
		Code: CodeDrift, Severity: Refusal, Object: object, Reason: reason,
		Remedy: "somebody has altered the table since: put it back, or plan the change again",
	}
}

// fact returns what the plan knows of a column.
func fact(c migrate.Column) string {
	text := c.ColumnType + " " + string(c.Null)
	if c.Collation != "" {
		text += " collate " + c.Collation
	}
	if c.Default != "" {
		text += " default " + c.Default
	}
	return text
}
