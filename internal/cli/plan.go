package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/migrate/preflight"
)

// planned is the result of the plan command.
type planned struct {
	Change   string         `json:"change"`
	File     string         `json:"file"`
	Refused  bool           `json:"refused"`
	Hash     string         `json:"hash,omitempty"`
	Written  string         `json:"written,omitempty"` // where plan.md was written
	Findings []plan.Finding `json:"findings"`
	Plan     *plan.Plan     `json:"plan,omitempty"`
	// Code is what each release of the application has to do.
	Code []plan.Snippet `json:"code,omitempty"`
	// Preflight is what carrying it out would take here, from a short sample;
	// nil where it was not asked for or could not be made, as Note says.
	Preflight *preflight.Report `json:"preflight,omitempty"`
	Note      string            `json:"note,omitempty"`
}

// planOptions are the flags of the plan command.
type planOptions struct {
	dryRun, stdout bool
	unmeasured     bool   // no preflight
	name           string // of a change that is derived
	into           []string

	schema           string // file or folder of CREATE TABLE statements
	renamed, dropped []string
	note             string // what is left to plan later
}

// planCommand makes a plan and writes it beside its change file.
func planCommand(a *app) *cobra.Command {
	var o planOptions
	c := &cobra.Command{
		Use:     "plan CHANGEFILE|DIR|NAME|DDL|FILE.sql|-",
		GroupID: groupCarry,
		Short:   "Make the plan of a change and write it beside the change file",
		Long: `Make the plan of a change against the live schema and write it as plan.md beside
the change file. No user table is touched: DDL is tried on empty scratch tables,
and rows are read with plain SELECTs. A change that may not be carried out is
refused with everything that speaks against it.

What carrying it out would take here is measured on scratch tables with a sample
of about a second (underpin preflight takes a longer one), shown in short, and
written to plan.md below the plan. It is not part of the plan's hash. Of the
changes that one command derives the first eight are measured.

Given DDL, as an argument, in a file or on the standard input, the changes are
derived first, each written to a directory of its own: what running code does not
notice takes one step, what it would notice becomes a change of several.

Given a desired schema (--schema, a file or folder of CREATE TABLE statements),
the DDL is what leads there from the live one. What is missing there is asked
about, never guessed: --renamed and --dropped answer.`,
		Example: "  underpin plan changes/split-user-name\n  underpin plan split-user-name --dry-run\n  underpin plan change.yaml --stdout | less\n  underpin plan \"ALTER TABLE users RENAME COLUMN name TO full_name\" --service accounts",
		Args: func(c *cobra.Command, args []string) error {
			if o.schema != "" {
				return takes()(c, args)
			}
			return takes("CHANGEFILE|DIR|NAME|DDL")(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if o.schema != "" {
				return a.deriveSchema(c.Context(), o)
			}
			if in, ok, err := a.ddlOf(args[0]); err != nil {
				return err
			} else if ok {
				return a.derive(c.Context(), in, o)
			}
			n, err := a.locate(args[0])
			if err != nil {
				return err
			}
			if n.path == "" {
				return usagef("there is no change file %s", filepath.Join(a.settings.Changes, n.name, changeFile))
			}
			return a.plan(c.Context(), n, o)
		},
	}
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "print the summary and write nothing")
	c.Flags().BoolVar(&o.stdout, "stdout", false, "print plan.md instead of writing it")
	c.Flags().BoolVar(&o.unmeasured, "no-preflight", false, "do not measure what carrying it out would take")
	c.Flags().StringVar(&o.schema, "schema", "", "derive from this desired schema: a file, or a folder of *.sql")
	c.Flags().StringArrayVar(&o.renamed, "renamed", nil, "with --schema: TABLE=TABLE or TABLE.COLUMN=COLUMN got another name (repeatable)")
	c.Flags().StringArrayVar(&o.dropped, "dropped", nil, "with --schema: TABLE or TABLE.COLUMN is to go (repeatable)")
	c.Flags().StringArrayVar(&o.into, "into", nil, "with DDL: TABLE=TABLE or TABLE.COLUMN=COLUMN, what takes the place of one whose type, key or partitions change (repeatable; default: the name with _new behind it)")
	c.Flags().StringVar(&o.name, "name", "", "with DDL: what the change is called (default: what is done to what)")
	return c
}

func (a *app) plan(ctx context.Context, n named, o planOptions) error {
	file, err := n.read()
	if err != nil {
		return err
	}
	db, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	out := planned{Change: file.Change.Text, File: n.path, Findings: []plan.Finding{}}
	p, err := plan.Build(ctx, db, file, plan.Options{})
	var refused *plan.RefusedError
	if errors.As(err, &refused) {
		out.Refused, out.Findings = true, refused.Findings
		return errors.Join(a.emit(out, func(p *page) { p.planned(out) }), outcome{exitRefused})
	}
	if err != nil {
		return err
	}
	out.Hash, out.Plan = p.Hash(), p
	if out.Code, err = p.Snippets(); err != nil {
		return err
	}
	out.Findings = append(out.Findings, p.Findings...)
	if !o.unmeasured {
		if out.Preflight, out.Note, err = measurePlan(ctx, db, p); err != nil {
			return err
		}
	}
	if o.stdout && !a.settings.JSON {
		_, err := fmt.Fprint(a.stdout, planMarkdown(out.Plan, out.Preflight))
		return err
	}
	if !o.dryRun && !o.stdout {
		out.Written = planFile(n.path)
		if err := writeFile(out.Written, planMarkdown(out.Plan, out.Preflight)); err != nil {
			return err
		}
	}
	return a.emit(out, func(p *page) { p.planned(out) })
}

// planFile is where the plan of a change file is written.
func planFile(path string) string {
	dir, name := filepath.Split(path)
	if name == changeFile {
		return filepath.Join(dir, "plan.md")
	}
	return strings.TrimSuffix(path, filepath.Ext(path)) + ".plan.md"
}

// writeFile replaces a file as a whole or not at all.
func writeFile(path, text string) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".plan-*")
	if err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	_, err = temp.WriteString(text)
	err = errors.Join(err, temp.Chmod(0o644), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the plan: %w", err), os.Remove(temp.Name()))
	}
	return nil
}

// planned shows the result of the plan command.
func (p *page) planned(r planned) {
	if r.Refused {
		p.line("%s the plan of %s", p.bad("refused"), p.bold(r.Change))
		p.findings(r.Findings)
		return
	}
	m := r.Plan.Change.Mapping
	p.line("planned %s for %s", p.bold(r.Change), r.Plan.Change.Service)
	p.gap()
	maps, what := "maps", fmt.Sprintf("table %s → table %s", m.Source.Name, m.Target.Name)
	if s := r.Plan.Schema; s != nil {
		maps, what = "alters", fmt.Sprintf("table %s: %s", s.Table, strings.Join(s.Kinds, ", "))
	} else if m.Kind() == migrate.ColumnChange {
		what = fmt.Sprintf("table %s: %s → %s", m.Source.Name, columns(m.Backward), columns(m.Forward))
	} else if m.Kind() == migrate.MergeChange {
		what = fmt.Sprintf("table %s → table %s: %s", m.Source.Name, m.Target.Name, columns(m.Forward))
	}
	facts := r.Plan.Facts
	p.table("  ", [][]string{
		{p.dim("hash"), r.Hash},
		{p.dim(maps), what},
		{p.dim("on"), fmt.Sprintf("%s %s, about %s, %s", facts.Server.Flavour, facts.Server.Version, count(facts.Source.Rows, "row"), size(facts.Source.DataBytes))},
	})
	p.gap()
	p.steps(r.Plan)
	if r.Preflight != nil {
		p.gap()
		p.preflight(*r.Preflight)
	}
	if r.Plan.Schema == nil {
		p.gap()
		p.sample(r.Plan.Sample)
	}
	p.findings(r.Findings)
	if r.Note != "" {
		p.gap()
		p.line("note  %s", r.Note)
	}
	if r.Written != "" {
		p.gap()
		p.line("wrote %s", r.Written)
	}
}

func columns(list []migrate.Assignment) string {
	names := make([]string, len(list))
	for i, a := range list {
		names[i] = a.Column
	}
	return strings.Join(names, ", ")
}

// steps shows the phases of a plan.
func (p *page) steps(of *plan.Plan) {
	rows := p.head("phase", "way back", "what is done", "costs", "gates")
	for _, s := range of.Steps {
		back := string(s.WayBack.To)
		if back == "" {
			back = p.warn("none")
		}
		done := cut(strings.Join(s.SQL, "; "), 44)
		if done == "" {
			done = cmp.Or(string(s.Work), "-")
		}
		gates := make([]string, len(s.Gates))
		for i, g := range s.Gates {
			gates[i] = string(g.Guard)
		}
		rows = append(rows, []string{p.bold(string(s.To)), back, done, p.costs(of, s), cmp.Or(strings.Join(gates, ", "), "-")})
	}
	p.table("  ", rows)
}

// sample shows how many rows survive the way through the mapping and back.
func (p *page) sample(s plan.Sample) {
	if s.Rows == 0 {
		p.line("  %s the table is empty, so no row was tried", p.dim("round trip"))
		return
	}
	of := "sampled rows"
	if s.Coverage == plan.Complete {
		of = "rows, all there are"
	}
	p.line("  %s of %s %s, %s would come back changed, and %s of what they become",
		p.dim("round trip"), grouped(s.Rows), of, grouped(s.Source.Changed), grouped(s.Target.Changed))
	for _, e := range append(s.Source.Examples[:min(2, len(s.Source.Examples))], s.Target.Examples[:min(2, len(s.Target.Examples))]...) {
		p.line("    key %s: %s → %s", strings.Join(e.Key, ", "), values(e.Before), values(e.After))
	}
}

func values(list []plan.Value) string {
	out := make([]string, len(list))
	for i, v := range list {
		text := "NULL"
		if v.Text != nil {
			// Not cut, which would collapse the very blanks that differ.
			text = runewidth.Truncate(fmt.Sprintf("%q", *v.Text), 40, "…")
		}
		out[i] = v.Column + " " + text
	}
	return strings.Join(out, ", ")
}

// findings shows what speaks against a change.
func (p *page) findings(list []plan.Finding) {
	for _, f := range list {
		p.gap()
		mark := p.warn("!")
		if f.Severity == plan.Refusal {
			mark = p.bad("✗")
		}
		where := f.Position.String()
		if where != "" {
			where = "  " + p.dim(where)
		}
		p.line("  %s %s  %s%s", mark, p.bold(string(f.Code)), cut(f.Object, 60), where)
		p.line("    %s", f.Reason)
		if f.Remedy != "" {
			p.line("    %s %s", p.dim("→"), f.Remedy)
		}
	}
}
