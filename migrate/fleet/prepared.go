package fleet

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// A prepared transaction outlives the session that wrote it. One from before the
// change, committed later, brings writes that no mirror saw.

// listPrepared tells of them as they are now. MySQL asks XA_RECOVER_ADMIN for
// it, MariaDB nothing.
const listPrepared = `/* underpin evidence */
XA RECOVER`

// selectDetached lists transactions without a session: prepared ones, and now
// and then one of the server's own.
const selectDetached = `/* underpin evidence */
SELECT CAST(trx_id AS CHAR)
FROM information_schema.INNODB_TRX
WHERE trx_mysql_thread_id = 0`

// preparedNow names the prepared transactions. Where it cannot be told, that is
// noted, and stays so.
func (w *watch) preparedNow(ctx context.Context) (map[string]bool, error) {
	if w.method == MethodNone {
		return map[string]bool{}, nil
	}
	out, err := w.recoverable(ctx)
	if mysqlx.Classify(err) == mysqlx.ClassPrivilege {
		out, err = w.detached(ctx)
	}
	if errors.Is(err, mysqlx.ErrStaleTransactions) {
		w.unproven, err = true, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for prepared transactions: %w", err)
	}
	return out, nil
}

// recoverable lists prepared transactions by their names.
func (w *watch) recoverable(ctx context.Context) (map[string]bool, error) {
	out := map[string]bool{}
	return out, each(ctx, w.conn, listPrepared, func(rows *sql.Rows) error {
		var format, global, branch int
		var data []byte
		if err := rows.Scan(&format, &global, &branch, &data); err != nil {
			return err
		}
		if global < 0 || branch < 0 || global+branch > len(data) {
			return fmt.Errorf("XA RECOVER answers %d bytes for a name of %d and %d", len(data), global, branch)
		}
		out[fmt.Sprintf("X'%X',X'%X',%d", data[:global], data[global:global+branch], format)] = true
		return nil
	})
}

// detached lists transactions without a session by the server's numbers.
func (w *watch) detached(ctx context.Context) (map[string]bool, error) {
	out := map[string]bool{}
	err := mysqlx.FreshTransactions(ctx, w.conn, func(ctx context.Context) error {
		return each(ctx, w.conn, selectDetached, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			out[id] = true
			return err
		})
	})
	return out, err
}

// preparedBlockers are the transactions that were there in the first look and
// still are in the last; the server's own do not last.
func (w *watch) preparedBlockers() []Blocker {
	if w.unproven {
		return []Blocker{{User: preparedUser, LastSeen: time.Now(), Reason: fmt.Sprintf("whether prepared transactions from before the change "+
			"are there cannot be told: %v; or GRANT XA_RECOVER_ADMIN ON *.* to this user, which may then ask for them directly", mysqlx.ErrStaleTransactions)}}
	}
	var out []Blocker
	for _, id := range slices.Sorted(maps.Keys(w.prepared)) {
		out = append(out, Blocker{
			User: preparedUser, LastSeen: time.Now(),
			Reason: fmt.Sprintf("transaction %s is prepared; committed later, it would bring writes from before the change: "+
				"commit it or roll it back (XA RECOVER lists it)", id),
		})
	}
	return out
}
