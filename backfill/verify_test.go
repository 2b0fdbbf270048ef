package backfill

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

func TestEveryKindOfDifferenceIsFound(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		text := declared{
			ddl: []string{
				"CREATE TABLE src (id BIGINT NOT NULL PRIMARY KEY, a VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL, b INT NULL, c CHAR(20) NULL, d BINARY(4) NULL, e DOUBLE NULL, g DECIMAL(10,2) NULL, h DATETIME(6) NULL)",
				"CREATE TABLE dst LIKE src",
			},
			source: "src", target: "dst", key: []string{"id"},
			forward: [][2]string{{"a", "{a}"}, {"b", "{b}"}, {"c", "{c}"}, {"d", "{d}"}, {"e", "{e}"}, {"g", "{g}"}, {"h", "{h}"}},
		}
		f := newFixture(t, s, text)
		f.exec("INSERT INTO src VALUES (1, 'Straße', 1, 'char', X'01020300', 0.1, 1.10, '2024-01-01 00:00:00.000001'), (2, '', 0, '', X'00000000', 0, 0, '2024-01-01'), (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL)")
		f.backfill(f.config())
		f.requireInStep(3)
		for _, plant := range []struct {
			what, sql string
			want      shape.Counts
		}{
			{"missing", "DELETE FROM dst WHERE id = 2", shape.Counts{Compared: 3, Missing: 1}},
			{"missing at the beginning", "DELETE FROM dst WHERE id = 1", shape.Counts{Compared: 3, Missing: 1}},
			{"missing at the end", "DELETE FROM dst WHERE id = 3", shape.Counts{Compared: 3, Missing: 1}},
			{"extra", "INSERT INTO dst (id) VALUES (4)", shape.Counts{Compared: 4, Extra: 1}},
			{"extra before the first", "INSERT INTO dst (id) VALUES (-9)", shape.Counts{Compared: 4, Extra: 1}},
			{"one letter", "UPDATE dst SET a = 'Strasse' WHERE id = 1", shape.Counts{Compared: 3, Different: 1}},
			{"case only", "UPDATE dst SET a = 'strAße' WHERE id = 1", shape.Counts{Compared: 3, Different: 1}},
			{"a trailing space", "UPDATE dst SET a = 'Straße ' WHERE id = 1", shape.Counts{Compared: 3, Different: 1}},
			{"case of a char", "UPDATE dst SET c = 'Char' WHERE id = 1", shape.Counts{Compared: 3, Different: 1}},
			{"NULL for ''", "UPDATE dst SET a = NULL WHERE id = 2", shape.Counts{Compared: 3, Different: 1}},
			{"'' for NULL", "UPDATE dst SET a = '' WHERE id = 3", shape.Counts{Compared: 3, Different: 1}},
			{"NULL for a char", "UPDATE dst SET c = NULL WHERE id = 2", shape.Counts{Compared: 3, Different: 1}},
			{"'' for NULL in a char", "UPDATE dst SET c = '' WHERE id = 3", shape.Counts{Compared: 3, Different: 1}},
			{"0 for NULL", "UPDATE dst SET b = 0 WHERE id = 3", shape.Counts{Compared: 3, Different: 1}},
			{"one bit of a binary", "UPDATE dst SET d = X'01020301' WHERE id = 1", shape.Counts{Compared: 3, Different: 1}},
			{"the last bit of a double", "UPDATE dst SET e = 0.1 + 1e-17 * 2 WHERE id = 1", shape.Counts{Compared: 3, Different: 1}},
			{"a cent", "UPDATE dst SET g = 1.11 WHERE id = 1", shape.Counts{Compared: 3, Different: 1}},
			{"a microsecond", "UPDATE dst SET h = '2024-01-01' WHERE id = 1", shape.Counts{Compared: 3, Different: 1}},
			{"two rows for each other", "UPDATE dst SET b = 1 - b WHERE id < 3", shape.Counts{Compared: 3, Different: 2}},
			{"everything", "DELETE FROM dst", shape.Counts{Compared: 3, Missing: 3}},
		} {
			f.exec(plant.sql)
			for _, chunk := range []int{1, 2, 1000} {
				r := f.verify(VerifyConfig{ChunkMin: chunk, ChunkMax: chunk})
				got := shape.Counts{Compared: r.Compared, Missing: r.Missing, Extra: r.Extra, Different: r.Different, Finer: r.Finer}
				require.Equal(t, plant.want, got, plant.what)
				require.False(t, r.Clean(), plant.what)
				require.Len(t, r.Examples, int(r.Differ()), plant.what)
			}
			f.exec("DELETE FROM dst")
			f.exec("INSERT INTO dst SELECT * FROM src")
			f.requireInStep(3)
		}
	})
}

func TestVerifyNeedsNothingButSelect(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(30)
		f.backfill(f.config())
		f.exec("DELETE FROM dst WHERE id = 4")
		reader := openPool(t, f.d.User(t, "SELECT"))
		r := f.verify(VerifyConfig{DB: reader})
		require.EqualValues(t, 30, r.Compared)
		require.EqualValues(t, 1, r.Missing)
		require.Equal(t, []string{"4"}, r.Examples)

		_, err := Verify(t.Context(), VerifyConfig{DB: reader, Change: f.change, Repair: migrate.Yes, Attempts: 2})
		require.Equal(t, mysqlx.ClassPrivilege, mysqlx.Classify(err))
		require.Equal(t, "29", f.one("SELECT COUNT(*) FROM dst"))
	})
}

func TestRepairIsNotClean(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(30)
		f.backfill(f.config())
		f.exec("DELETE FROM dst WHERE id IN (1, 4)")
		f.exec("UPDATE dst SET y = 0 WHERE id = 7")
		f.exec("INSERT INTO dst (id) VALUES (2)")
		r := f.verify(VerifyConfig{Repair: migrate.Yes, Examples: 2, ChunkMin: 2, ChunkMax: 2})
		require.EqualValues(t, 4, r.Repaired)
		require.EqualValues(t, 4, r.Differ())
		require.Len(t, r.Examples, 2)
		require.False(t, r.Clean())
		f.requireInStep(30)
	})
}

// What differs again as soon as it is repaired is never reported as clean.
func TestPersistentCorrupterIsNeverClean(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(5)
		f.backfill(f.config())
		f.exec("CREATE TRIGGER meddle BEFORE UPDATE ON dst FOR EACH ROW SET NEW.y = 0")
		f.exec("UPDATE dst SET y = 0")
		_, err := Verify(t.Context(), VerifyConfig{DB: f.db, Change: f.change, Repair: migrate.Yes})
		require.ErrorIs(t, err, ErrNotConverging)
		require.False(t, f.verify(VerifyConfig{}).Clean())
	})
}

func TestRepairRefusesAnotherEpoch(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(5)
		v := &verifier{cfg: VerifyConfig{DB: f.db, Change: f.change}.withDefaults(), mapper: f.mapper}
		v.setting, _ = control.Setting(t.Context(), f.db, f.change.Name)
		f.phase(migrate.Backfilling, f.run+1)
		require.ErrorIs(t, v.repair(t.Context(), shape.Key{int64(1)}), ErrSuperseded)
		require.Equal(t, "0", f.one("SELECT COUNT(*) FROM dst"))
	})
}

func TestVerifyRefusesPhasesThatKeepNothingInStep(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		for _, p := range migrate.Phases() {
			f.phase(p, f.run)
			_, err := Verify(t.Context(), VerifyConfig{DB: f.db, Change: f.change})
			if w := p.Mode().Writes(); w.Source && w.Target {
				require.NoError(t, err, p)
			} else {
				require.ErrorIs(t, err, ErrNotKeptInStep, p)
			}
		}
	})
}

func TestVerifyCountsFinerPairs(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.exec("INSERT INTO src (id, a, b) VALUES (1, 'anna', 1), (2, 'bob', 1)")
		f.exec("INSERT INTO dst (id, x, y) VALUES (1, 'Anna', 2), (2, 'BOB', 2)") // LOWER('Anna') = 'anna'
		require.EqualValues(t, 1, f.verify(VerifyConfig{}).Different)
		f.exec("UPDATE _underpin_change SET rule = 'either'")
		r := f.verify(VerifyConfig{})
		require.True(t, r.Clean())
		require.EqualValues(t, 1, r.Finer)
		require.Equal(t, migrate.StepEither, r.Rule)
	})
}

func TestChainFindsHolesAndRepeats(t *testing.T) {
	t.Parallel()
	k := func(n int64) shape.Key { return shape.Key{n, []byte{1}} }
	whole := []keyRange{{n: 0, high: k(1)}, {n: 1, low: k(1), high: k(5)}, {n: 2, low: k(5)}}
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}} {
		var c chain
		for _, i := range order {
			require.ErrorIs(t, c.whole(), ErrNotCovered)
			require.NoError(t, c.add(whole[i]))
		}
		require.NoError(t, c.whole())
	}
	for name, broken := range map[string][]keyRange{
		"hole":     {{n: 0, high: k(1)}, {n: 1, low: k(2)}},
		"repeated": {{n: 0, high: k(1)}, {n: 0, high: k(1)}},
		"no end":   {{n: 0, high: k(1)}},
		"no start": {{n: 0, low: k(1)}},
		"missing":  {{n: 0, high: k(1)}, {n: 2, low: k(5)}},
		"restart":  {{n: 0}, {n: 1}},
		"nothing":  {},
	} {
		var c chain
		var err error
		for _, r := range broken {
			if err = c.add(r); err != nil {
				break
			}
		}
		if err == nil {
			err = c.whole()
		}
		require.ErrorIs(t, err, ErrNotCovered, name)
	}
}

// writer is an application instance that dual-writes random rows.
type writer struct {
	f         *fixture
	seed      uint64
	written   atomic.Int64
	deadlocks atomic.Int64
	slowest   atomic.Int64 // the longest transaction, in ns
}

func (w *writer) run(ctx context.Context) error {
	r := rand.New(rand.NewPCG(w.seed, 1))
	s, err := mysqlx.NewSession(ctx, w.f.db)
	if err != nil {
		return err
	}
	defer s.Close()
	for ctx.Err() == nil {
		id := r.Int64N(1500)
		var write string
		var args []any
		switch r.IntN(4) {
		case 0:
			write, args = "DELETE FROM src WHERE id = ?", []any{id}
		case 1:
			write, args = "UPDATE src SET a = CONCAT(?, id), b = b + 1 WHERE id = ?", []any{fmt.Sprint("w", w.seed, " "), id}
		default:
			write, args = "INSERT INTO src (id, a, b) VALUES (?, ?, ?)", []any{id, fmt.Sprint("new ", r.IntN(100)), r.IntN(1000)}
		}
		started := time.Now()
		err := w.f.mirror(context.WithoutCancel(ctx), s, shape.Key{id}, write, args...)
		w.slowest.Store(max(w.slowest.Load(), int64(time.Since(started))))
		switch mysqlx.Classify(err) {
		case mysqlx.ClassNone:
			w.written.Add(1)
		case mysqlx.ClassDeadlock:
			w.deadlocks.Add(1)
		case mysqlx.ClassDuplicate, mysqlx.ClassLockWait:
		default:
			return err
		}
	}
	return nil
}

// Dual-writing writers insert, change and delete rows all over the table while
// two workers copy it and a verification looks on: no pair is ever out of step
// where the copy has been, and all are in the end.
func TestBackfillUnderLoad(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(500)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var wg sync.WaitGroup
		writers := make([]*writer, 4)
		errs := make([]error, len(writers))
		for i := range writers {
			writers[i] = &writer{f: f, seed: uint64(i)}
			wg.Go(func() { errs[i] = writers[i].run(ctx) })
		}
		cfg := f.config()
		cfg.SpanRows, cfg.ChunkMax, cfg.Workers = 60, 20, 2
		r := f.backfill(cfg)
		require.True(t, r.Complete())
		for range 5 { // under load
			v := f.verify(VerifyConfig{ChunkMin: 10, ChunkMax: 50})
			require.True(t, v.Clean(), "a false alarm: %s %v", v, v.Examples)
		}
		stop()
		wg.Wait()
		written, deadlocks, slowest := int64(0), int64(0), time.Duration(0)
		for i, w := range writers {
			require.NoError(t, errs[i])
			written, deadlocks = written+w.written.Load(), deadlocks+w.deadlocks.Load()
			slowest = max(slowest, time.Duration(w.slowest.Load()))
		}
		require.Greater(t, written, int64(100))
		t.Logf("%d writes, %d deadlocks among or with them, the slowest took %s", written, deadlocks, slowest)
		f.requireInStep(-1)
		f.plantUnderLoad()
	})
}

// plantUnderLoad plants differences while writers work on other keys.
func (f *fixture) plantUnderLoad() {
	f.t.Helper()
	f.exec("INSERT INTO src (id, a, b) VALUES (100001, 'planted', 1), (100002, 'planted', 1)")
	f.exec("INSERT INTO dst (id, x, y) VALUES (100001, 'PLANTEd', 2), (100003, 'PLANTED', 2)")
	ctx, stop := context.WithCancel(f.t.Context())
	defer stop()
	var wg sync.WaitGroup
	var err error
	wg.Go(func() { err = (&writer{f: f, seed: 99}).run(ctx) })
	for range 3 {
		v := f.verify(VerifyConfig{ChunkMin: 10, ChunkMax: 50})
		require.Equal(f.t, []uint64{1, 1, 1}, []uint64{v.Missing, v.Extra, v.Different}, "%v", v.Examples)
		require.ElementsMatch(f.t, []string{"100001", "100002", "100003"}, v.Examples)
	}
	stop()
	wg.Wait()
	require.NoError(f.t, err)
}

// An ALTER during a verification makes snapshots useless; the chunk is read
// again.
func TestAlterDuringVerification(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(200)
		f.backfill(f.config())
		chunks := 0
		r := f.verify(VerifyConfig{ChunkMin: 5, ChunkMax: 5, Progress: func(Report) {
			if chunks++; chunks%10 == 1 {
				f.exec(fmt.Sprintf("ALTER TABLE dst ADD COLUMN more%d INT NULL", chunks))
			}
		}})
		require.True(t, r.Clean())
		require.EqualValues(t, 200, r.Compared)
		require.GreaterOrEqual(t, chunks, 40)
	})
}

func TestReportInWords(t *testing.T) {
	t.Parallel()
	require.False(t, Report{}.Clean(), "what compared nothing is not clean")
	require.True(t, Report{Chunks: 1}.Clean())
	require.False(t, Report{Chunks: 1, Quarantined: 1}.Clean())
	require.False(t, Report{Chunks: 1, Repaired: 1}.Clean())
	require.True(t, strings.HasPrefix(Report{Chunks: 1, Compared: 5}.String(), "clean: 5 rows"))
	require.True(t, strings.HasPrefix(Report{Chunks: 1, Missing: 5}.String(), "not clean"))
}

// A pass that compared nothing although there are rows is an error, not a
// clean report.
func TestNothingComparedIsNotClean(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		v := &verifier{cfg: VerifyConfig{DB: f.db, Change: f.change}.withDefaults(), mapper: f.mapper}
		var err error
		v.setting, err = v.present(t.Context())
		require.NoError(t, err)
		require.ErrorIs(t, v.conclude(t.Context()), ErrNotCovered)
		require.NoError(t, v.chain.add(keyRange{}))
		require.NoError(t, v.conclude(t.Context()), "an empty table has nothing to compare")
		f.fillSource(1)
		require.ErrorIs(t, v.conclude(t.Context()), ErrNothingCompared)
	})
}

// A change that leaves the phases that keep the shapes in step takes the
// verification's meaning with it.
func TestVerificationIsSuperseded(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(20)
		f.backfill(f.config())
		_, err := Verify(t.Context(), VerifyConfig{DB: f.db, Change: f.change, ChunkMin: 5, ChunkMax: 5, Progress: func(Report) {
			f.phase(migrate.Expanded, f.run+1)
		}})
		require.ErrorIs(t, err, ErrSuperseded)
	})
}

func TestVerifyEndsWithItsContext(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(50)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Verify(ctx, VerifyConfig{DB: f.db, Change: f.change, ChunkMin: 2, ChunkMax: 2, Progress: func(Report) { cancel() }})
		require.ErrorIs(t, err, context.Canceled)
	})
}
