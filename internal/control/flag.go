package control

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// FlagHead is where the flags of a database stand. The token names the very
// change that made the version.
type FlagHead struct {
	Version uint64
	Token   string
}

// Flag is the control row of a feature flag.
type Flag struct {
	Name    string
	Version uint64
	Spec    []byte // JSON; nil once the flag is removed
}

// ErrNoFlag says that the database has no flag of that name.
var ErrNoFlag = errors.New("no such flag")

const lockFlagHead = `/* underpin flags */
SELECT version, token
FROM _underpin_flag_head
WHERE id = 1
FOR UPDATE`

const raiseFlagHead = `/* underpin flags */
UPDATE _underpin_flag_head
SET version = ?,
    token = ?
WHERE id = 1
  AND version = ?`

// pollFlags is the whole of a poll, also of one that finds changes: where the
// flags stand, the token of the version that the copy has, and what is newer. It
// is one statement, so it is one snapshot.
const pollFlags = `/* underpin flags */
SELECT h.version, h.token, COALESCE(c.token, ''), f.name, f.version, f.spec
FROM _underpin_flag_head AS h
LEFT JOIN _underpin_flag_change AS c ON c.version = ?
LEFT JOIN _underpin_flag AS f ON f.version > ?
WHERE h.id = 1`

const insertFlagChange = `/* underpin flags */
INSERT INTO _underpin_flag_change
  (version, token, name, audit)
VALUES
  (?, ?, ?, ?)`

const selectFlag = `/* underpin flags */
SELECT name, version, spec
FROM _underpin_flag
WHERE name = ?`

const selectFlags = `/* underpin flags */
SELECT name, version, spec
FROM _underpin_flag
WHERE spec IS NOT NULL
ORDER BY name`

const writeFlag = `/* underpin flags */
INSERT INTO _underpin_flag
  (name, version, spec)
VALUES
  (?, ?, ?)
ON DUPLICATE KEY UPDATE
  version = VALUES(version),
  spec = VALUES(spec)`

const selectFlagHistory = `/* underpin flags */
SELECT a.id, a.at, a.actor, a.` + "`change`" + `, a.action, a.detail, a.prev, a.hash
FROM _underpin_flag_change AS c
JOIN _underpin_audit AS a ON a.id = c.audit
WHERE c.name = ?
ORDER BY c.version`

const selectFlagUse = `/* underpin flags */
SELECT name, day
FROM _underpin_flag_use`

// FlagNews is what a poll returns.
type FlagNews struct {
	Head FlagHead
	// Base is the token that this server has for the version that was asked
	// about, empty where it does not know that version.
	Base string
	// Flags are those changed since, the removed ones too, in no order.
	Flags []Flag
}

// PollFlags returns what is new after a version.
func PollFlags(ctx context.Context, db mysqlx.Querier, version uint64) (FlagNews, error) {
	var news FlagNews
	rows, err := db.QueryContext(ctx, pollFlags, version, version)
	if err != nil {
		return news, fmt.Errorf("read what is new of the flags: %w", err)
	}
	defer rows.Close()
	found := 0
	for ; rows.Next(); found++ {
		var name sql.NullString
		var at sql.Null[uint64]
		var spec []byte
		if err := rows.Scan(&news.Head.Version, &news.Head.Token, &news.Base, &name, &at, &spec); err != nil {
			return news, fmt.Errorf("read what is new of the flags: %w", err)
		}
		if name.Valid {
			news.Flags = append(news.Flags, Flag{name.String, at.V, spec})
		}
	}
	if err := rows.Err(); err != nil {
		return news, fmt.Errorf("read what is new of the flags: %w", err)
	}
	if found == 0 {
		return news, fmt.Errorf("read what is new of the flags: _underpin_flag_head is empty: %w", ErrNotInitialised)
	}
	return news, nil
}

// LockFlagHead returns where the flags stand and makes every other writer of
// flags wait until the transaction tx ends. It has to be the transaction's first
// statement.
func LockFlagHead(ctx context.Context, tx mysqlx.Querier) (FlagHead, error) {
	var h FlagHead
	if err := tx.QueryRowContext(ctx, lockFlagHead).Scan(&h.Version, &h.Token); err != nil {
		return h, fmt.Errorf("read where the flags stand: %w", err)
	}
	return h, nil
}

// GetFlag returns a flag, or [ErrNoFlag] where there is none or no longer.
func GetFlag(ctx context.Context, db mysqlx.Querier, name string) (Flag, error) {
	f, err := scanFlag(db.QueryRowContext(ctx, selectFlag, name))
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && f.Spec == nil:
		return f, fmt.Errorf("%w: %s", ErrNoFlag, name)
	case err != nil:
		return f, fmt.Errorf("read flag %s: %w", name, err)
	}
	return f, nil
}

// Flags returns every flag there is, by name.
func Flags(ctx context.Context, db mysqlx.Querier) ([]Flag, error) {
	return collect(ctx, db, "list the flags", rowOfFlag, selectFlags)
}

func rowOfFlag(rows *sql.Rows) (Flag, error) { return scanFlag(rows) }

func scanFlag(row scanner) (Flag, error) {
	var f Flag
	err := row.Scan(&f.Name, &f.Version, &f.Spec)
	return f, err
}

// WriteFlag writes a flag as the change that follows head, whose lock tx holds,
// and appends it to the audit. A nil spec removes it. token has to be new.
func WriteFlag(ctx context.Context, tx mysqlx.Querier, head FlagHead, f Flag, token, actor, action string, detail any) (FlagHead, error) {
	next := FlagHead{head.Version + 1, token}
	var spec any
	if f.Spec != nil {
		spec = string(f.Spec)
	}
	if _, err := tx.ExecContext(ctx, writeFlag, f.Name, next.Version, spec); err != nil {
		return head, fmt.Errorf("write flag %s: %w", f.Name, err)
	}
	if err := Audit(ctx, tx, actor, "", action, detail); err != nil {
		return head, err
	}
	var entry uint64
	var hash string
	if err := tx.QueryRowContext(ctx, lastAudit).Scan(&entry, &hash); err != nil {
		return head, fmt.Errorf("write flag %s: %w", f.Name, err)
	}
	if _, err := tx.ExecContext(ctx, insertFlagChange, next.Version, next.Token, f.Name, entry); err != nil {
		return head, fmt.Errorf("write flag %s: %w", f.Name, err)
	}
	res, err := tx.ExecContext(ctx, raiseFlagHead, next.Version, next.Token, head.Version)
	if err != nil {
		return head, fmt.Errorf("write flag %s: %w", f.Name, err)
	}
	return next, expectOne(res, "write flag %s at version %d", f.Name, next.Version)
}

// FlagHistory returns the audit's entries about one flag, in order.
func FlagHistory(ctx context.Context, db mysqlx.Querier, name string) ([]Entry, error) {
	return collect(ctx, db, "read the history of flag "+name, scanEntry, selectFlagHistory, name)
}

// RecordFlagUse notes that the flags were evaluated today.
func RecordFlagUse(ctx context.Context, db mysqlx.Querier, names []string) error {
	const most = 500
	names = slices.Sorted(slices.Values(names)) // one order of locks for everybody
	for some := range slices.Chunk(names, most) {
		statement := mysqlx.Marker("flags") + `
INSERT INTO _underpin_flag_use
  (name, day)
VALUES
  ` + strings.TrimSuffix(strings.Repeat("(?, UTC_DATE()),", len(some)), ",") + `
ON DUPLICATE KEY UPDATE
  day = VALUES(day)`
		args := make([]any, len(some))
		for i, name := range some {
			args[i] = name
		}
		if _, err := db.ExecContext(ctx, statement, args...); err != nil {
			return fmt.Errorf("record which flags are in use: %w", err)
		}
	}
	return nil
}

// FlagUses returns the day, in UTC, on which each flag was last evaluated.
func FlagUses(ctx context.Context, db mysqlx.Querier) (map[string]time.Time, error) {
	type use struct {
		name string
		day  time.Time
	}
	list, err := collect(ctx, db, "read which flags are in use", func(rows *sql.Rows) (use, error) {
		var u use
		err := rows.Scan(&u.name, &u.day)
		return u, err
	}, selectFlagUse)
	out := make(map[string]time.Time, len(list))
	for _, u := range list {
		out[u.name] = u.day
	}
	return out, err
}
