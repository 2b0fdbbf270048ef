package cli

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/desired"
	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/migrate/preflight"
)

// derivedChange is one change that was derived from DDL.
type derivedChange struct {
	Change string `json:"change"`
	File   string `json:"file"`
	Why    string `json:"why"`
	// After is the change that has to be carried out before this one can be
	// planned.
	After string `json:"after,omitempty"`
	// Instead is the change file to write if the author meant what DDL cannot
	// say.
	Instead  string         `json:"instead,omitempty"`
	Course   migrate.Course `json:"course,omitempty"`
	Hash     string         `json:"hash,omitempty"`
	Written  []string       `json:"written,omitempty"`
	Findings []plan.Finding `json:"findings"`
	Plan     *plan.Plan     `json:"plan,omitempty"`
	// Preflight is what carrying it out would take here, from a short sample;
	// nil where it was not asked for or could not be made, as Note says.
	Preflight *preflight.Report `json:"preflight,omitempty"`
	Note      string            `json:"note,omitempty"`

	text string // of the change file
}

// derivedChanges is the result of planning DDL.
type derivedChanges struct {
	Changes  []derivedChange `json:"changes"`
	Refused  bool            `json:"refused"`
	Findings []plan.Finding  `json:"findings"`
	// Note says what is left to plan later.
	Note string `json:"note,omitempty"`
}

// ddlOf returns the DDL that an argument of plan stands for: the argument
// itself, a file *.sql, or - for the standard input. Several words are a
// statement unless a file has that name. ok is false where the argument is none
// of these.
func (a *app) ddlOf(arg string) (in plan.DDL, ok bool, err error) {
	_, missing := os.Stat(arg)
	switch {
	case strings.TrimSpace(arg) == "":
		return in, false, usagef("there is nothing to plan: give a change file, its directory, a change, or DDL")
	case arg == "-":
		text, err := io.ReadAll(io.LimitReader(a.stdin, plan.MaxFileSize+1))
		if err != nil {
			return in, false, fmt.Errorf("read DDL from the standard input: %w", err)
		}
		in = plan.DDL{Name: "stdin", Text: string(text)}
	case filepath.Ext(arg) == ".sql":
		text, err := os.ReadFile(arg)
		if err != nil {
			return in, false, &usageError{err: fmt.Errorf("read DDL: %w", err)}
		}
		in = plan.DDL{Name: arg, Text: string(text)}
	case missing != nil && len(strings.Fields(arg)) > 1:
		in = plan.DDL{Name: "argument", Text: arg}
	default:
		return in, false, nil
	}
	if len(in.Text) > plan.MaxFileSize {
		return in, false, usagef("%s is larger than %d bytes: plan it in parts", in.Name, plan.MaxFileSize)
	}
	if err := a.needService(); err != nil {
		return in, false, err
	}
	in.Service = a.settings.Service
	return in, true, nil
}

// needService refuses to go on without knowing whose DDL it is.
func (a *app) needService() error {
	if a.settings.Service == "" {
		return &usageError{err: errors.New("DDL does not say whose it is"), hint: "name the application with --service, UNDERPIN_SERVICE, or service: in underpin.yaml"}
	}
	return nil
}

// deriveSchema makes changes of what leads to a desired schema.
func (a *app) deriveSchema(ctx context.Context, o planOptions) error {
	if err := a.needService(); err != nil {
		return err
	}
	sources, err := schemaSources(o.schema)
	if err != nil {
		return err
	}
	decided := desired.Options{Dropped: o.dropped}
	if decided.Renamed, err = renames("--renamed", o.renamed); err != nil {
		return err
	}
	db, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	statements, err := desired.Diff(ctx, db, sources, decided)
	var undecided desired.Errors
	if errors.As(err, &undecided) {
		return &refusedError{err: err, hint: "correct the desired schema, or decide with --renamed and --dropped"}
	}
	if err != nil {
		return err
	}
	if len(statements) == 0 {
		return a.emit(derivedChanges{Changes: []derivedChange{}, Findings: []plan.Finding{}}, func(p *page) {
			p.line("%s the live schema is the desired one", p.good("✓"))
		})
	}
	in := plan.DDL{Name: o.schema, Service: a.settings.Service}
	if renames := slices.DeleteFunc(slices.Clone(statements), func(s string) bool { return !strings.Contains(s, "RENAME ") }); len(renames) > 0 && len(renames) < len(statements) {
		// What follows names things by their new names, which are not there yet.
		statements = renames
		o.note = "the renames come first: plan the schema again once they have been carried out"
	}
	in.Text = strings.Join(statements, ";\n") + ";\n"
	return a.derive(ctx, in, o)
}

// renames reads what a flag says of names, old to new.
func renames(flag string, list []string) (map[string]string, error) {
	out := map[string]string{}
	for _, r := range list {
		from, to, ok := strings.Cut(r, "=")
		if !ok || from == "" || to == "" {
			return nil, usagef("%s %s: write TABLE=TABLE or TABLE.COLUMN=COLUMN", flag, r)
		}
		out[from] = to
	}
	return out, nil
}

// schemaSources reads a file, or the *.sql of a folder in the order of their
// names.
func schemaSources(path string) ([]desired.Source, error) {
	files := []string{path}
	if info, err := os.Stat(path); err != nil {
		return nil, &usageError{err: fmt.Errorf("read the desired schema: %w", err)}
	} else if info.IsDir() {
		if files, err = filepath.Glob(filepath.Join(path, "*.sql")); err != nil || len(files) == 0 {
			return nil, usagef("there is no *.sql in %s", path)
		}
	}
	var out []desired.Source
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, &usageError{err: fmt.Errorf("read the desired schema: %w", err)}
		}
		out = append(out, desired.Source{Name: f, Text: string(text)})
	}
	return out, nil
}

// derive makes changes of DDL, plans those that can be planned now, and writes
// both.
func (a *app) derive(ctx context.Context, in plan.DDL, o planOptions) error {
	db, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	in.Change = o.name
	if in.Into, err = renames("--into", o.into); err != nil {
		return err
	}
	out := derivedChanges{Changes: []derivedChange{}, Findings: []plan.Finding{}, Note: o.note}
	list, err := plan.Derive(ctx, db, in, plan.Options{})
	var refused *plan.RefusedError
	if errors.As(err, &refused) {
		out.Refused, out.Findings = true, refused.Findings
		return errors.Join(a.emit(out, func(p *page) { p.derived(out) }), outcome{exitRefused})
	}
	if err != nil {
		return err
	}
	for _, d := range list {
		c := derivedChange{Change: d.File.Change.Text, Why: d.Why, After: d.After, Findings: []plan.Finding{}}
		c.File = filepath.Join(a.settings.Changes, c.Change, changeFile)
		if c.text, err = d.YAML(); err != nil {
			return err
		}
		if d.Instead != nil {
			if c.Instead, err = (plan.Derivation{File: d.Instead, Why: "The values move."}).YAML(); err != nil {
				return err
			}
		}
		if d.Plan != nil {
			c.Plan, c.Hash, c.Course = d.Plan, d.Plan.Hash(), d.Plan.Change.Course
			c.Findings = append(c.Findings, d.Plan.Findings...)
		}
		out.Changes = append(out.Changes, c)
	}
	if !o.unmeasured {
		if err := out.measure(ctx, db); err != nil {
			return err
		}
	}
	if o.stdout && !a.settings.JSON {
		return out.print(a.stdout)
	}
	if !o.dryRun && !o.stdout {
		if err := out.write(); err != nil {
			return err
		}
	}
	return a.emit(out, func(p *page) { p.derived(out) })
}

// measure has a short preflight made of each plan. Of many it would take long:
// those beyond the first are left to the command that measures one.
func (r *derivedChanges) measure(ctx context.Context, db *sql.DB) (err error) {
	measured := 0
	for i := range r.Changes {
		c := &r.Changes[i]
		switch {
		case c.Plan == nil:
		case measured == mostGlance:
			c.Note = "no preflight: of so many plans only the first are measured; underpin preflight " + c.Change + " does it"
		default:
			measured++
			if c.Preflight, c.Note, err = measurePlan(ctx, db, c.Plan); err != nil {
				return err
			}
		}
	}
	return nil
}

// print prints each plan, or the change file of what can only be planned later.
func (r *derivedChanges) print(w io.Writer) error {
	for i, c := range r.Changes {
		text := c.text
		if c.Plan != nil {
			text = planMarkdown(c.Plan, c.Preflight)
		}
		if i > 0 {
			text = "\n" + text
		}
		if _, err := io.WriteString(w, text); err != nil {
			return fmt.Errorf("print the plan: %w", err)
		}
	}
	return nil
}

// write writes the change files and plans, all or none as far as files that are
// there already go.
func (r *derivedChanges) write() error {
	for _, c := range r.Changes {
		there, err := os.ReadFile(c.File)
		if err == nil && string(there) != c.text {
			return &refusedError{err: fmt.Errorf("%s is there already and says something else", c.File), hint: "name the change with --name, or remove the file"}
		}
	}
	for i := range r.Changes {
		c := &r.Changes[i]
		if err := os.MkdirAll(filepath.Dir(c.File), 0o755); err != nil {
			return fmt.Errorf("write the change file: %w", err)
		}
		if err := writeFile(c.File, c.text); err != nil {
			return err
		}
		c.Written = append(c.Written, c.File)
		if c.Plan == nil {
			continue
		}
		if err := writeFile(planFile(c.File), planMarkdown(c.Plan, c.Preflight)); err != nil {
			return err
		}
		c.Written = append(c.Written, planFile(c.File))
	}
	return nil
}

// derived shows what was derived.
func (p *page) derived(r derivedChanges) {
	if r.Refused {
		p.line("%s: nothing was derived", p.bad("refused"))
		p.findings(r.Findings)
		return
	}
	for i, c := range r.Changes {
		if i > 0 {
			p.gap()
		}
		p.line("%s  %s", p.bold(c.Change), c.Why)
		if c.After != "" {
			p.line("  to be planned once %s has been carried out", c.After)
		}
		if c.Plan != nil {
			p.gap()
			p.steps(c.Plan)
			if c.Preflight != nil {
				p.gap()
				p.preflight(*c.Preflight)
			}
			if c.Plan.Schema == nil {
				p.gap()
				p.sample(c.Plan.Sample)
			}
			p.findings(c.Findings)
		}
		if c.Instead != "" {
			p.gap()
			for line := range strings.Lines(c.Instead) {
				p.line("    %s", strings.TrimRight(line, "\n"))
			}
		}
		if c.Note != "" {
			p.line("  note  %s", c.Note)
		}
		for _, path := range c.Written {
			p.line("  wrote %s", path)
		}
	}
	if len(r.Changes) > 0 && len(r.Changes[0].Written) > 0 {
		p.gap()
		p.line("next  underpin apply %s", r.Changes[0].Change)
	}
	if r.Note != "" {
		p.line("note  %s", r.Note)
	}
}
