package cli

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/spf13/pflag"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/review/sign"
)

// signPolicy reads the section signoff of the settings file; ok is false where
// there is none.
func (a *app) signPolicy(flags *pflag.FlagSet) (policy sign.Policy, ok bool, err error) {
	path, from := resolver{flags: flags, getenv: a.getenv}.find(setting{name: configFlag, fallback: configDefault})
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && from == fromDefault {
		return policy, false, nil
	}
	if err != nil {
		return policy, false, &usageError{err: fmt.Errorf("read the settings: %w", err)}
	}
	return sign.ParsePolicy(path, raw)
}

// needPolicy is signPolicy for commands that have no meaning without.
func (a *app) needPolicy(flags *pflag.FlagSet) (sign.Policy, error) {
	policy, ok, err := a.signPolicy(flags)
	if err == nil && !ok {
		err = &usageError{err: errors.New("underpin.yaml has no section signoff"), hint: "docs/signoff.md has one to start from"}
	}
	return policy, err
}

// database is host:port/database of the DSN, as environments name it; empty
// where there is no DSN.
func (a *app) database() (string, error) {
	if a.settings.address == "" {
		return "", nil
	}
	dsn, err := a.dsn()
	if err != nil {
		return "", err
	}
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return "", usagef("the DSN cannot be parsed: write it as user@tcp(host:port)/database")
	}
	return cfg.Addr + "/" + cfg.DBName, nil
}

// signOff returns whom the engine asks for signatures: nil where the policy, or
// the environment of the database, asks for none. A database that belongs to
// none of the environments is refused, for it may be the one to protect.
func (a *app) signOff(flags *pflag.FlagSet, db *sql.DB, arg string) (engine.SignOff, error) {
	policy, ok, err := a.signPolicy(flags)
	if err != nil || !ok {
		return nil, err
	}
	at, err := a.database()
	if err != nil {
		return nil, err
	}
	name, environment, ok := policy.EnvironmentOf(at)
	switch {
	case !ok:
		return nil, &usageError{err: fmt.Errorf("database %s belongs to none of the environments under signoff, so it cannot be told whether steps need signatures", at), hint: "name it in underpin.yaml under signoff.environments"}
	case environment.Protection == sign.Open:
		return nil, nil
	}
	n, err := a.locate(arg)
	if err != nil {
		return nil, err
	}
	return &signatures{policy, name, n.path, db}, nil
}

// signatures are those beside a change file, as the engine asks for them.
type signatures struct {
	policy      sign.Policy
	environment string
	path        string // of the change file; empty where it is not at hand
	db          *sql.DB
}

// Signed judges one step, with the sizes that the tables have now.
func (s *signatures) Signed(ctx context.Context, p *plan.Plan, to migrate.Phase) (engine.Approval, error) {
	if s.path == "" {
		return engine.Approval{Reason: "the change file is not at hand, and the signatures stand beside it: give its path, or --changes"}, nil
	}
	size, err := sizeNow(ctx, s.db, p)
	if err != nil {
		return engine.Approval{}, err
	}
	report, err := judgeSignatures(ctx, s.policy, s.path, sign.Case{Plan: p, Environment: s.environment, Size: size})
	if err != nil {
		return engine.Approval{}, err
	}
	step, asked := report.Step(to)
	switch {
	case !asked:
		return engine.Approval{Given: engine.NotAskedOf, Reason: "the policy asks for no signature for " + string(to)}, nil
	case !step.Signed():
		return engine.Approval{Reason: missingWords(report, step)}, nil
	}
	out := engine.Approval{Given: engine.IsGiven}
	for _, n := range step.Needs {
		for _, h := range n.Have {
			out.By = append(out.By, fmt.Sprintf("%s as %s with %s on %s", h.Signer, h.Role, h.Key, h.Signed.Format(time.RFC3339)))
		}
	}
	out.Reason = "signed by " + strings.Join(out.By, ", ")
	return out, nil
}

// missingWords says what is missing of a step, who could give it, and which
// signatures do not count.
func missingWords(r sign.Report, s sign.StepReport) string {
	return strings.Join(missingParts(s.Needs, r.Void), "; ")
}

// missingParts says what is missing of needs, and which signatures do not count.
func missingParts(needs []sign.NeedReport, void []sign.Void) []string {
	var parts []string
	for _, n := range needs {
		if n.Missing > 0 {
			parts = append(parts, needWords(n))
		}
	}
	for _, v := range void {
		parts = append(parts, "the signature of "+cmp.Or(v.Signer, filepath.Base(v.Path))+" does not count: "+v.Reason)
	}
	return parts
}

// needWords says how many are missing and who they could be.
func needWords(n sign.NeedReport) string {
	who := count(n.Missing, string(n.Role))
	switch {
	case n.Role == "" && n.Missing == 1:
		who = "1 person of any role"
	case n.Role == "":
		who = fmt.Sprintf("%d people of any role", n.Missing)
	}
	out := fmt.Sprintf("%s of %d missing", who, n.People)
	if len(n.Could) == 0 {
		return out + ", and nobody of the policy could sign"
	}
	return out + ": " + strings.Join(n.Could, ", ") + " could sign"
}

// judgeSignatures fills in a case what stands beside the change file, and holds
// the signatures against it.
func judgeSignatures(ctx context.Context, policy sign.Policy, path string, c sign.Case) (sign.Report, error) {
	keys, err := policy.ReadKeys()
	if err != nil {
		return sign.Report{}, &usageError{err: err}
	}
	if c.File, err = fileDigest(path); err != nil {
		return sign.Report{}, err
	}
	if c.Authors, err = authors(ctx, path); err != nil {
		return sign.Report{}, err
	}
	list, err := sign.FolderOf(path).Read()
	if err != nil {
		return sign.Report{}, err
	}
	c.Now = time.Now()
	return policy.Judge(c, list, keys), nil
}

// authors are those who last touched a change file.
func authors(ctx context.Context, path string) ([]string, error) {
	list, err := sign.Authors(ctx, path)
	return list, refusedIfUncommitted(err)
}

// refusedIfUncommitted is an error of git, as the command is to end with it.
func refusedIfUncommitted(err error) error {
	if errors.Is(err, sign.ErrUncommitted) {
		return &refusedError{err: err}
	}
	return err
}

// fileDigest is the SHA-256 of a change file, in hexadecimal.
func fileDigest(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", &usageError{err: fmt.Errorf("read the change file: %w", err)}
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// sizeNow is the class of the largest table of a plan that is there now. Where
// none is, what the plan found counts.
func sizeNow(ctx context.Context, db *sql.DB, p *plan.Plan) (sign.Size, error) {
	server, err := ddl.ReadServer(ctx, db)
	if err != nil {
		return "", err
	}
	var rows, bytes uint64
	found := false
	for _, name := range sign.TablesOf(p) {
		t, err := ddl.ReadTable(ctx, db, server, name)
		if errors.Is(err, ddl.ErrNoTable) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("read the size of %s: %w", name, err)
		}
		rows, bytes, found = max(rows, t.Rows), max(bytes, t.Bytes), true
	}
	if !found {
		return sign.SizeOfPlan(p), nil
	}
	return sign.SizeOf(rows, bytes), nil
}

// unreadableSignOff stands where the policy cannot be read, so that status still
// answers and says why.
type unreadableSignOff struct{ err error }

func (u unreadableSignOff) Signed(context.Context, *plan.Plan, migrate.Phase) (engine.Approval, error) {
	return engine.Approval{}, u.err
}
