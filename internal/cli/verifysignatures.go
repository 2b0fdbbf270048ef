package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/underpin-db/underpin/review/sign"
)

// verifySignaturesOptions are the flags of verify-signatures.
type verifySignaturesOptions struct{ environment, base string }

// verifiedSignatures is the result of verify-signatures.
type verifiedSignatures struct {
	Signed  bool           `json:"signed"`
	Changes []signedChange `json:"changes"`
	// Caches are those whose format changes in code since the base.
	Caches []sign.CacheReport `json:"caches"`
}

// signedChange is one change and its signatures, by environment.
type signedChange struct {
	Change string `json:"change"`
	File   string `json:"file"`
	// Problem says why nothing could be checked: no plan is kept, or it is not
	// the change file's.
	Problem      string        `json:"problem,omitempty"`
	Environments []sign.Report `json:"environments"`
}

// verifySignaturesCommand checks the signatures of changes.
func verifySignaturesCommand(a *app) *cobra.Command {
	var o verifySignaturesOptions
	c := &cobra.Command{
		Use:     "verify-signatures [CHANGE...]",
		GroupID: groupGate,
		Short:   "Check that those who have to sign a plan, or a cache's format, have",
		Long: `Check the signatures beside change files, for every protected environment: say what
is missing, who could give it, and which signatures do not count and why. No
database is needed: the plan is signatures/plan.json, which underpin sign writes.
Whether it is the plan of the live schema is checked by underpin apply.

Without an argument every change below the directory of changes is checked; with
--base those only of which a file has changed since, and with them every cache
whose format has changed in Go code. Git has to say who wrote a change, so the
clone needs its history.`,
		Example: "  underpin verify-signatures split-user-name\n  underpin verify-signatures --base origin/main --json",
		Args:    cobra.ArbitraryArgs, // each has to be a change, and a wrong one is usage
		RunE: func(c *cobra.Command, args []string) error {
			return a.verifySignatures(c.Context(), c.Flags(), args, o)
		},
	}
	c.Flags().StringVar(&o.environment, "environment", "", "check for this environment only (default: every protected one)")
	c.Flags().StringVar(&o.base, "base", "", "check what differs from this revision only, such as origin/main: changes, and formats of caches")
	return c
}

func (a *app) verifySignatures(ctx context.Context, flags *pflag.FlagSet, args []string, o verifySignaturesOptions) error {
	policy, err := a.needPolicy(flags)
	if err != nil {
		return err
	}
	environments := policy.ProtectedEnvironments()
	if o.environment != "" {
		if !slices.Contains(environments, o.environment) {
			return usagef("--environment %s: the protected ones are %s", o.environment, strings.Join(environments, ", "))
		}
		environments = []string{o.environment}
	}
	out := verifiedSignatures{Signed: true, Changes: []signedChange{}, Caches: []sign.CacheReport{}}
	if len(args) == 0 && o.base != "" {
		if out.Caches, err = a.checkCaches(ctx, flags, policy, o.base); err != nil {
			return err
		}
		out.Signed = out.Signed && !slices.ContainsFunc(out.Caches, func(r sign.CacheReport) bool { return !r.Signed() })
	}
	files, err := a.changeFiles(ctx, args, o.base)
	if err != nil {
		return err
	}
	for _, path := range files {
		c, err := checkSignatures(ctx, policy, path, environments)
		if err != nil {
			return err
		}
		out.Changes = append(out.Changes, c)
		out.Signed = out.Signed && c.signed()
	}
	if err := a.emit(out, func(p *page) { p.verifiedSignatures(out) }); err != nil || out.Signed {
		return err
	}
	return outcome{exitRefused}
}

// checkCaches checks every cache whose format changes since a base.
func (a *app) checkCaches(ctx context.Context, flags *pflag.FlagSet, policy sign.Policy, base string) ([]sign.CacheReport, error) {
	found, err := a.cachesSince(ctx, flags, base)
	if err != nil {
		return nil, err
	}
	out := []sign.CacheReport{}
	for _, t := range found.list {
		r, err := a.judgeCache(ctx, policy, base, t)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func (c signedChange) signed() bool {
	return c.Problem == "" && !slices.ContainsFunc(c.Environments, func(r sign.Report) bool { return !r.Signed() })
}

// changeFiles finds the change files that are meant.
func (a *app) changeFiles(ctx context.Context, args []string, base string) ([]string, error) {
	var out []string
	for _, arg := range args {
		n, err := a.locate(arg)
		if err != nil {
			return nil, err
		}
		if n.path == "" {
			return nil, usagef("there is no change file %s", filepath.Join(a.settings.Changes, n.name, changeFile))
		}
		out = append(out, n.path)
	}
	if len(args) > 0 {
		return out, nil
	}
	if _, err := os.Stat(a.settings.Changes); errors.Is(err, os.ErrNotExist) && base != "" {
		return nil, nil // the pull request is about something else
	} else if err != nil {
		return nil, &usageError{err: fmt.Errorf("find the changes: %w", err), hint: "name their directory with --changes"}
	}
	out, err := filepath.Glob(filepath.Join(a.settings.Changes, "*", changeFile))
	if err != nil || base == "" {
		return out, err
	}
	changed, err := sign.ChangedSince(ctx, a.settings.Changes, base)
	return slices.DeleteFunc(out, func(path string) bool {
		prefix := filepath.Base(filepath.Dir(path)) + "/"
		return !slices.ContainsFunc(changed, func(file string) bool { return strings.HasPrefix(file, prefix) })
	}), err
}

// checkSignatures checks one change without a database.
func checkSignatures(ctx context.Context, policy sign.Policy, path string, environments []string) (signedChange, error) {
	file, err := named{path: path}.read()
	if err != nil {
		return signedChange{}, err
	}
	out := signedChange{Change: file.Change.Text, File: path, Environments: []sign.Report{}}
	p, err := keptPlan(sign.FolderOf(path).Plan())
	var refused *refusedError
	switch {
	case errors.Is(err, os.ErrNotExist):
		out.Problem = "nobody has signed it: there is no " + sign.FolderOf(path).Plan() + ", which underpin sign writes"
		return out, nil
	case errors.As(err, &refused):
		out.Problem = err.Error()
		return out, nil
	case err != nil:
		return out, err
	case p.Change.Name != out.Change:
		out.Problem = fmt.Sprintf("%s is the plan of change %s", sign.FolderOf(path).Plan(), p.Change.Name)
		return out, nil
	}
	for _, environment := range environments {
		r, err := judgeSignatures(ctx, policy, path, sign.Case{Plan: p, Environment: environment, Size: sign.SizeOfPlan(p)})
		if err != nil {
			return out, err
		}
		out.Environments = append(out.Environments, r)
	}
	return out, nil
}

// verifiedSignatures shows what is signed and what is missing.
func (p *page) verifiedSignatures(r verifiedSignatures) {
	if len(r.Changes)+len(r.Caches) == 0 {
		p.line("no change to check")
	}
	for _, c := range r.Caches {
		p.cacheReport(c)
	}
	for _, c := range r.Changes {
		p.line("%s  %s", p.bold(c.Change), p.dim(c.File))
		if c.Problem != "" {
			p.line("  %s %s", p.bad("✗"), c.Problem)
		}
		for _, e := range c.Environments {
			p.signReport(e)
		}
	}
}

// signReport shows the signatures for one environment.
func (p *page) signReport(r sign.Report) {
	p.line("%s  plan %s, size class %s", p.bold(r.Environment), short(r.Plan), r.Size)
	if len(r.Steps) == 0 {
		p.line("  %s the policy asks for no signature", p.good("✓"))
	}
	if len(r.Caches) > 0 {
		p.line("  %s cached values are made of what it changes: %s", p.warn("!"), strings.Join(r.Caches, ", "))
	}
	for _, s := range r.Steps {
		risks := make([]string, len(s.Risks))
		for i, k := range s.Risks {
			risks[i] = string(k)
		}
		for _, n := range s.Needs {
			p.signNeed(s, strings.Join(risks, ", "), n)
		}
	}
	for _, v := range r.Void {
		p.line("  %s %s does not count: %s", p.warn("!"), filepath.Base(v.Path), v.Reason)
	}
}

func (p *page) signNeed(s sign.StepReport, risks string, n sign.NeedReport) {
	if n.Missing > 0 {
		p.line("  %s %s (%s)  %s", p.bad("✗"), s.To, risks, needWords(n))
	}
	for _, h := range n.Have {
		p.line("  %s %s (%s)  %s as %s, until %s", p.good("✓"), s.To, risks, h.Signer, h.Role, h.Until.Format("2006-01-02"))
	}
}
