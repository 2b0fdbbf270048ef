package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/filestore"
	"github.com/underpin-db/underpin/flags/imports"
	"github.com/underpin-db/underpin/flags/sqlstore"
)

// setFlag is what became of one flag of a file.
type setFlag struct {
	Name    string `json:"name"`
	Version uint64 `json:"version"`
	Result  string `json:"result"` // created, changed or unchanged
}

// setResult is the result of flags set and flags import.
type setResult struct {
	Flags []setFlag `json:"flags"`
	// Refused are flags of a foreign file that were not taken over.
	Refused []string `json:"refused,omitempty"`
	DryRun  bool     `json:"dry_run,omitempty"`
}

func flagsSetCommand(a *app) *cobra.Command {
	var why string
	c := &cobra.Command{
		Use:   "set FILE",
		Short: "Create flags, or replace them, from a file",
		Long: `Create the flags of a YAML or JSON file, or replace those that are there. A flag with a
version is replaced only if that is still its version, so that nobody's change is
overwritten unseen; without one it replaces what is there. A flag that is the same
already is left alone. Flags that are not in the file are not touched.`,
		Example: "  underpin flags set flags.yaml --why 'the autumn campaign'",
		Args:    takes("FILE"),
		RunE: func(c *cobra.Command, args []string) error {
			by, err := a.by(sqlstore.ActionSet, why)
			if err != nil {
				return err
			}
			all, err := readFlags(args[0])
			if err != nil {
				return flagFault(err)
			}
			return a.withFlags(c.Context(), func(ctx context.Context, s *sqlstore.Store) error {
				out, err := putAll(ctx, s, all, by)
				if err != nil {
					return err
				}
				return a.emit(out, func(p *page) { p.setFlags(out) })
			})
		},
	}
	whyFlag(c, &why)
	return c
}

func readFlags(path string) ([]flags.Flag, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &usageError{err: err}
	}
	defer f.Close()
	return filestore.Parse(path, f, filestore.Part)
}

// putAll writes flags one by one, those that others require first. A file can be
// set again after a failure: what is done already is unchanged then.
func putAll(ctx context.Context, s *sqlstore.Store, all []flags.Flag, by sqlstore.By) (setResult, error) {
	out := setResult{Flags: []setFlag{}}
	for _, f := range requiredFirst(all) {
		done, err := putOne(ctx, s, f, by)
		if err != nil {
			return out, err
		}
		out.Flags = append(out.Flags, done)
	}
	return out, nil
}

func putOne(ctx context.Context, s *sqlstore.Store, f flags.Flag, by sqlstore.By) (setFlag, error) {
	have, err := s.Get(ctx, f.Name)
	switch {
	case errors.Is(err, flags.ErrNotFound):
		if f.Created.IsZero() {
			f.Created = time.Now().UTC().Truncate(time.Second)
		}
		done, err := s.Put(ctx, f, by)
		return setFlag{f.Name, done.Version, "created"}, err
	case err != nil:
		return setFlag{}, err
	}
	if f.Created.IsZero() {
		f.Created = have.Created
	}
	if f.Version == 0 {
		f.Version = have.Version
	}
	if f.Version == have.Version && sameFlag(f, have) {
		return setFlag{f.Name, have.Version, "unchanged"}, nil
	}
	done, err := s.Put(ctx, f, by)
	return setFlag{f.Name, done.Version, "changed"}, err
}

func sameFlag(a, b flags.Flag) bool {
	left, errLeft := json.Marshal(a.Normalised())
	right, errRight := json.Marshal(b.Normalised())
	return errLeft == nil && errRight == nil && string(left) == string(right)
}

// requiredFirst orders flags so that each follows those of the list that it
// requires. A circle keeps some order; the store refuses it.
func requiredFirst(all []flags.Flag) []flags.Flag {
	byName := map[string]flags.Flag{}
	for _, f := range all {
		byName[f.Name] = f
	}
	var out []flags.Flag
	seen := map[string]bool{}
	var visit func(f flags.Flag)
	visit = func(f flags.Flag) {
		if seen[f.Name] {
			return
		}
		seen[f.Name] = true
		for _, r := range f.Requires {
			if other, ok := byName[r.Flag]; ok {
				visit(other)
			}
		}
		out = append(out, f)
	}
	for _, f := range all {
		visit(f)
	}
	return out
}

func (p *page) setFlags(r setResult) {
	var rows [][]string
	for _, f := range r.Flags {
		rows = append(rows, []string{f.Result, p.bold(f.Name), p.dim(fmt.Sprintf("version %d", f.Version))})
	}
	p.table("", rows)
	for _, text := range r.Refused {
		p.line("%s %s", p.bad("refused"), text)
	}
	if len(r.Flags)+len(r.Refused) == 0 {
		p.line("the file has no flags")
	}
}

// importOptions are the flags of flags import.
type importOptions struct {
	from, owner, kind, why string
	newPlaces, dryRun      bool
}

func flagsImportCommand(a *app) *cobra.Command {
	var o importOptions
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Take over the flags of flagd or GO Feature Flag",
		Long: `Take over the flags of a file of flagd or of GO Feature Flag. What cannot be said
faithfully is refused by name and the other flags are taken; the exit code is then 1.
Which users are in a share can never be kept, because every system places them by a
hash of its own: flags with shares are refused unless --new-places says that it is
all right. A flag that exists already is not replaced.`,
		Example: "  underpin flags import flags.flagd.json --from flagd --owner shop --dry-run\n  underpin flags import flags.goff.yaml --from go-feature-flag --owner shop --why 'we move'",
		Args:    takes("FILE"),
		RunE:    func(c *cobra.Command, args []string) error { return a.importFlags(c.Context(), args[0], o) },
	}
	c.Flags().StringVar(&o.from, "from", "", "the format: flagd or go-feature-flag (required)")
	c.Flags().StringVar(&o.owner, "owner", "", "who owns the flags (required)")
	c.Flags().StringVar(&o.kind, "kind", string(flags.Release), "their kind: release, ops, experiment or migration")
	c.Flags().BoolVar(&o.newPlaces, "new-places", false, "users in shares may be placed anew")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "say what would be taken over, and take over nothing")
	whyFlag(c, &o.why)
	return c
}

func (a *app) importFlags(ctx context.Context, path string, o importOptions) error {
	by, err := a.by(sqlstore.ActionImport, o.why)
	if err != nil && !o.dryRun {
		return err
	}
	if !slices.Contains(imports.Formats(), imports.Format(o.from)) {
		return usagef("--from %q: it is one of %v", o.from, imports.Formats())
	}
	if o.owner == "" {
		return usagef("say with --owner whose the flags are")
	}
	f, err := os.Open(path)
	if err != nil {
		return &usageError{err: err}
	}
	defer f.Close()
	places := imports.KeepPlaces
	if o.newPlaces {
		places = imports.NewPlaces
	}
	all, refused := imports.Read(f, imports.Format(o.from), imports.Options{Owner: o.owner, Kind: flags.Kind(o.kind), Places: places})
	if refused != nil && !errors.Is(refused, imports.ErrUnfaithful) {
		return &usageError{err: refused}
	}
	return a.takeOver(ctx, all, refused, o, by)
}

// takeOver writes imported flags and says which were refused.
func (a *app) takeOver(ctx context.Context, all []flags.Flag, refused error, o importOptions, by sqlstore.By) error {
	out := setResult{Flags: []setFlag{}, DryRun: o.dryRun}
	for _, f := range all {
		out.Flags = append(out.Flags, setFlag{Name: f.Name, Result: "would be created"})
	}
	if !o.dryRun {
		out.Flags = out.Flags[:0]
		err := a.withFlags(ctx, func(ctx context.Context, s *sqlstore.Store) error {
			for _, f := range all {
				f.Created = time.Now().UTC().Truncate(time.Second)
				done, err := s.Put(ctx, f, by)
				if err != nil {
					return err
				}
				out.Flags = append(out.Flags, setFlag{f.Name, done.Version, "created"})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	out.Refused = errorLines(refused)
	if err := a.emit(out, func(p *page) { p.setFlags(out) }); err != nil || refused == nil {
		return err
	}
	return outcome{exitRefused}
}

// errorLines takes joined errors apart.
func errorLines(err error) []string {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{err.Error()}
	}
	var out []string
	for _, one := range joined.Unwrap() {
		out = append(out, errorLines(one)...)
	}
	return out
}
