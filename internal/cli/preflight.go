package cli

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"

	"github.com/go-sql-driver/mysql"
	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/internal/cli/doctor"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/migrate/preflight"
)

// preflightOptions are the flags of the preflight command.
type preflightOptions struct {
	freeBytes uint64
	replicas  []string
	write     bool
}

// preflighted is the result of the preflight command.
type preflighted struct {
	Change string `json:"change"`
	Hash   string `json:"hash,omitempty"`
	// Phase is where the change stands. The steps up to it are left out.
	Phase migrate.Phase `json:"phase,omitempty"`
	// Refused says that there is no plan to be measured; Findings say why. The
	// verdict is no, then, and the report's lists are empty.
	Refused  bool           `json:"refused"`
	Findings []plan.Finding `json:"findings"`
	preflight.Report
	Written string `json:"written,omitempty"`
}

// unmeasured is the report where there is nothing to measure.
func unmeasured(v preflight.Verdict) preflight.Report {
	return preflight.Report{
		Verdict: v, Reasons: []string{}, Tables: []preflight.Table{}, Steps: []preflight.Forecast{},
		Blockers: []preflight.Blocker{}, Replicas: []preflight.Follower{}, Checks: []preflight.Check{},
	}
}

// refusedPreflight is the answer to a change that has no plan.
func refusedPreflight(r *plan.RefusedError) preflighted {
	out := preflighted{Change: r.Change, Refused: true, Findings: r.Findings, Report: unmeasured(preflight.NoGo)}
	for _, f := range r.Findings {
		out.Reasons = append(out.Reasons, f.String())
	}
	return out
}

// preflightCommand says what carrying a plan out would take, here and now.
func preflightCommand(a *app) *cobra.Command {
	var o preflightOptions
	c := &cobra.Command{
		Use:     "preflight CHANGEFILE|DIR|NAME",
		GroupID: groupCarry,
		Short:   "Say what carrying a plan out would take on this server, now",
		Long: `Say what carrying a plan out would take on this server, now: rows and bytes, free
disk against need, minutes from a measured sample, what each step locks and who is
in the way of its lock, replicas and their lag, the binary log, privileges missing.
Statements are tried on scratch tables with a sample of the rows; nothing is
locked that the application uses. Whatever cannot be measured asks for care. Of a
change that has begun, only the steps ahead are looked at.`,
		Example: "  underpin preflight split-user-name\n  underpin preflight changes/add-index --free-bytes 500000000000 --json | jq .verdict",
		Args:    takes("CHANGEFILE|DIR|NAME"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.preflight(c.Context(), args[0], o)
		},
	}
	c.Flags().Uint64Var(&o.freeBytes, "free-bytes", 0, "free disk of the server, where it cannot be asked for")
	c.Flags().StringArrayVar(&o.replicas, "replica", nil, "host:port of a server that follows (repeatable; beside those of the change file)")
	c.Flags().BoolVar(&o.write, "write", false, "append the report to plan.md")
	return c
}

func (a *app) preflight(ctx context.Context, arg string, o preflightOptions) error {
	n, err := a.locate(arg)
	if err != nil {
		return err
	}
	if n.path == "" {
		return &usageError{
			err:  fmt.Errorf("there is no change file for %s: a preflight is made of a plan, and a plan of a change file", n.name),
			hint: `make the change first: underpin plan "ALTER TABLE …"`,
		}
	}
	file, err := n.read()
	if err != nil {
		return err
	}
	db, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	p, phase, err := planFrom(ctx, db, file)
	var refused *plan.RefusedError
	if errors.As(err, &refused) {
		out := refusedPreflight(refused)
		return errors.Join(a.emit(out, func(p *page) {
			p.line("%s the plan of %s: there is nothing to measure", p.bad("refused"), p.bold(out.Change))
			p.findings(out.Findings)
		}), outcome{exitRefused})
	}
	if err != nil {
		return err
	}
	steps, err := preflight.Ahead(preflight.FromPlan(p), p.Change.Course, phase)
	if err != nil {
		return err
	}
	out := preflighted{Change: p.Change.Name, Hash: p.Hash(), Phase: phase, Findings: append([]plan.Finding{}, p.Findings...)}
	if len(steps) == 0 {
		out.Report = unmeasured(preflight.Go)
		return a.emit(out, func(page *page) {
			page.line("%s is in %s: no statement and no rewrite of rows lies ahead, so there is nothing to measure", page.bold(out.Change), phase)
		})
	}
	in := preflight.Input{Steps: steps, FreeBytes: o.freeBytes, Privileges: privilegesOf(db)}
	if in.Replicas, err = a.followers(append(p.Backfill.Replicas, o.replicas...)); err != nil {
		return err
	}
	if out.Report, err = preflight.Run(ctx, db, in); err != nil {
		return err
	}
	if o.write {
		out.Written = planFile(n.path)
		if err := writeFile(out.Written, planMarkdown(p, &out.Report)); err != nil {
			return err
		}
	}
	err = a.emit(out, func(page *page) {
		if phase != migrate.Planned {
			page.line("%s is in %s: the steps up to it are left out", page.bold(out.Change), phase)
		}
		page.line("%s", out.Text())
		if out.Written != "" {
			page.line("wrote %s", out.Written)
		}
	})
	if err == nil && out.Verdict == preflight.NoGo {
		return outcome{exitRefused}
	}
	return err
}

// planFrom is the plan that a change is carried out by, and the phase that it is
// in. One that has begun goes by the recorded plan: the schema has by now what its
// file asks for.
func planFrom(ctx context.Context, db *sql.DB, file *plan.File) (*plan.Plan, migrate.Phase, error) {
	p, err := recordedPlan(ctx, db, file.Change.Text)
	if err != nil {
		return nil, "", err
	}
	if p == nil {
		p, err = plan.Build(ctx, db, file, plan.Options{})
		return p, migrate.Planned, err
	}
	c, err := control.Get(ctx, db, file.Change.Text)
	return p, c.Setting.Phase, err
}

// privilegesOf is what the doctor knows of privileges.
func privilegesOf(db *sql.DB) func(context.Context) ([]preflight.Privilege, error) {
	return func(ctx context.Context) (out []preflight.Privilege, err error) {
		report, err := doctor.Examine(ctx, db)
		for _, p := range report.Privileges {
			out = append(out, preflight.Privilege{Name: p.Name, Granted: p.Level == doctor.Fine, Remedy: p.Remedy})
		}
		return out, err
	}
}

// followers are the servers that follow, with the user of the DSN.
func (a *app) followers(addresses []string) ([]preflight.Replica, error) {
	dsn, err := a.dsn()
	if err != nil {
		return nil, err
	}
	var out []preflight.Replica
	for _, address := range addresses {
		cfg, err := mysql.ParseDSN(dsn)
		if err != nil {
			return nil, err
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			address = net.JoinHostPort(address, "3306")
		}
		cfg.Net, cfg.Addr = "tcp", address
		out = append(out, preflight.Replica{Name: address, DSN: cfg.FormatDSN()})
	}
	return out, nil
}
