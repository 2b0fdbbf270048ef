package dualwrite_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

func which(t testing.TB, c *dualwrite.Change, key any) string {
	t.Helper()
	v, err := dualwrite.Read(t.Context(), c, key, answer("source"), answer("target"))
	require.NoError(t, err)
	return v
}

// The ramp goes by the key's place, is sticky, and only ever widens.
func TestReadsFollowTheRamp(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		f.to(migrate.ReadingNew, ramp(0))
		names := f.old()
		for _, share := range []uint16{0, 100, 2500, 5000, migrate.RampFull} {
			sees(t, names, f.to(migrate.ReadingNew, ramp(share)))
			for id := range 200 {
				place, err := flags.Bucket(splitName, id)
				require.NoError(t, err)
				want := "source"
				if place < share {
					want = "target"
				}
				require.Equal(t, want, which(t, names, id))
				require.Equal(t, want, which(t, names, dualwrite.Key{int64(id)}), "a key in parts is the same key")
			}
		}
		_, err := dualwrite.Read(t.Context(), names, 1.5, answer("source"), answer("target"))
		require.ErrorIs(t, err, flags.ErrKeyType)
	})
}

func TestReadsStickToWhatTheyAreTold(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		sees(t, f.old(), f.to(migrate.ReadingNew, ramp(5000)))
		names := f.old()
		seen := map[string]bool{}
		for id := range 50 {
			v, err := dualwrite.ReadWith(t.Context(), names, id, dualwrite.ReadOptions[string]{Sticky: "tenant 7"}, answer("source"), answer("target"))
			require.NoError(t, err)
			seen[v] = true
		}
		require.Len(t, seen, 1, "all rows of a tenant come from one shape")
		require.Equal(t, which(t, names, nil), which(t, names, nil), "a read without a key has one place")
	})
}

// A release that writes the target shape reads the target, wherever the ramp
// stands; it needs no other reader.
func TestNewReleaseReadsTheTarget(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		f.to(migrate.ReadingNew, ramp(0))
		v, err := dualwrite.Read(t.Context(), f.new(), 1, nil, answer("target"))
		require.NoError(t, err)
		require.Equal(t, "target", v)
		_, err = dualwrite.Read(t.Context(), f.old(), 1, nil, answer("target"))
		require.ErrorIs(t, err, dualwrite.ErrNoReader)
		require.ErrorContains(t, err, "pass a reader of the source shape")
	})
}

func TestReadReturnsTheReadersError(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		mine := errors.New("no such user")
		v, err := dualwrite.Read(t.Context(), f.old(), 1, func(context.Context, dualwrite.Querier) (string, error) { return "and a value", mine }, nil)
		require.Equal(t, mine, err)
		require.Equal(t, "and a value", v)
	})
}

// personReaders read a person's mail from either table.
func personReaders(id int64) (readOld, readNew dualwrite.Reader[string]) {
	reader := func(query string) dualwrite.Reader[string] {
		return func(ctx context.Context, q dualwrite.Querier) (mail string, err error) {
			err = q.QueryRowContext(ctx, query, id).Scan(&mail)
			return mail, err
		}
	}
	return reader(`SELECT LOWER(email) FROM people WHERE id = ?`), reader(`SELECT mail FROM accounts WHERE id = ?`)
}

func TestCopyOnRead(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, tableMove(), tableMoveDDL)
		f.exec(`INSERT INTO people (id, email, age) VALUES (1, 'Ada', 1), (2, 'Bob', 500), (3, 'ada', 3)`)
		f.to(migrate.Backfilling, copyOnRead)
		people := f.old()
		read := func(id int64) (string, error) {
			readOld, readNew := personReaders(id)
			return dualwrite.Read(t.Context(), people, id, readOld, readNew)
		}
		mail, err := read(1)
		require.NoError(t, err)
		require.Equal(t, "ada", mail)
		require.Equal(t, []string{"ada", "1"}, f.row(`SELECT mail, age FROM accounts WHERE id = 1`), "the row was brought over")
		f.exec(`UPDATE accounts SET mail = 'from the target' WHERE id = 1`)
		mail, err = read(1)
		require.NoError(t, err)
		require.Equal(t, "from the target", mail, "and is read where it is now")

		mail, err = read(2)
		require.NoError(t, err, "a row that does not fit is read from the source")
		require.Equal(t, "bob", mail)
		require.Nil(t, f.row(`SELECT 1 FROM accounts WHERE id = 2`))

		f.exec(`UPDATE accounts SET mail = 'ada' WHERE id = 1`)
		mail, err = read(3)
		require.NoError(t, err, "so is one that collides")
		require.Equal(t, "ada", mail)

		_, err = read(99)
		require.ErrorIs(t, err, sql.ErrNoRows)
		list, err := dualwrite.Read(t.Context(), people, nil, answer("the source is complete"), answer("the target is not"))
		require.NoError(t, err)
		require.Equal(t, "the source is complete", list)
	})
}

// A row that is being read for the first time while it is deleted does not come
// back to life: the copy locks the source row first.
func TestCopyOnReadAgainstDeletes(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, tableMove(), tableMoveDDL)
		f.to(migrate.Backfilling, copyOnRead)
		people := f.old()
		for id := int64(1); id <= 20; id++ {
			f.exec(`INSERT INTO people (id, age) VALUES (?, 1)`, id)
			readOld, readNew := func(context.Context, dualwrite.Querier) (int, error) { return 0, nil }, func(context.Context, dualwrite.Querier) (int, error) { return 0, nil }
			done := make(chan error, 2)
			for range 2 {
				go func() {
					_, err := dualwrite.Read(t.Context(), people, id, readOld, readNew)
					done <- err
				}()
			}
			require.NoError(t, removeAge(t.Context(), people, id))
			require.NoError(t, errors.Join(<-done, <-done))
			require.Nil(t, f.row(`SELECT 1 FROM accounts WHERE id = ?`, id))
		}
		f.inStep(migrate.StepExact)
	})
}

// shadowSetup joins a client that compares every read.
func shadowSetup(f *fixture) *dualwrite.Change {
	cfg := f.config(migrate.SourceShape, migrate.NewOnly)
	cfg.Changes[0].Shadow = migrate.RampFull
	return f.join(cfg).Change(f.change.Name)
}

// shadowRow waits until the fleet has heard of so many shadow reads.
func (f *fixture) shadowRow(reads string) []string {
	f.t.Helper()
	query := "SELECT shadow_reads, shadow_diffs, shadow_sample, shadow_epoch FROM _underpin_support"
	eventually(f.t, func() bool { return f.row(query)[0] == reads })
	return f.row(query)
}

func TestShadowReads(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, tableMove(), tableMoveDDL)
		f.exec(`INSERT INTO people (id, email, age) VALUES (1, 'Ada', 1), (2, 'Bob', 2)`)
		f.exec(`INSERT INTO accounts (id, mail, age) VALUES (1, 'ada', 1), (2, 'rob', 2)`)
		people := shadowSetup(f)
		read := func(id int64) {
			readOld, readNew := personReaders(id)
			_, err := dualwrite.Read(t.Context(), people, id, readOld, readNew)
			require.True(t, err == nil || errors.Is(err, sql.ErrNoRows))
		}
		sees(t, people, f.to(migrate.Backfilling))
		read(1)
		verified := f.to(migrate.Verified)
		sees(t, people, verified)
		require.Equal(t, "0", f.row("SELECT shadow_reads FROM _underpin_support")[0], "an incomplete target is not compared")
		read(1)
		read(99) // neither has it
		require.Equal(t, []string{"2", "0", "", itoa(verified.Epoch)}, f.shadowRow("2"))
		read(2)
		require.Equal(t, []string{"3", "1", "2", itoa(verified.Epoch)}, f.shadowRow("3"))

		// The count belongs to the phase.
		first := f.to(migrate.ReadingNew, ramp(100))
		sees(t, people, first)
		second := f.to(migrate.ReadingNew, ramp(200))
		sees(t, people, second)
		read(1)
		require.Equal(t, []string{"1", "0", "", itoa(first.Epoch)}, f.shadowRow("1"))
	})
}

// Writes going on make no false alarm: both shapes are read from one snapshot.
func TestShadowReadsAgainstWrites(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, tableMove(), tableMoveDDL)
		f.exec(`INSERT INTO people (id, email, age) VALUES (1, 'A0', 1)`)
		f.exec(`INSERT INTO accounts (id, mail, age) VALUES (1, 'a0', 1)`)
		people := shadowSetup(f)
		sees(t, people, f.to(migrate.Verified))
		readOld, readNew := personReaders(1)
		stop, done := make(chan struct{}), make(chan error, 1)
		go func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					done <- nil
					return
				default:
				}
				if err := exec1(t.Context(), people, []any{1}, `UPDATE people SET email = ? WHERE id = 1`, "A"+itoa(uint64(n))); err != nil {
					done <- err
					return
				}
			}
		}()
		compared := func() string { return f.row("SELECT shadow_reads > 30 FROM _underpin_support")[0] }
		eventually(t, func() bool {
			_, err := dualwrite.Read(t.Context(), people, 1, readOld, readNew)
			require.NoError(t, err)
			return compared() == "1"
		})
		close(stop)
		require.NoError(t, <-done)
		require.Equal(t, []string{"0"}, f.row("SELECT shadow_diffs FROM _underpin_support"))
	})
}

// Deciding where to read costs no allocation. The test is not parallel, because
// allocations are counted for the whole process.
func TestDecidingDoesNotAllocate(t *testing.T) {
	f := newFixture(t, servers.ForTest(t, servers.MariaDB), nameSplit(), nameSplitDDL)
	now := f.to(migrate.ReadingNew, ramp(5000))
	cfg := f.config(migrate.SourceShape, migrate.NewOnly)
	cfg.Poll, cfg.Lease = 1<<40, 1<<43 // so that no beat allocates meanwhile
	names := f.join(cfg).Change(splitName)
	f.acknowledged(now)
	var key any = int64(1 << 40)
	require.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = names.Decide(key) }))
	require.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = names.Choose(key) }))
}

// BenchmarkChoose is the mode, the key's place and the ramp; BenchmarkDecide
// everything that a read costs besides reading, the clock included.
func BenchmarkChoose(b *testing.B) {
	benchmarkDecision(b, func(c *dualwrite.Change) func(any) (migrate.Shape, error) { return c.Choose })
}

func BenchmarkDecide(b *testing.B) {
	benchmarkDecision(b, func(c *dualwrite.Change) func(any) (migrate.Shape, error) { return c.Decide })
}

func benchmarkDecision(b *testing.B, of func(*dualwrite.Change) func(any) (migrate.Shape, error)) {
	f := newFixture(b, servers.ForTest(b, servers.MariaDB), nameSplit(), nameSplitDDL)
	f.to(migrate.ReadingNew, ramp(5000))
	decide := of(f.join(dualwrite.Config{
		Service: "accounts", Release: "r1", Changes: []dualwrite.Support{{Change: splitName, Writes: migrate.SourceShape, Through: migrate.ReadNew}},
	}).Change(splitName))
	var key any = int64(1 << 40)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decide(key); err != nil {
			b.Fatal(err)
		}
	}
}
