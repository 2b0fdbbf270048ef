package dualwrite_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

func TestEnlistedTransaction(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, tableMove(), tableMoveDDL)
		f.to(migrate.DualWriting)
		people := f.old()
		ctx := t.Context()
		tx, err := f.db.BeginTx(ctx, nil)
		require.NoError(t, err)
		defer func() { _ = tx.Rollback() }()
		mine, err := people.Enlist(ctx, tx)
		require.NoError(t, err)
		require.Equal(t, migrate.DualWrite, mine.Mode())
		_, err = tx.ExecContext(ctx, `INSERT INTO people (id, email, age) VALUES (1, 'A', 1)`)
		require.NoError(t, err)
		_, err = mine.ExecContext(ctx, `INSERT INTO people (id, email, age) VALUES (2, 'B', 2)`)
		require.NoError(t, err)
		require.Error(t, f.tryTransit(), "it holds the fence")
		mine.Touch(1)
		mine.Touch(2)
		require.NoError(t, mine.Finish(ctx))
		require.ErrorIs(t, mine.Finish(ctx), dualwrite.ErrFinished)
		_, err = mine.ExecContext(ctx, `SELECT 1`)
		require.ErrorIs(t, err, dualwrite.ErrFinished)
		require.NoError(t, tx.Commit())
		require.Equal(t, []string{"2"}, f.row(`SELECT COUNT(*) FROM accounts`))
		f.inStep(migrate.StepExact)
	})
}

func TestEnlistedTransactionTellsOnMistakes(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		f.shortWaits()
		f.to(migrate.DualWriting)
		names := f.old()
		ctx := t.Context()
		enlist := func(fn func(tx *sql.Tx, mine *dualwrite.Tx) error) error {
			tx, err := f.db.BeginTx(ctx, nil)
			require.NoError(t, err)
			defer func() { _ = tx.Rollback() }()
			mine, err := names.Enlist(ctx, tx)
			require.NoError(t, err)
			if err := fn(tx, mine); err != nil {
				return err
			}
			return mine.Finish(ctx)
		}
		require.ErrorIs(t, enlist(func(_ *sql.Tx, mine *dualwrite.Tx) error {
			_, err := mine.ExecContext(ctx, `INSERT INTO users (name) VALUES ('x')`)
			return err
		}), dualwrite.ErrNothingTouched)

		f.exec(`INSERT INTO users (id, name) VALUES (1, 'a')`)
		f.holdRow(`SELECT 1 FROM users WHERE id = 1 FOR UPDATE`)
		require.ErrorContains(t, enlist(func(_ *sql.Tx, mine *dualwrite.Tx) error {
			mine.Touch(1)
			_, _ = mine.ExecContext(ctx, `UPDATE users SET name = 'b' WHERE id = 1`) // swallowed
			return nil
		}), "roll it back")

		err := names.Write(ctx, func(ctx context.Context, tx *dualwrite.Tx) error { return tx.Finish(ctx) })
		require.ErrorIs(t, err, dualwrite.ErrFinished, "Write does it")

		sees(t, names, f.to(migrate.OnlyNew))
		tx, err := f.db.BeginTx(ctx, nil)
		require.NoError(t, err)
		_, err = names.Enlist(ctx, tx)
		require.ErrorIs(t, err, dualwrite.ErrNotAllowed)
		require.NoError(t, tx.Rollback())
	})
}

// What a row holds comes out of QueryRowContext as it does of *sql.Tx.
func TestQueryRowIsFaithful(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		query := `SELECT CAST(7 AS SIGNED), 1.5, 'text', X'00FF', NULL, CAST('2026-01-02 03:04:05' AS DATETIME), ?`
		type row struct {
			n    int64
			f    float64
			s    string
			b    []byte
			null sql.NullString
			at   time.Time
			arg  any
		}
		scan := func(r *sql.Row) (out row) {
			require.NoError(t, r.Scan(&out.n, &out.f, &out.s, &out.b, &out.null, &out.at, &out.arg))
			return out
		}
		want := scan(f.db.QueryRowContext(t.Context(), query, "arg"))
		require.NoError(t, f.old().Write(t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error {
			require.Equal(t, want, scan(tx.QueryRowContext(ctx, query, "arg")))
			require.ErrorIs(t, tx.QueryRowContext(ctx, `SELECT id FROM users`).Scan(new(int)), sql.ErrNoRows)
			require.ErrorContains(t, tx.QueryRowContext(ctx, `SELECT nothing FROM users`).Scan(new(int)), "nothing")
			require.ErrorContains(t, tx.QueryRowContext(ctx, `SELECT 1, 2`).Scan(new(int)), "expected 2 destination arguments")
			return nil
		}))
	})
}
