package fleet

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/control"
)

// EvidenceConfig says whose connections to look for. Only Change is required.
type EvidenceConfig struct {
	// Change is the change at whose gate the question is asked.
	Change string
	// Schema is the database. Defaults to the pool's own.
	Schema string
	// Users are the application's accounts, as user@host with % for any text,
	// or as a user's name alone. Their sessions count whatever database they
	// use. The accounts of live instances need not be named: their sessions
	// count unless their default database is another one.
	Users []string
	// Window is how long to look. Defaults to 2 s.
	Window time.Duration
	// Every is the pause between two looks. Defaults to 100 ms; there are two
	// looks at least.
	Every time.Duration
}

func (c EvidenceConfig) withDefaults() EvidenceConfig {
	if c.Window <= 0 {
		c.Window = 2 * time.Second
	}
	if c.Every <= 0 {
		c.Every = 100 * time.Millisecond
	}
	return c
}

// Method is how sessions were told apart.
type Method string

// The methods.
const (
	// MethodAttributes: by connection attributes, session by session.
	MethodAttributes Method = "connection attributes"
	// MethodAccounts: by user and host in the process list.
	MethodAccounts Method = "process list"
	// MethodNone: the sessions of other users are hidden from this one.
	MethodNone Method = "none"
)

// Certainty is what a session was taken for known by.
type Certainty string

// The certainties.
const (
	// ByInstance: every session that counts carries the id of a live instance.
	ByInstance Certainty = "instance"
	// ByAccount: some sessions are taken for known because their user and host
	// are those of a live instance. Another process of the same account on the
	// same host, an older release among them, looks the same.
	ByAccount Certainty = "account"
)

// Evidence is what was found out about connections without the library.
type Evidence struct {
	Method    Method    `json:"method"`
	Certainty Certainty `json:"certainty"`
	// Strangers are sessions and prepared transactions that belong to no live
	// instance which declares the change, nor to Underpin or the server, in
	// any of the looks.
	Strangers []Blocker `json:"strangers,omitempty"`
	// Indistinct are the sessions behind Certainty ByAccount.
	Indistinct []Blocker `json:"indistinct,omitempty"`
	// Vouched are sessions that would be among the others but for an
	// operator's word, which Reason quotes.
	Vouched []Blocker `json:"vouched,omitempty"`
	// CannotTell says why nothing can be concluded and what to do; empty where
	// something can.
	CannotTell string `json:"cannot_tell,omitempty"`
	// Notes say what this look could not see, for the record.
	Notes []string `json:"notes,omitempty"`
	// Looks, Sessions and Known are how often it was looked, how many
	// different sessions were judged, and how many of these carried the id of
	// a live instance.
	Looks    int `json:"looks"`
	Sessions int `json:"sessions"`
	Known    int `json:"known"`
}

// Clear reports whether the evidence says that no code without the library is
// connected, with the certainty that the caller needs; the zero value of need
// is [ByInstance]. If not, why says what to do.
func (e Evidence) Clear(need Certainty) (ok bool, why string) {
	switch {
	case e.CannotTell != "":
		return false, e.CannotTell
	case len(e.Strangers) > 0:
		return false, fmt.Sprintf("%d connections do not belong to the fleet: %s", len(e.Strangers), first(e.Strangers))
	case need != ByAccount && len(e.Indistinct) > 0:
		return false, fmt.Sprintf("%d connections are known by their account only, as an older release on the same host would be: %s. "+
			"Tag the application's connections and have performance_schema switched on, or record your word with underpin fleet vouch",
			len(e.Indistinct), first(e.Indistinct))
	}
	return true, ""
}

// first names the first few blockers.
func first(all []Blocker) string {
	const most = 3
	var parts []string
	for _, b := range all[:min(most, len(all))] {
		parts = append(parts, b.String())
	}
	if len(all) > most {
		parts = append(parts, fmt.Sprintf("and %d more", len(all)-most))
	}
	return strings.Join(parts, "; ")
}

// Strangers looks for connections of code without the library, several times
// over a window, and judges every session that was there in any of the looks.
// db is a pool of Underpin's own, as mysqlx.Open makes it, whose user should
// have PROCESS and SELECT on performance_schema, and should not be shared with
// the application.
//
// A session counts if it uses the database, or has no default database and is
// of a live instance's user, or is of one of cfg.Users. It is a stranger unless
//
//   - it carries the id of a live instance that declares the change, or
//   - the server keeps no attributes (or the instance does not tag its
//     connections) and its user and host are those of such an instance: then it
//     is listed as indistinct, or
//   - it is Underpin's own, or the server's, or
//   - an operator has vouched for its account.
//
// Prepared XA transactions of the whole server count as well, as account
// xa@prepared, and so does it if this user cannot be told whether there are any
// (on MySQL it should have XA_RECOVER_ADMIN). Where the server counts connections by account, an account of
// the application's without a live instance that opened one which no look
// caught is a stranger too; another account that did is noted. The package
// comment says what no method can see.
func Strangers(ctx context.Context, db *sql.DB, cfg EvidenceConfig) (Evidence, error) {
	cfg = cfg.withDefaults()
	if cfg.Change == "" {
		return Evidence{}, errors.New("look for strangers: no change is named")
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return Evidence{}, fmt.Errorf("look for strangers: %w", err)
	}
	defer conn.Close()
	w, err := newWatch(ctx, conn, cfg)
	if err != nil {
		return Evidence{}, fmt.Errorf("look for strangers: %w", err)
	}
	if err := w.run(ctx); err != nil {
		return Evidence{}, fmt.Errorf("look for strangers: %w", err)
	}
	words, err := control.Vouches(ctx, conn, cfg.Change)
	if err != nil {
		return Evidence{}, fmt.Errorf("look for strangers: %w", err)
	}
	return w.verdict(words), nil
}

// verdict judges what the watch has seen.
func (w *watch) verdict(words []control.Vouch) Evidence {
	e := Evidence{Method: w.method, Certainty: ByInstance, Notes: w.notes, Looks: w.looks}
	j := w.judge()
	for _, id := range slices.Sorted(maps.Keys(w.sessions)) {
		s := w.sessions[id]
		kind, reason := j.judge(s)
		if kind == irrelevant {
			continue
		}
		e.Sessions++
		if kind == known {
			e.Known++
			continue
		}
		if kind != ours {
			e.add(kind, s.blocker(reason), words)
		}
	}
	unseen, notes := w.judgeUnseen(j)
	e.Notes = append(e.Notes, notes...)
	for _, b := range slices.Concat(w.preparedBlockers(), unseen) {
		e.add(stranger, b, words)
	}
	if len(e.Indistinct) > 0 {
		e.Certainty = ByAccount
	}
	if w.method == MethodNone {
		e.blind(words)
	}
	return e
}

// add puts a blocker where it belongs.
func (e *Evidence) add(kind kind, b Blocker, words []control.Vouch) {
	for _, v := range words {
		if matches(v.User, b.User) {
			b.Reason = fmt.Sprintf("vouched for by %s: %s", v.Who, v.Why)
			e.Vouched = append(e.Vouched, b)
			return
		}
	}
	if kind == indistinct {
		e.Indistinct = append(e.Indistinct, b)
		return
	}
	e.Strangers = append(e.Strangers, b)
}

// blind says what follows from seeing nobody else's sessions: only a word about
// everybody stands in for looking.
func (e *Evidence) blind(words []control.Vouch) {
	for _, v := range words {
		if v.User == everybody {
			e.Vouched = append(e.Vouched, Blocker{
				User: v.User, Reason: fmt.Sprintf("vouched for by %s: %s", v.Who, v.Why), LastSeen: time.Now(),
			})
			return
		}
	}
	e.CannotTell = "cannot tell who is connected: this user lacks the privilege PROCESS and sees only its own sessions. " +
		"Grant it (GRANT PROCESS ON *.* TO …), or record your word that no code without the library is connected: " +
		"underpin fleet vouch for " + everybody
}

// byName orders accounts for a stable report.
func byName(a, b account) int {
	return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.host, b.host))
}
