package types

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/backfill"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// Rows below plantable are planted in; those above it are written by the
// application meanwhile.
const (
	planted   = 10_000
	plantable = 12_000
	rows      = plantable + 300
)

// The verification finds each of 10,000 differences that are planted over all
// types and kinds, on each engine and for each kind of change, while the
// application writes; and on clean tables, while it writes, none.
func TestVerifierFindsEveryPlantedDifference(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, s *servers.Server, kind migrate.Kind) {
		w := newWorld(t, s, kind, Columns(string(s.Engine())))
		w.grow(rows)
		w.backfill(backfill.Backfill)
		stop := w.write(2)
		for range 2 {
			r := w.verify(w.change.Mapping)
			require.True(t, r.Clean(), "a false alarm: %s %v", r, r.Examples)
		}
		sown := w.sow(rand.New(rand.NewPCG(9, 7)), planted, plantable)
		require.Len(t, sown, planted)
		all, found, alarms := w.harvest(w.change.Mapping, sown)
		written := stop()
		require.Greater(t, written, 20, "the application wrote meanwhile")
		t.Logf("%d dual writes meanwhile", written)
		tally(t, all, found)
		require.Empty(t, alarms, "reported without a reason")
		require.Empty(t, missed(all, found), "planted and not found")
		w.requireDifferent(sown)
	})
}

// write starts applications that dual-write rows above plantable until stop is
// called, which returns how many writes there were.
func (w *world) write(writers int) (stop func() int) {
	ctx, cancel := context.WithCancel(w.t.Context())
	var wg sync.WaitGroup
	counts, errs := make([]int, writers), make([]error, writers)
	for i := range writers {
		wg.Go(func() { counts[i], errs[i] = w.application(ctx, uint64(i)) })
	}
	return func() (total int) {
		cancel()
		wg.Wait()
		for i, n := range counts {
			require.NoError(w.t, errs[i])
			total += n
		}
		return total
	}
}

// application writes random values to random columns of random rows.
func (w *world) application(ctx context.Context, seed uint64) (int, error) {
	s, err := mysqlx.NewSession(context.WithoutCancel(ctx), w.db)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	r := rand.New(rand.NewPCG(seed, 1))
	n := 0
	for ctx.Err() == nil {
		id := int64(plantable + 1 + r.IntN(rows-plantable))
		var set []string
		for _, i := range r.Perm(len(w.columns))[:3] {
			c := w.columns[i]
			near := c.Pairs()[r.IntN(len(c.Pairs()))]
			set = append(set, mysqlx.Quote(c.Name)+" = "+[]string{near.A, near.B, c.value(r.IntN(100))}[r.IntN(3)])
		}
		write := fmt.Sprintf("UPDATE src SET %s WHERE id = %d", strings.Join(set, ", "), id)
		if w.kind == migrate.TableChange && r.IntN(8) == 0 {
			write = fmt.Sprintf("DELETE FROM src WHERE id = %d", id)
		}
		switch err := w.mirror(context.WithoutCancel(ctx), s, shape.Forward, shape.Key{id}, write); mysqlx.Classify(err) {
		case mysqlx.ClassNone:
			n++
		case mysqlx.ClassDeadlock, mysqlx.ClassLockWait:
		default:
			return n, err
		}
	}
	return n, nil
}

// The harness fails when the verification is blunt: what is planted in columns
// that it does not look at is missed in exactly those, and so is what a blunter
// comparison in the place of a sharper one does not tell apart.
func TestABluntVerifierIsCaught(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s, migrate.TableChange, Columns(string(s.Engine())))
		w.grow(3000)
		w.backfill(backfill.Backfill)
		sown := w.sow(rand.New(rand.NewPCG(5, 5)), 2800, 3000)
		all, found, _ := w.harvest(w.change.Mapping, sown)
		require.Empty(t, missed(all, found), "the sharp one")
		for left := range slices.Chunk(w.columns, 8) {
			w.requireMissed(without(w.change.Mapping, left), sown, func(p plant) bool { return slices.ContainsFunc(left, p.column.is) })
		}
		for _, b := range blunt {
			w.requireMissed(b.of(w.change.Mapping), sown, b.misses)
		}
	})
}

// requireMissed asserts that a mapping's verification misses exactly what it
// has to miss, and at least one.
func (w *world) requireMissed(m migrate.Mapping, sown map[int64]plant, misses func(plant) bool) {
	w.t.Helper()
	want := map[class]int{}
	blind := 0
	for _, p := range sown {
		if misses(p) {
			blind++
		} else {
			want[p.class()]++
		}
	}
	require.NotZero(w.t, blind, "nothing was planted that could be missed")
	all, found, alarms := w.harvest(m, sown)
	require.Empty(w.t, alarms)
	require.NotEmpty(w.t, missed(all, found))
	require.Equal(w.t, want, found)
}

// without is a mapping that leaves columns out.
func without(m migrate.Mapping, columns []Column) migrate.Mapping {
	drop := func(a migrate.Assignment) bool {
		return slices.ContainsFunc(columns, func(c Column) bool { return c.Name == a.Column })
	}
	m.Forward = slices.DeleteFunc(slices.Clone(m.Forward), drop)
	m.Backward = slices.DeleteFunc(slices.Clone(m.Backward), drop)
	return m
}

// is reports whether two columns are one.
func (c Column) is(other Column) bool { return c.Name == other.Name }

// blunt are mappings that say of columns what they are not, so that they are
// compared by a blunter comparison than theirs.
var blunt = []struct {
	of     func(migrate.Mapping) migrate.Mapping
	misses func(plant) bool
}{
	{ // VARCHAR as CHAR: trailing spaces do not count.
		func(m migrate.Mapping) migrate.Mapping { return as(m, "varchar_mb4_gen", "char", "char(10)") },
		func(p plant) bool { return p.column.Name == "varchar_mb4_gen" && p.near.Kind == Space },
	},
	{ // A BLOB as a year: all text is the number 0, if it is none.
		func(m migrate.Mapping) migrate.Mapping { return as(m, "blob_b", "year", "year") },
		func(p plant) bool { return p.column.Name == "blob_b" && p.near.A != "NULL" && p.near.B != "NULL" },
	},
}

// as is a mapping in which a column's type is said to be another.
func as(m migrate.Mapping, name, dataType, columnType string) migrate.Mapping {
	for _, t := range []*migrate.Table{&m.Source, &m.Target} {
		t.Columns = slices.Clone(t.Columns)
		for i := range t.Columns {
			if t.Columns[i].Name == name {
				t.Columns[i].DataType, t.Columns[i].ColumnType = dataType, columnType
			}
		}
	}
	return m
}
