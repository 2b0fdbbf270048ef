package cli

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// auditResult is the result of the audit command.
type auditResult struct {
	Entries []control.Entry `json:"entries"`
	// Checked is how many entries the whole chain has; Chain says whether it
	// holds, and LastHash is what to keep elsewhere to notice a rewritten chain.
	Checked  uint64 `json:"checked"`
	Chain    string `json:"chain"` // "holds" or "broken"
	Broken   string `json:"broken,omitempty"`
	LastHash string `json:"last_hash,omitempty"`
}

// auditOptions are the flags of the audit command.
type auditOptions struct {
	change         string
	follow, verify bool
}

// followEvery is how often audit --follow looks for new entries.
const followEvery = time.Second

// mostDetail is how many cells of an entry's detail a page shows; --json has all.
const mostDetail = 120

// auditCommand prints what was decided and done.
func auditCommand(a *app) *cobra.Command {
	var o auditOptions
	c := &cobra.Command{
		Use:     "audit",
		GroupID: groupLook,
		Short:   "Print what was decided and done, and check its chain",
		Long: `Print what was decided and done: plans, transitions, refusals, pauses, words given
about connections. Every entry carries the hash of the one before; the chain is
checked every time, and a broken one fails the command. With --verify nothing
but the check is printed. With --follow new entries are printed as they come,
one JSON object a line with --json.`,
		Example: "  underpin audit --change split-user-name\n  underpin audit --verify\n  underpin audit --follow",
		Args:    takes(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withDB(c.Context(), func(ctx context.Context, db *sql.DB) error {
				if o.follow {
					return a.followAudit(ctx, db, o)
				}
				return a.printAudit(ctx, db, o)
			})
		},
	}
	c.Flags().StringVar(&o.change, "change", "", "only the entries of this change")
	c.Flags().BoolVar(&o.verify, "verify", false, "check the chain and print no entries")
	c.Flags().BoolVar(&o.follow, "follow", false, "go on printing entries until Ctrl-C")
	return c
}

// eachEntry reads the audit from the entry after last on, checks the chain,
// hands every entry that belongs to the chain to visit, and returns the last.
func eachEntry(ctx context.Context, db mysqlx.Querier, last control.Entry, visit func(control.Entry) error) (control.Entry, error) {
	for {
		entries, err := control.AuditAfter(ctx, db, last.ID)
		if err != nil || len(entries) == 0 {
			return last, err
		}
		for _, e := range entries {
			if last, err = control.CheckChain(last, []control.Entry{e}); err != nil {
				return last, err
			}
			if err := visit(e); err != nil {
				return last, err
			}
		}
	}
}

// wants says whether an entry was asked for.
func (o auditOptions) wants(e control.Entry) bool { return o.change == "" || e.Change == o.change }

// know refuses the name of a change that nothing knows: one without entries, as an
// application announces it, is in the control tables all the same.
func (o auditOptions) know(ctx context.Context, db mysqlx.Querier, hasEntries bool) error {
	if o.change == "" || hasEntries {
		return nil
	}
	_, err := control.Get(ctx, db, o.change)
	return err
}

func (a *app) printAudit(ctx context.Context, db *sql.DB, o auditOptions) error {
	out := auditResult{Entries: []control.Entry{}, Chain: "holds"}
	known := false
	last, err := eachEntry(ctx, db, control.Entry{}, func(e control.Entry) error {
		out.Checked++
		if !o.wants(e) {
			return nil
		}
		known = true
		if !o.verify {
			out.Entries = append(out.Entries, e)
		}
		return nil
	})
	if err == nil {
		err = o.know(ctx, db, known)
	}
	out.LastHash = last.Hash
	broken := errors.Is(err, control.ErrAuditBroken)
	if err != nil && !broken {
		return err
	}
	if broken {
		out.Chain, out.Broken = "broken", err.Error()
	}
	if err := a.emit(out, func(p *page) { p.audit(out) }); err != nil || !broken {
		return err
	}
	return outcome{exitFailed}
}

// audit shows entries and the verdict on the chain.
func (p *page) audit(r auditResult) {
	var rows [][]string
	for _, e := range r.Entries {
		rows = append(rows, p.entry(e))
	}
	p.table("", rows)
	if len(rows) > 0 {
		p.gap()
	}
	if r.Chain == "broken" {
		p.line("%s after %s: %s", p.bad("the chain is broken"), count(r.Checked, "entry"), r.Broken)
		p.line("  compare with a copy of the audit, and find out who writes to _underpin_audit")
		return
	}
	p.line("%s over %s, last hash %s", p.good("the chain holds"), count(r.Checked, "entry"), r.LastHash)
}

// entry shows one entry.
func (p *page) entry(e control.Entry) []string {
	return []string{p.dim(e.At.UTC().Format("2006-01-02 15:04:05Z")), p.bold(e.Action), e.Change, e.Actor, p.dim(cut(string(e.Detail), mostDetail))}
}

func (a *app) followAudit(ctx context.Context, db *sql.DB, o auditOptions) error {
	var last control.Entry
	known := false
	show := func(e control.Entry) error {
		if !o.wants(e) {
			return nil
		}
		known = true
		if a.settings.JSON {
			return a.writeJSONLine(e)
		}
		p := newPage(a.styleOf(a.stdout))
		p.table("", [][]string{p.entry(e)})
		p.writeTo(a.stdout)
		return nil
	}
	for {
		var err error
		if last, err = eachEntry(ctx, db, last, show); err != nil {
			return endOfWatch(ctx, err)
		}
		if err := o.know(ctx, db, known); err != nil {
			return endOfWatch(ctx, err)
		}
		if err := mysqlx.Wait(ctx, followEvery); err != nil {
			return endOfWatch(ctx, err)
		}
	}
}
