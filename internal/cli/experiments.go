package cli

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/flags/experiment"
	"github.com/underpin-db/underpin/internal/control"
)

const aboutExperiments = `Compare variants of a flag: each user gets one branch for good, what users do is
recorded, and the results say what the difference is worth, however often one
looks. How to read them, and which test is used when: docs/experiments.md.`

// experimentsCommand groups what has to do with experiments.
func experimentsCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "experiments",
		GroupID: groupFlags,
		Short:   "Compare variants of a flag, and say what the difference is worth",
		Long:    aboutExperiments,
		Example: "  underpin experiments list\n  underpin experiments show checkout-button --segment country",
		Args:    knownCommand,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		experimentsListCommand(a),
		experimentsShowCommand(a),
		experimentsStartCommand(a),
		experimentsStopCommand(a),
		experimentsPruneCommand(a),
	)
	return c
}

// experimentsResult is the result of experiments list.
type experimentsResult struct {
	Experiments []experiment.State `json:"experiments"`
}

func experimentsListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the experiments of this database",
		Long:    "List the experiments of this database, those that run and those that are over.",
		Example: "  underpin experiments list --json | jq '.experiments[].name'",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withDB(c.Context(), func(ctx context.Context, db *sql.DB) error {
				list, err := experiment.List(ctx, db)
				if err != nil {
					return err
				}
				return a.emit(experimentsResult{append([]experiment.State{}, list...)}, func(p *page) { p.experiments(list) })
			})
		},
	}
}

// experiments lists experiments.
func (p *page) experiments(list []experiment.State) {
	if len(list) == 0 {
		p.line("no experiment is known to this database; underpin experiments start FILE starts one")
		return
	}
	rows := p.head("experiment", "flag", "share", "group", "branches", "state")
	for _, s := range list {
		group := s.Group
		if group == "" {
			group = "–"
		}
		rows = append(rows, []string{p.bold(s.Name), s.Flag, s.Share.String(), group, branchWords(s.Experiment), p.standing(s)})
	}
	p.table("", rows)
}

func branchWords(e experiment.Experiment) string {
	words := make([]string, len(e.Branches))
	for i, b := range e.Branches {
		words[i] = b.Name + " " + b.Share.String()
	}
	return strings.Join(words, ", ")
}

// standing says whether an experiment runs.
func (p *page) standing(s experiment.State) string {
	if s.Running() {
		return p.good("running") + " since " + day(s.Started)
	}
	return fmt.Sprintf("over, %s to %s", day(s.Started), day(*s.Stopped))
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04Z") }

// experimentError puts what an experiment refuses into the program's terms.
func experimentError(err error) error {
	var bad *experiment.Invalid
	switch {
	case errors.As(err, &bad):
		return &usageError{err: err}
	case errors.Is(err, experiment.ErrUnknown):
		return &usageError{err: err, hint: "underpin experiments list shows the experiments of this database"}
	case errors.Is(err, experiment.ErrSegment):
		return &usageError{err: err, hint: "segments are recorded at the first exposure: name them in the experiment's file"}
	case errors.Is(err, experiment.ErrNoReason):
		return &usageError{err: err, hint: "say it with --why"}
	case errors.Is(err, experiment.ErrSettled):
		return &refusedError{err: err, hint: "leave --segment out: that report is not split"}
	case errors.Is(err, experiment.ErrFlagClosed):
		return &refusedError{err: err, hint: "underpin flags set opens it again; or compare variants of another flag"}
	case errors.Is(err, experiment.ErrFlagVariant):
		return &refusedError{err: err, hint: "name branches as the flag's variants are named (underpin flags show), or add the variant with underpin flags set"}
	case errors.Is(err, control.ErrLost):
		return &refusedError{err: err, hint: "somebody else has changed the experiment just now: look at it, and try again"}
	}
	for _, refusal := range []error{experiment.ErrOver, experiment.ErrFixed, experiment.ErrFlagBusy, experiment.ErrNoRoom} {
		if errors.Is(err, refusal) {
			return &refusedError{err: err}
		}
	}
	return err
}
