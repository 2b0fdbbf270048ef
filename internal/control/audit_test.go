package control_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// errorsAs is errors.As, for a switch.
func errorsAs[T error](err error, target *T) bool { return errors.As(err, target) }

func audit(ctx context.Context, db *sql.DB, action string, detail any) error {
	return mysqlx.Backoff{Attempts: 50}.Retry(ctx, mysqlx.RetryUnit, func(ctx context.Context) error {
		return inTx(ctx, db, func(tx *sql.Tx) error { return control.Audit(ctx, tx, "ann", change, action, detail) })
	})
}

func chain(t *testing.T, db *sql.DB) []control.Entry {
	t.Helper()
	all, err := control.AuditAfter(t.Context(), db, 0)
	require.NoError(t, err)
	return all
}

func TestAuditChainHoldsUnderManyWriters(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		const writers, each = 16, 12
		errs := make([]error, writers)
		var wait sync.WaitGroup
		for n := range writers {
			wait.Go(func() {
				for i := range each {
					errs[n] = errors.Join(errs[n], audit(t.Context(), db, fmt.Sprintf("writer-%d", n), map[string]any{"i": i, "text": "ä\"<&>😀"}))
				}
			})
		}
		wait.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		all := chain(t, db)
		require.Len(t, all, writers*each)
		last, err := control.CheckChain(control.Entry{}, all)
		require.NoError(t, err)
		require.Equal(t, all[len(all)-1], last)
		// In pieces, as it is read.
		half, err := control.CheckChain(control.Entry{}, all[:50])
		require.NoError(t, err)
		rest, err := control.AuditAfter(t.Context(), db, half.ID)
		require.NoError(t, err)
		_, err = control.CheckChain(half, rest)
		require.NoError(t, err)
	})
}

func TestAuditIsPartOfItsTransaction(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		no := errors.New("no")
		require.ErrorIs(t, inTx(t.Context(), db, func(tx *sql.Tx) error {
			require.NoError(t, control.Audit(t.Context(), tx, "ann", change, "plan", nil))
			return no
		}), no)
		require.Empty(t, chain(t, db))
		require.NoError(t, audit(t.Context(), db, "plan", nil))
		require.Equal(t, uint64(1), chain(t, db)[0].ID)
		require.Error(t, control.Audit(t.Context(), db, "ann", change, "plan", func() {}))
	})
}

func TestCheckChainFindsWhatWasDoneToTheAudit(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		for n := range 5 {
			require.NoError(t, audit(t.Context(), db, "step", map[string]int{"n": n}))
		}
		all := chain(t, db)
		_, err := control.CheckChain(control.Entry{}, all)
		require.NoError(t, err)
		for name, statement := range map[string]string{
			"detail":  "UPDATE _underpin_audit SET detail = '{\"n\": 2}' WHERE id = 3",
			"actor":   "UPDATE _underpin_audit SET actor = 'bob' WHERE id = 3",
			"time":    "UPDATE _underpin_audit SET at = at + INTERVAL 1 MICROSECOND WHERE id = 3",
			"change":  "UPDATE _underpin_audit SET `change` = 'x' WHERE id = 3",
			"action":  "UPDATE _underpin_audit SET action = 'Step' WHERE id = 5",
			"removed": "DELETE FROM _underpin_audit WHERE id = 3",
			"first":   "DELETE FROM _underpin_audit WHERE id = 1",
			"swapped": "UPDATE _underpin_audit SET id = CASE id WHEN 2 THEN 103 WHEN 3 THEN 102 END WHERE id IN (2, 3)",
		} {
			tx, err := db.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			exec(t, tx, statement)
			got, err := control.AuditAfter(t.Context(), tx, 0)
			require.NoError(t, err)
			require.NoError(t, tx.Rollback())
			require.NotEqual(t, all, got, name)
			_, err = control.CheckChain(control.Entry{}, got)
			require.ErrorIs(t, err, control.ErrAuditBroken, name)
		}
		// One put in between, with the ids after it moved up.
		forged := slices.Insert(slices.Clone(all), 2, control.Entry{ID: 3, At: all[2].At, Actor: "bob", Prev: all[1].Hash, Hash: all[2].Hash})
		for i := range forged[3:] {
			forged[3+i].ID++
		}
		_, err = control.CheckChain(control.Entry{}, forged)
		require.ErrorIs(t, err, control.ErrAuditBroken)
	})
}
