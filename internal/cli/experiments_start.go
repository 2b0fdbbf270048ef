package cli

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/experiment"
	"github.com/underpin-db/underpin/flags/sqlstore"
	"github.com/underpin-db/underpin/migrate/plan"
)

const experimentFields = "the fields are name, hypothesis, flag, branches, share, group, metrics, segments, units, alpha, before; see docs/experiments.md"

// startResult is the result of experiments start.
type startResult struct {
	Outcome    experiment.Outcome `json:"outcome"`
	Experiment experiment.State   `json:"experiment"`
}

func experimentsStartCommand(a *app) *cobra.Command {
	var why string
	var foreign foreignFlag
	c := &cobra.Command{
		Use:   "start FILE --why TEXT",
		Short: "Start an experiment, or change one that runs",
		Long: `Start the experiment that a file defines. For one that runs, change it to the
file: the shares of the branches, a larger share of all users, hypothesis, metrics and
segments. No user who has a branch is moved. What would move users, or make the
results wrong, is refused. Who did it, and why, is kept in the audit.

The flag has to be there, not closed, and have every branch as a variant. If another
system holds it and the application asks for branches by itself, say --foreign-flag.`,
		Example: "  underpin experiments start experiments/checkout-button.yaml --why 'EXP-12'",
		Args:    takes("FILE"),
		RunE: func(c *cobra.Command, args []string) error {
			e, err := readExperiment(args[0])
			if err != nil {
				return err
			}
			return a.withDB(c.Context(), func(ctx context.Context, db *sql.DB) error {
				if err := checkFlag(ctx, db, e, foreign); err != nil {
					return err
				}
				return a.startExperiment(ctx, db, e, why)
			})
		},
	}
	c.Flags().StringVar(&why, "why", "", "the reason, for the audit (required)")
	c.Flags().BoolVar((*bool)(&foreign), "foreign-flag", false, "the flag may be missing here: another system holds it")
	return c
}

// foreignFlag says that another system may hold the flag of an experiment.
type foreignFlag bool

// checkFlag refuses an experiment that the flag it names could not carry out.
func checkFlag(ctx context.Context, db *sql.DB, e experiment.Experiment, foreign foreignFlag) error {
	if err := e.Validate(); err != nil {
		return experimentError(err)
	}
	f, err := sqlstore.New(db, sqlstore.Config{}).Get(ctx, e.Flag)
	switch {
	case errors.Is(err, flags.ErrNotFound) && bool(foreign):
		return nil
	case errors.Is(err, flags.ErrNotFound):
		return &refusedError{err: err, hint: fmt.Sprintf(
			"create it first, with the variants %s: underpin flags set FILE --why TEXT; or say --foreign-flag if another system holds it", branchList(e))}
	case err != nil:
		return err
	}
	return experimentError(e.Fits(f))
}

func branchList(e experiment.Experiment) string {
	names := make([]string, len(e.Branches))
	for i, b := range e.Branches {
		names[i] = b.Name
	}
	return strings.Join(names, ", ")
}

// readExperiment reads a definition, strictly.
func readExperiment(path string) (experiment.Experiment, error) {
	var e experiment.Experiment
	text, err := os.ReadFile(path)
	if err != nil {
		return e, &usageError{err: fmt.Errorf("read the experiment: %w", err)}
	}
	if err := yaml.UnmarshalWithOptions(text, &e, yaml.Strict()); err != nil {
		bad := &plan.Error{File: path, Problem: err.Error(), Hint: experimentFields}
		var at yaml.Error
		if errors.As(err, &at) {
			bad.Problem = at.GetMessage()
			if tk := at.GetToken(); tk != nil && tk.Position != nil {
				bad.Line, bad.Column = tk.Position.Line, tk.Position.Column
			}
		}
		return e, plan.Errors{bad}
	}
	return e, nil
}

func (a *app) startExperiment(ctx context.Context, db *sql.DB, e experiment.Experiment, why string) error {
	done, err := experiment.Start(ctx, db, experiment.By{Actor: a.actor(), Why: why}, e)
	if err != nil {
		return experimentError(err)
	}
	state, err := experiment.Get(ctx, db, e.Name)
	if err != nil {
		return err
	}
	return a.emit(startResult{done, state}, func(p *page) {
		switch done {
		case experiment.Unchanged:
			p.line("%s runs like this already", p.bold(e.Name))
		default:
			p.line("%s %s %s: %s of the users, %s", p.good("✓"), done, p.bold(e.Name), state.Share, branchWords(state.Experiment))
			p.line("  underpin experiments show %s", e.Name)
		}
	})
}

// stopResult is the result of experiments stop.
type stopResult struct {
	Experiment experiment.State `json:"experiment"`
}

func experimentsStopCommand(a *app) *cobra.Command {
	var why string
	c := &cobra.Command{
		Use:   "stop NAME --why TEXT",
		Short: "Stop an experiment for good",
		Long: `Stop an experiment for good: processes see it within their poll, a second unless
set otherwise, and ask the flag's own rules again; what happens from now on does not
count. Assignments and results are kept.`,
		Example: "  underpin experiments stop checkout-button --why 'green wins'",
		Args:    takes("NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withDB(c.Context(), func(ctx context.Context, db *sql.DB) error {
				if err := experiment.Stop(ctx, db, experiment.By{Actor: a.actor(), Why: why}, args[0]); err != nil {
					return experimentError(err)
				}
				state, err := experiment.Get(ctx, db, args[0])
				if err != nil {
					return err
				}
				return a.emit(stopResult{state}, func(p *page) {
					p.line("%s stopped %s", p.good("✓"), p.bold(args[0]))
					p.line("  underpin experiments show %s", args[0])
				})
			})
		},
	}
	c.Flags().StringVar(&why, "why", "", "the reason, for the audit (required)")
	return c
}
