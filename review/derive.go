package review

import (
	"context"
	"errors"
	"strings"

	"github.com/underpin-db/underpin/migrate/plan"
)

// Deriver derives changes of DDL against the database at hand, as underpin plan
// does. It refuses with a [*plan.RefusedError]. It is called one DDL at a time.
type Deriver func(context.Context, plan.DDL) ([]plan.Derivation, error)

// derived is what became of one DDL.
type derived struct {
	files   []NewFile
	refused string
}

// derive puts the change files that underpin plan would write now in the place
// of those that were written without the database, and the reason in their place
// where it would write none. Waived findings keep theirs. An error that is no
// refusal, such as a user who may not create scratch tables, would come again:
// it ends the attempt, and what it leaves is said.
func (r *input) derive(ctx context.Context, report *Report) error {
	if r.Derive == nil {
		return nil
	}
	known := map[string]derived{}
	for i := range report.Findings {
		for j := range report.Findings[i].Fixes {
			fix := &report.Findings[i].Fixes[j]
			if fix.DDL == "" {
				continue
			}
			d, seen := known[fix.DDL]
			if !seen {
				var err error
				if d, err = r.derivedFrom(ctx, fix.DDL); ctx.Err() != nil {
					return context.Cause(ctx)
				} else if err != nil {
					report.NotChecked = append(report.NotChecked, Skip{Reason: "what underpin plan would write on this database, so that change files are as far as they can be written without: " + firstLine(err)})
					return nil
				}
				known[fix.DDL] = d
			}
			fix.NewFiles = d.files
			if d.refused != "" {
				fix.Description += "; it refuses this on the database as it is: " + d.refused
			}
		}
	}
	return nil
}

func (r *input) derivedFrom(ctx context.Context, sql string) (derived, error) {
	list, err := r.Derive(ctx, plan.DDL{Name: "fix", Text: sql, Service: r.Config.service()})
	var refused *plan.RefusedError
	if errors.As(err, &refused) && len(refused.Findings) > 0 {
		return derived{refused: refused.Findings[0].Reason}, nil
	}
	if err != nil {
		return derived{}, err
	}
	var out derived
	for _, d := range list {
		f, err := r.Config.changeFile(d)
		if err != nil {
			return out, err
		}
		out.files = append(out.files, f)
	}
	return out, nil
}

// firstLine is an error without those that came of it.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
