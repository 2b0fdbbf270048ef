package backfill

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// lockWait is how long, in seconds, one statement of a chunk waits for a row
// lock, and for a table's metadata lock: behind a waiter of ours others queue.
const lockWait = 1

const setupSession = `/* underpin copy */
SET SESSION innodb_lock_wait_timeout = ?,
  SESSION lock_wait_timeout = ?`

// restoreSession gives the pool its connection back as it was.
const restoreSession = `/* underpin copy */
SET SESSION innodb_lock_wait_timeout = DEFAULT,
  SESSION lock_wait_timeout = DEFAULT`

const selectSession = `/* underpin copy */
SELECT @@SESSION.sql_mode, @@SESSION.time_zone`

// openSession takes a connection for chunk transactions.
func openSession(ctx context.Context, db *sql.DB) (*mysqlx.Session, error) {
	s, err := mysqlx.NewSession(ctx, db)
	if err != nil {
		return nil, err
	}
	err = checkSession(ctx, s)
	if err == nil {
		_, err = s.Exec(ctx, setupSession, lockWait, lockWait)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("set up a session: %w", err), s.Close())
	}
	return s, nil
}

// checkSession refuses a session that would number a row with key 0 anew,
// truncate a value instead of refusing it, or shift times.
func checkSession(ctx context.Context, s *mysqlx.Session) error {
	var mode, zone string
	if err := s.QueryRow(ctx, selectSession, nil, &mode, &zone); err != nil {
		return err
	}
	for _, need := range []string{"STRICT_TRANS_TABLES", "NO_AUTO_VALUE_ON_ZERO"} {
		if !strings.Contains(mode, need) {
			return fmt.Errorf("%w: sql_mode lacks %s", ErrSession, need)
		}
	}
	if zone != "+00:00" {
		return fmt.Errorf("%w: time_zone is %s and has to be +00:00", ErrSession, zone)
	}
	return nil
}

// closeTimeout bounds what is tidied up after the context has ended.
const closeTimeout = 5 * time.Second

// closeSession gives the connection back. One that is broken cannot be restored
// and is thrown away by the pool, so there is nothing to report.
func closeSession(ctx context.Context, s *mysqlx.Session) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	_, _ = s.Exec(ctx, restoreSession)
	_ = s.Close()
}
