package plan

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// ownPrefix begins the names of all tables that belong to Underpin.
const ownPrefix = "_underpin_"

// IsOwn reports whether a table of that name belongs to Underpin: its control
// tables, and what a change of its own holds or tries.
func IsOwn(table string) bool { return strings.HasPrefix(strings.ToLower(table), ownPrefix) }

// ScratchPrefix begins the name of every scratch table. A table of that name
// is always empty and may be dropped; planning the same change again drops
// what a killed process has left.
const ScratchPrefix = ownPrefix + "scratch_"

const (
	lockWait       = 30 * time.Second
	cleanupTimeout = 30 * time.Second

	queryLock   = `/* underpin plan */ SELECT GET_LOCK(?, ?)`
	queryUnlock = `/* underpin plan */ SELECT RELEASE_LOCK(?)`
)

// ErrBusy says that somebody else is planning the same change right now.
var ErrBusy = errors.New("the same change is being planned by somebody else: wait until that is done")

// scratch is a pair of empty tables on which DDL is tried, and a third one for
// what they refer to.
type scratch struct {
	conn                   *mysqlx.Session // kills at the server what is cancelled
	source, target, parent string          // names of the scratch tables
	live                   struct{ source, target string }
}

// withScratch calls fn with scratch tables' names, and drops the tables
// afterwards however fn ended.
func withScratch(ctx context.Context, db *sql.DB, database string, f *File, fn func(*scratch) error) (err error) {
	conn, err := mysqlx.NewSession(ctx, db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	sum := sha256.Sum256([]byte(database + "\x00" + f.Change.Text))
	id := hex.EncodeToString(sum[:8])
	s := &scratch{conn: conn, source: ScratchPrefix + id + "_s", target: ScratchPrefix + id + "_t", parent: ScratchPrefix + id + "_p"}
	s.live.source, s.live.target = f.Source.Table.Text, f.Target.Table.Text

	lock := "underpin plan " + id
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, queryLock, lock, int(lockWait.Seconds())).Scan(&got); err != nil {
		return fmt.Errorf("take the lock %q: %w", lock, err)
	}
	if got.Int64 != 1 {
		return ErrBusy
	}
	defer s.unlock(ctx, lock)
	if err := s.drop(ctx, db); err != nil {
		return err // nothing is made yet
	}
	defer func() { err = errors.Join(err, s.cleanUp(ctx, db)) }()
	return fn(s)
}

// drop drops the scratch tables if they are there.
func (s *scratch) drop(ctx context.Context, q mysqlx.Querier) error {
	for _, name := range []string{s.source, s.target, s.parent} {
		if _, err := q.ExecContext(ctx, "/* underpin plan */ DROP TABLE IF EXISTS "+mysqlx.Quote(name)); err != nil {
			return fmt.Errorf("drop the scratch table %s: %w", name, explain(err))
		}
	}
	return nil
}

// cleanUp drops the scratch tables, if need be over another connection than
// the one that made them. It does so even though ctx may have ended.
func (s *scratch) cleanUp(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	if s.drop(ctx, s.conn) == nil {
		return nil
	}
	if err := s.drop(ctx, db); err != nil {
		return fmt.Errorf("clean up: %w: drop the table by hand, or plan the change again", err)
	}
	return nil
}

// unlock gives the lock back, even though ctx may have ended.
func (s *scratch) unlock(ctx context.Context, lock string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	var freed sql.NullInt64
	// A lock that cannot be given back went with its connection.
	_ = s.conn.QueryRowContext(ctx, queryUnlock, lock).Scan(&freed)
}

// of returns the scratch table that stands for a live one.
func (s *scratch) of(live string) string {
	if live == s.live.target && live != s.live.source {
		return s.target
	}
	return s.source
}

// copySource makes the scratch of the source.
func (s *scratch) copySource(ctx context.Context) error { return s.copy(ctx, s.live.source) }

// copy makes the scratch of a live table.
func (s *scratch) copy(ctx context.Context, live string) error {
	return s.exec(ctx, "/* underpin plan */ CREATE TABLE "+mysqlx.Quote(s.of(live))+" LIKE "+mysqlx.Quote(live))
}

// exec runs a statement on the scratch's connection.
func (s *scratch) exec(ctx context.Context, stmt string) error {
	_, err := s.conn.ExecContext(ctx, stmt)
	return err
}

// unscratch puts the live tables' names into words of the server.
func (s *scratch) unscratch(words string) string {
	return strings.NewReplacer(s.source, s.live.source, s.target, s.live.target).Replace(words)
}

// rejected reports whether an error says that the statement itself is at
// fault, so that it is a finding about the change, with the server's words.
func rejected(err error) (words string, ok bool) {
	switch mysqlx.Classify(err) {
	case mysqlx.ClassOther, mysqlx.ClassSchema, mysqlx.ClassValue, mysqlx.ClassDuplicate:
		return serverWords(err)
	}
	return "", false
}
