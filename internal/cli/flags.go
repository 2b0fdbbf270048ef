package cli

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/filestore"
	"github.com/underpin-db/underpin/flags/imports"
	"github.com/underpin-db/underpin/flags/redispub"
	"github.com/underpin-db/underpin/flags/sqlstore"
)

// envRedis names a Redis over which changes of flags are announced. It may hold
// a password, so it has no flag.
const envRedis = "UNDERPIN_REDIS_URL"

// flagsCommand groups the commands about feature flags.
func flagsCommand(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:     "flags",
		GroupID: groupFlags,
		Short:   "Switch features on for a share of users, and off for everybody",
		Long: `Feature flags in the control tables of the database. Applications hold a copy that
follows within a second, or at once where ` + envRedis + ` names a Redis that both
this command and the applications use. Every change needs --why and is in the audit
with what was before and after.`,
		Example: "  underpin flags list\n  underpin flags ramp new-checkout 5% --ring qa --why 'first users'\n  underpin flags kill new-checkout --why 'error rate'",
		Args:    knownCommand,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(flagsListCommand(a), flagsShowCommand(a), flagsSetCommand(a), flagsRampCommand(a), flagsKillCommand(a), flagsCloseCommand(a),
		flagsStaleCommand(a), flagsHistoryCommand(a), flagsImportCommand(a), flagsExportCommand(a))
	return c
}

// withFlags runs a command's body with the store of flags.
func (a *app) withFlags(ctx context.Context, fn func(ctx context.Context, s *sqlstore.Store) error) error {
	return a.withDB(ctx, func(ctx context.Context, db *sql.DB) error {
		cfg := sqlstore.Config{Unannounced: func(err error) {
			fmt.Fprintf(a.stderr, "underpin: %s\n", harmless("the change is made; applications see it at their next poll: "+err.Error()))
		}}
		if url := a.getenv(envRedis); url != "" {
			options, err := redis.ParseURL(url)
			if err != nil {
				return usagef("%s cannot be read: write it as redis://:password@host:port/0", envRedis) // the error may quote it
			}
			options.MaxRetries, options.DialTimeout = -1, 2*time.Second // the change is made; do not keep the operator
			client := redis.NewClient(options)
			defer func() { _ = client.Close() }() // what it had to say is said
			cfg.Announce = redispub.New(client, "")
		}
		return flagFault(fn(ctx, sqlstore.New(db, cfg)))
	})
}

// flagFault sorts the errors of the store into mistakes and refusals.
func flagFault(err error) error {
	var invalid *flags.Invalid
	var parse filestore.ParseErrors
	switch {
	case errors.As(err, &invalid), errors.As(err, &parse), errors.Is(err, flags.ErrShare), errors.Is(err, flags.ErrName):
		return &usageError{err: err}
	case errors.Is(err, flags.ErrNotFound):
		return &usageError{err: err, hint: "underpin flags list shows the flags of this database"}
	case errors.Is(err, flags.ErrConflict):
		return &refusedError{err: err, hint: "underpin flags history shows what happened; take it into account and try again"}
	case errors.Is(err, sqlstore.ErrNeeded), errors.Is(err, imports.ErrUnfaithful), errors.Is(err, errClosed):
		return &refusedError{err: err}
	}
	return err
}

// errClosed says that a flag is closed.
var errClosed = errors.New("the flag is closed: its code has to go; underpin flags set opens it again")

// whyFlag adds the flag that every change needs.
func whyFlag(c *cobra.Command, why *string) {
	c.Flags().StringVar(why, "why", "", "the reason, for the audit (required)")
}

// by returns who changes a flag and why.
func (a *app) by(action sqlstore.Action, why string) (sqlstore.By, error) {
	if strings.TrimSpace(why) == "" {
		return sqlstore.By{}, &usageError{err: errors.New("a change of a flag needs a reason"), hint: "say it with --why, for those who read the audit"}
	}
	return sqlstore.By{Actor: a.actor(), Why: why, Action: action}, nil
}

// serving says in a few words what a flag serves.
func serving(f flags.Flag) string {
	switch f.State {
	case flags.Off:
		return f.Off
	case flags.Closed:
		return f.Serve.Variant
	}
	var parts []string
	if n := len(f.Rules); n > 0 {
		parts = append(parts, count(n, "rule"))
	}
	if r := f.Ramp; r != nil {
		to := r.Share.String()
		if len(r.Rings) > 0 {
			to = strings.Join(r.Rings, ", ") + " and " + to
		}
		parts = append(parts, r.Variant+" to "+to)
	}
	return strings.Join(append(parts, serveText(f.Serve)), ", else ")
}

func serveText(s flags.Serve) string {
	if s.Variant != "" {
		return s.Variant
	}
	parts := make([]string, len(s.Split))
	for i, w := range s.Split {
		parts[i] = w.Share.String() + " " + w.Variant
	}
	return strings.Join(parts, " / ")
}

// stateOf paints a state.
func (p *page) stateOf(s flags.State) string {
	switch s {
	case flags.Off:
		return p.bad(string(s))
	case flags.Closed:
		return p.warn(string(s))
	}
	return p.good(string(cmp.Or(s, flags.On)))
}

// oneFlag is the result of a command that changes one flag.
type oneFlag struct {
	Flag flags.Flag `json:"flag"`
}

// changedFlag prints what a flag is after a change.
func (a *app) changedFlag(f flags.Flag, what string) error {
	return a.emit(oneFlag{f}, func(p *page) {
		p.line("%s %s at version %d: %s, %s", what, p.bold(f.Name), f.Version, p.stateOf(f.State), serving(f))
	})
}
