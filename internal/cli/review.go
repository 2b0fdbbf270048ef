package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/facts"
	"github.com/underpin-db/underpin/review/report"
	gate "github.com/underpin-db/underpin/review/rules"
	"github.com/underpin-db/underpin/review/source"
)

// reviewOptions are the flags of the review command.
type reviewOptions struct {
	format, form, out, base, stats, server, code string
	live, derive                                 bool
}

// reviewCommand reads what a pull request changes and says what is wrong.
func reviewCommand(a *app) *cobra.Command {
	var o reviewOptions
	c := &cobra.Command{
		Use:     "review [PATH...]",
		GroupID: groupGate,
		Short:   "Review the migrations of a pull request",
		Long: `Read what a pull request changes in schema and data, and say what would break code
that runs, lock, copy, lose data or grow slow, with the numbers of the database,
and what to do instead.

PATH is a folder of migrations or a file; without one, every folder below the
working directory that looks like migrations is read: goose, sql-migrate,
golang-migrate, Flyway, dbmate, Atlas, or numbered files of SQL, and Underpin's own
change files. With --base only what was added or edited since is reviewed, and
what was there before says how the tables are.

Nothing is needed but the files. With --stats (a file of underpin stats) or with
--live (and --dsn) rules know sizes, settings and statements of the database; what
could not be judged without is listed. Nothing is written to the database, unless
--derive asks for it: fixes then hold the change files that underpin plan would
write, found as it does, by DDL on empty scratch tables, which are dropped again.`,
		Example: "  underpin review --base origin/main\n  underpin review db/migrations --stats underpin-stats.json\n  underpin review --base origin/main --report sarif --out review.sarif",
		Args:    cobra.ArbitraryArgs, // each is looked at, and a wrong one is usage
		RunE: func(c *cobra.Command, args []string) error {
			return a.review(c.Context(), c.Flags(), args, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.base, "base", "", "revision that the pull request is compared with, such as origin/main")
	f.StringVar(&o.format, "format", "", fmt.Sprintf("format of the migrations, where it cannot be told: one of %v", source.Formats()))
	f.StringVar(&o.form, "report", "", fmt.Sprintf("form of the report: one of %v (default text)", report.Formats()))
	f.StringVar(&o.out, "out", "", "file to write the report to, with a line about it on the standard output; - is the standard output")
	f.StringVar(&o.stats, "stats", "", "file of facts, written by underpin stats")
	f.BoolVar(&o.live, "live", false, "read the facts from the database that --dsn names")
	f.BoolVar(&o.derive, "derive", false, "have fixes hold the change files that underpin plan would write on that database; makes scratch tables there")
	f.StringVar(&o.server, "server", "", "server to judge for, such as \"mysql 8.4\" or \"mariadb 10.11\"")
	completes(c, "format", source.Formats())
	completes(c, "report", report.Formats())
	f.StringVar(&o.code, "code", "", "folder of the application's Go code and named queries (default the working directory, if it is a Go module)")
	return c
}

// completes has a shell complete a flag with some words.
func completes[W ~string](c *cobra.Command, flag string, words []W) {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = string(w)
	}
	// It fails only for a flag that does not exist.
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp))
}

// review runs a review and writes its report.
func (a *app) review(ctx context.Context, flags *pflag.FlagSet, paths []string, o reviewOptions) error {
	all := gate.All()
	s, err := a.reviewConfig(flags, all)
	if err != nil {
		return err
	}
	form := report.Format(cmp.Or(o.form, string(report.Text)))
	if a.settings.JSON {
		form = report.JSON
	}
	if !slices.Contains(report.Formats(), form) {
		return usagef("--report %s: it is one of %v", form, report.Formats())
	}
	if o.server != "" {
		if s.config.Server, err = parseServer(o.server); err != nil {
			return &usageError{err: fmt.Errorf("--server: %w", err)}
		}
	}
	s.config.Service, s.config.Changes = a.settings.Service, a.settings.Changes
	in, err := a.gather(ctx, flags, paths, s, o)
	if err != nil {
		return err
	}
	in.Rules = all
	result, err := review.Run(ctx, in)
	if err != nil {
		return err
	}
	d := report.Document{Report: result, Migrations: in.Migrations, Code: in.CodeChanges, Version: thisBuild().Version}
	if err := a.writeReport(form, o.out, d); err != nil {
		return err
	}
	if fails(result.Findings, s.FailOn) {
		return outcome{exitRefused}
	}
	return nil
}

// gather reads everything that a review looks at.
func (a *app) gather(ctx context.Context, flags *pflag.FlagSet, paths []string, s reviewSettings, o reviewOptions) (review.Input, error) {
	in := review.Input{Config: s.config}
	found, err := readMigrations(ctx, flags, paths, s, o)
	if err != nil {
		return in, err
	}
	in.Migrations, in.Unread = found.Migrations, found.Unread
	if in.Code, err = readCode(ctx, cmp.Or(o.code, s.Code)); err != nil {
		return in, err
	}
	// What cannot be read is on the rules' own list of what was not checked.
	caches, err := readCacheChanges(ctx, o.base, s.config.Caches)
	if err != nil {
		return in, err
	}
	in.CodeChanges = caches.code
	if in.SignOffs, err = a.signOffs(ctx, flags, o.base, caches.list); err != nil {
		return in, err
	}
	live := o.live || flags.Changed("dsn")
	if o.derive && !live {
		return in, usagef("--derive needs a database: add --live")
	}
	if live {
		err = a.ask(ctx, &in)
		if o.derive {
			in.Derive = a.deriveFix
		}
	} else {
		in.Facts, err = readFacts(cmp.Or(o.stats, s.Stats))
	}
	if o.server != "" && in.Facts != nil { // what if it were another server?
		in.Facts.Server, in.Derive = s.config.Server, nil
	}
	return in, err
}

// readMigrations reads the migrations that are meant. None to review is no
// mistake where there is a base: the pull request changes none.
func readMigrations(ctx context.Context, flags *pflag.FlagSet, paths []string, s reviewSettings, o reviewOptions) (*source.Result, error) {
	if len(paths) == 0 {
		paths = s.Paths
	}
	if flags.Changed("base") && o.base == "" {
		return nil, usagef("--base is empty: name a revision, such as origin/main")
	}
	found, err := source.Read(ctx, source.Config{
		Paths: paths, Format: cmp.Or(source.Format(o.format), s.Format), Base: o.base,
	})
	var badPath *source.PathError
	switch {
	case errors.Is(err, source.ErrNothing) && o.base != "":
		return found, nil
	case errors.As(err, &badPath), errors.Is(err, source.ErrNothing), errors.Is(err, source.ErrNoBase), errors.Is(err, source.ErrNeedsBase):
		return nil, &usageError{err: err}
	}
	return found, err
}

// deriveFix makes changes of DDL on the database, as the plan command does, and
// tells so, for each takes its time.
func (a *app) deriveFix(ctx context.Context, in plan.DDL) ([]plan.Derivation, error) {
	r := a.newReporter()
	defer r.close()
	r.say("  %s %s", r.dim("deriving"), cut(in.Text, 70))
	db, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	return plan.Derive(ctx, db, in, plan.Options{})
}

// ask reads the facts from the database, and the plans of the named queries.
func (a *app) ask(ctx context.Context, in *review.Input) error {
	db, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	if in.Facts, err = facts.Read(ctx, db); err != nil || in.Code == nil {
		return err
	}
	unexplained, err := facts.Explain(ctx, db, in.Code)
	in.Unread = append(in.Unread, unexplained...)
	return err
}

// readFacts reads a file of facts; none is meant where it has no name.
func readFacts(file string) (*review.Facts, error) {
	if file == "" {
		return nil, nil
	}
	f, err := facts.ReadFile(file)
	if err != nil {
		return nil, &usageError{err: err, hint: "underpin stats writes such a file"}
	}
	return f, nil
}

// readCode reads the application's code: the folder that is named, else the
// working directory where that is a Go module.
func readCode(ctx context.Context, root string) (*review.CodeIndex, error) {
	_, err := os.Stat("go.mod")
	isModule := err == nil
	switch {
	case root != "":
	case isModule:
		root = "."
	default:
		return nil, nil
	}
	index, err := review.ReadCode(ctx, root)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &usageError{err: err}
	}
	return index, err
}

// writeReport writes the report to a file, or to the standard output through
// the filter that keeps escapes from a terminal.
func (a *app) writeReport(form report.Format, path string, d report.Document) error {
	if form == report.Text && (path == "" || path == "-") {
		d.Paint, d.Width = painter(a.styleOf(a.stdout)), columnsOf(a.stdout)
	}
	var b bytes.Buffer
	if err := report.Write(&b, form, d); err != nil {
		return err
	}
	if path == "" || path == "-" {
		text := b.String()
		if form == report.Text {
			text = harmless(text)
		}
		fmt.Fprint(a.stdout, text)
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return &usageError{err: fmt.Errorf("write the report: %w", err)}
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		return &usageError{err: fmt.Errorf("write the report: %w", err)}
	}
	return a.emit(struct {
		Written  string `json:"written"`
		Findings int    `json:"findings"`
	}{path, len(d.Findings)}, func(p *page) { p.line("%s, in %s", count(len(d.Findings), "finding"), path) })
}

// painter paints with the colours of this program.
func painter(s style) report.Painter {
	paints := map[report.Colour]func(string) string{
		report.Bold: s.bold, report.Dim: s.dim, report.Good: s.good, report.Warn: s.warn, report.Bad: s.bad,
	}
	return func(c report.Colour, text string) string { return paints[c](text) }
}

// fails reports whether findings are grave enough to stop a merge: by default
// errors are.
func fails(findings []review.Finding, on review.Severity) bool {
	order := []review.Severity{review.Error, review.Warning, review.Note}
	least := slices.Index(order, cmp.Or(on, review.Error))
	return slices.ContainsFunc(findings, func(f review.Finding) bool { return slices.Index(order, f.Severity) <= least })
}
