package cli

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/crypto/ssh"
	"golang.org/x/term"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/review/sign"
)

// signOptions are the flags of the sign command.
type signOptions struct{ role, key, as, environment, cache, base string }

// signResult is the result of the sign command.
type signResult struct {
	Statement sign.Statement `json:"statement"`
	Written   string         `json:"written"`
	// PlanFrom says where the plan was taken from.
	PlanFrom string      `json:"plan_from"`
	Report   sign.Report `json:"report"`
}

// signCommand signs the plan of a change.
func signCommand(a *app) *cobra.Command {
	var o signOptions
	c := &cobra.Command{
		Use:     "sign CHANGEFILE|DIR|NAME | sign --cache NAME --base REVISION",
		GroupID: groupGate,
		Short:   "Sign the plan of a change, or another format of a cache, with your SSH key",
		Long: `Sign the plan of a change for an environment, in one of your roles, with the SSH
key you have: in a file, in the ssh-agent, or on a token. The signature is written
beside the change file, into signatures/, to be committed with it. It is void as
soon as the plan, the change file, the environment, its server's version or the
size class of the table is another one, and after the time that the policy gives.

With --dsn of that environment the plan is made on the live schema and kept as
signatures/plan.json; without, the plan.json that is there is signed. Who wrote
the change cannot sign it. docs/signoff.md describes the policy in underpin.yaml.

With --cache and --base the format of a cache is signed, as underpin review finds
it changed in Go code since that revision (RS601, RS602). The difference is shown
first. The signature is written into caches/ beside the changes, and is void as
soon as the code comes to another format, or the base has another one.`,
		Example: "  underpin sign split-user-name\n  underpin sign changes/split-user-name --environment production --role tech-lead --key ~/.ssh/id_ed25519\n  underpin sign --cache users --base origin/main",
		Args: func(c *cobra.Command, args []string) error {
			if o.cache != "" || o.base != "" {
				return takes()(c, args)
			}
			return takes("CHANGEFILE|DIR|NAME")(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if o.cache != "" || o.base != "" {
				return a.signCache(c.Context(), c.Flags(), o)
			}
			return a.sign(c.Context(), c.Flags(), args[0], o)
		},
	}
	c.Flags().StringVar(&o.role, "role", "", "role to sign in (default: yours, if you have one only)")
	c.Flags().StringVar(&o.key, "key", "", "private key, or public key of one in the ssh-agent (default: the agent's first that may sign)")
	c.Flags().StringVar(&o.as, "as", "", "who you are in allowed_signers (default: user.email of git)")
	c.Flags().StringVar(&o.environment, "environment", "", "environment to sign for (default: the protected one, if there is one only)")
	c.Flags().StringVar(&o.cache, "cache", "", "sign what becomes of the format of this cache since --base")
	c.Flags().StringVar(&o.base, "base", "", "revision that the code is compared with, such as origin/main")
	return c
}

func (a *app) sign(ctx context.Context, flags *pflag.FlagSet, arg string, o signOptions) error {
	policy, err := a.needPolicy(flags)
	if err != nil {
		return err
	}
	n, err := a.locate(arg)
	if err != nil {
		return err
	}
	if n.path == "" {
		return usagef("there is no change file %s", filepath.Join(a.settings.Changes, n.name, changeFile))
	}
	file, err := n.read()
	if err != nil {
		return err
	}
	if o, err = completeSign(ctx, policy, o); err != nil {
		return err
	}
	p, from, err := a.planToSign(ctx, policy, n, file, o.environment)
	if err != nil {
		return err
	}
	st := sign.Statement{
		Change: p.Change.Name, Plan: p.Hash(), Environment: o.environment, Server: sign.ServerOf(p),
		Size: sign.SizeOfPlan(p), Claim: o.claim(),
	}
	if st.File, err = fileDigest(n.path); err != nil {
		return err
	}
	out := signResult{Statement: st, PlanFrom: from}
	if err := a.signAndKeep(ctx, policy, n.path, p, o, &out); err != nil {
		return err
	}
	return a.emit(out, func(p *page) { p.signResult(out) })
}

// claim is who signs as what, now.
func (o signOptions) claim() sign.Claim {
	return sign.Claim{Role: sign.Role(o.role), Signer: o.as, Signed: time.Now().UTC().Truncate(time.Second)}
}

// completeSign fills in what the flags leave open, where it is clear.
func completeSign(ctx context.Context, policy sign.Policy, o signOptions) (signOptions, error) {
	o, err := completeSigner(ctx, policy, o)
	if err != nil {
		return o, err
	}
	protected := policy.ProtectedEnvironments()
	switch {
	case o.environment == "" && len(protected) == 1:
		o.environment = protected[0]
	case !slices.Contains(protected, o.environment):
		return o, usagef("--environment is one of the protected ones: %s", strings.Join(protected, ", "))
	}
	return o, nil
}

// completeSigner fills in who signs, and as what.
func completeSigner(ctx context.Context, policy sign.Policy, o signOptions) (signOptions, error) {
	if o.as == "" {
		out, err := exec.CommandContext(ctx, "git", "config", "user.email").Output()
		if err != nil {
			return o, &usageError{err: errors.New("git knows no user.email, so it is not clear who signs"), hint: "say --as you@example.com"}
		}
		o.as = strings.TrimSpace(string(out))
	}
	roles := policy.RolesOf(o.as)
	switch {
	case len(roles) == 0:
		return o, &refusedError{err: fmt.Errorf("%s is in no role of the policy", o.as), hint: "sign as somebody who is, with --as"}
	case o.role == "" && len(roles) > 1:
		return o, usagef("%s has the roles %v: say which with --role", o.as, roles)
	case o.role != "" && !slices.Contains(roles, sign.Role(o.role)):
		return o, &refusedError{err: fmt.Errorf("%s is not in the role %s, but in %v", o.as, o.role, roles)}
	}
	o.role = cmp.Or(o.role, string(roles[0]))
	return o, nil
}

// planToSign returns the plan that is to be signed and where it comes from: the
// database, if the DSN is of the environment, else the plan that is kept.
func (a *app) planToSign(ctx context.Context, policy sign.Policy, n named, file *plan.File, environment string) (*plan.Plan, string, error) {
	at, err := a.database()
	if err != nil {
		return nil, "", err
	}
	if name, _, ok := policy.EnvironmentOf(at); at != "" && ok && name == environment {
		p, err := a.livePlan(ctx, file)
		return p, at, err
	}
	kept := sign.FolderOf(n.path).Plan()
	p, err := keptPlan(kept)
	if errors.Is(err, os.ErrNotExist) {
		return nil, "", &usageError{err: fmt.Errorf("no plan is kept at %s, and the DSN is not of %s", kept, environment), hint: "give --dsn of that environment: the plan is made there"}
	}
	return p, kept, err
}

// keptPlan reads signatures/plan.json.
func keptPlan(path string) (*plan.Plan, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	p, err := plan.Unmarshal(raw)
	if err != nil {
		return nil, &refusedError{err: fmt.Errorf("%s: %w", path, err), hint: "underpin sign with --dsn of the environment makes it again"}
	}
	return p, nil
}

// livePlan is the plan that the database has recorded, if the change is under
// way there, else one made now.
func (a *app) livePlan(ctx context.Context, file *plan.File) (*plan.Plan, error) {
	db, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	recorded, err := recordedPlan(ctx, db, file.Change.Text)
	if err != nil || recorded != nil {
		return recorded, err
	}
	return plan.Build(ctx, db, file, plan.Options{})
}

// recordedPlan is the plan of a change that has begun; nil where it has not.
func recordedPlan(ctx context.Context, db *sql.DB, name string) (*plan.Plan, error) {
	if err := control.Check(ctx, db); errors.Is(err, control.ErrNotInitialised) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	c, err := control.Get(ctx, db, name)
	switch {
	case errors.Is(err, control.ErrNoChange):
		return nil, nil
	case err != nil:
		return nil, err
	case c.PlanHash == "" || c.Setting.Phase == migrate.Planned:
		return nil, nil
	}
	return plan.Unmarshal(c.Spec)
}

// signAndKeep signs the statement and writes it, unless it would not count.
func (a *app) signAndKeep(ctx context.Context, policy sign.Policy, path string, p *plan.Plan, o signOptions, out *signResult) error {
	keys, err := policy.ReadKeys()
	if err != nil {
		return &usageError{err: err}
	}
	c := sign.Case{Plan: p, File: out.Statement.File, Environment: o.environment, Size: out.Statement.Size, Now: out.Statement.Signed}
	if c.Authors, err = authors(ctx, path); err != nil {
		return err
	}
	armored, err := a.signature(ctx, keys, o, out.Statement, func(list []sign.Signature) []sign.Void { return policy.Judge(c, list, keys).Void })
	if err != nil {
		return err
	}
	folder := sign.FolderOf(path)
	if out.Written, err = folder.Write(out.Statement, armored); err != nil {
		return err
	}
	if err := keepPlan(folder, p); err != nil {
		return err
	}
	list, err := folder.Read()
	out.Report = policy.Judge(c, list, keys)
	return err
}

// signature signs a statement with the key that the flags name, unless it would
// not count: judge says which signatures do not.
func (a *app) signature(ctx context.Context, keys sign.Keys, o signOptions, st sign.Signable, judge func([]sign.Signature) []sign.Void) ([]byte, error) {
	text, err := st.Text()
	if err != nil {
		return nil, err
	}
	source := sign.KeySource{
		File: o.key, AgentSocket: a.getenv("SSH_AUTH_SOCK"), Passphrase: a.passphrase,
		Fits: func(key ssh.PublicKey) error { return keys.Allowed.Permits(o.as, key, st.Namespace(), time.Now()) },
	}
	key, done, err := source.Open(ctx)
	if err != nil {
		return nil, &usageError{err: err, hint: "name a key file with --key, or load one: ssh-add"}
	}
	armored, err := sign.Sign(st, key)
	if err = errors.Join(err, done()); err != nil {
		return nil, err
	}
	if void := judge([]sign.Signature{{Path: "this signature", Text: text, Armored: armored}}); len(void) > 0 {
		return nil, &refusedError{err: fmt.Errorf("the signature would not count, and is not written: %s", void[0].Reason)}
	}
	return armored, nil
}

// keepPlan writes the plan beside its signatures.
func keepPlan(folder sign.Folder, p *plan.Plan) error {
	raw, err := p.Marshal()
	if err != nil {
		return err
	}
	return writeFile(folder.Plan(), string(raw))
}

// passphrase asks for the passphrase of a key on the terminal.
func (a *app) passphrase(file string) ([]byte, error) {
	in, ok := a.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return nil, errors.New("it has a passphrase, and there is no terminal to ask on: load it into the ssh-agent with ssh-add")
	}
	fmt.Fprintf(a.stderr, "Passphrase of %s: ", harmless(file))
	defer fmt.Fprintln(a.stderr)
	return term.ReadPassword(int(in.Fd()))
}

// signResult shows what was signed, and what is still missing.
func (p *page) signResult(r signResult) {
	s := r.Statement
	p.line("%s %s signed %s as %s for %s", p.good("✓"), s.Signer, p.bold(s.Change), s.Role, s.Environment)
	p.table("  ", [][]string{
		{p.dim("plan"), short(s.Plan) + ", from " + r.PlanFrom},
		{p.dim("holds for"), fmt.Sprintf("%s, tables up to size class %s", s.Server, s.Size)},
		{p.dim("wrote"), r.Written},
	})
	p.gap()
	p.signReport(r.Report)
}
