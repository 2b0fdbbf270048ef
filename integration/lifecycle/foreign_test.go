package lifecycle

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// errStillReferenced is what the server says of a parent that a foreign key keeps.
const errStillReferenced = 1451

// rekeyUnderForeignKeys is rekey with a foreign key of every sort out of the table.
func rekeyUnderForeignKeys() Case {
	c := rekey()
	c.Name = "change the primary key under foreign keys"
	c.Schema = []string{
		"CREATE TABLE teams (id INT NOT NULL PRIMARY KEY)",
		"CREATE TABLE clubs (id INT NOT NULL PRIMARY KEY)",
		"CREATE TABLE towns (id INT NOT NULL PRIMARY KEY)",
		strings.Replace(personTable, "  KEY by_name", `  team INT NULL,
  club INT NULL,
  town INT NULL,
  KEY by_team (team),
  KEY by_club (club),
  KEY by_town (town),
  CONSTRAINT in_team FOREIGN KEY (team) REFERENCES teams (id),
  CONSTRAINT in_club FOREIGN KEY (club) REFERENCES clubs (id) ON DELETE CASCADE,
  CONSTRAINT in_town FOREIGN KEY (town) REFERENCES towns (id) ON DELETE SET NULL ON UPDATE CASCADE,
  KEY by_name`, 1),
	}
	c.End = append(c.End,
		"CONSTRAINT `in_team_users_new` FOREIGN KEY (`team`) REFERENCES `teams` (`id`)",
		"CONSTRAINT `in_club_users_new` FOREIGN KEY (`club`) REFERENCES `clubs` (`id`) ON DELETE CASCADE",
		"CONSTRAINT `in_town_users_new` FOREIGN KEY (`town`) REFERENCES `towns` (`id`) ON DELETE SET NULL ON UPDATE CASCADE")
	return c
}

// relations is a world whose rows have parents, which are written by code that
// knows nothing of the library.
type relations struct {
	*world
	t    *testing.T
	last int
}

// family is three rows with a parent each, all of one number.
type family struct {
	parent                   int
	inTeam, inClub, fromTown int64
}

// knows is the table that an application writes.
func (r *running) knows() string {
	if r.Writes == migrate.TargetShape {
		return "users_new"
	}
	return "users"
}

// run executes a statement, again after a deadlock.
func (f *relations) run(query string, args ...any) error {
	return mysqlx.Backoff{Attempts: 100, Base: time.Millisecond}.Retry(f.t.Context(), mysqlx.RetryUnit, func(ctx context.Context) error {
		_, err := f.db.ExecContext(ctx, query, args...)
		return err
	})
}

func (f *relations) must(query string, args ...any) {
	f.t.Helper()
	require.NoError(f.t, f.run(query, args...), query)
}

func (f *relations) count(query string, args ...any) (n int) {
	f.t.Helper()
	require.NoError(f.t, f.db.QueryRowContext(f.t.Context(), query, args...).Scan(&n), query)
	return n
}

// found makes parents, and rows that refer to them.
func (f *relations) found(r *running) family {
	f.t.Helper()
	f.last++
	out := family{parent: f.last}
	for _, of := range []struct {
		parents, column string
		id              *int64
	}{{"teams", "team", &out.inTeam}, {"clubs", "club", &out.inClub}, {"towns", "town", &out.fromTown}} {
		f.must("INSERT INTO "+of.parents+" (id) VALUES (?)", out.parent)
		r.write(f.t, func(ctx context.Context, tx *dualwrite.Tx) (err error) {
			*of.id, err = insert(ctx, tx, "INSERT INTO "+r.knows()+" (first_name, "+of.column+") VALUES ('Kim', ?)", out.parent)
			return err
		})
	}
	return out
}

// part takes the parents away, each as its foreign key has it, and looks at the
// rows. One unit deletes a row and then its parent.
func (f *relations) part(r *running, y family) {
	f.t.Helper()
	err := f.run("DELETE FROM teams WHERE id = ?", y.parent)
	require.EqualValues(f.t, errStillReferenced, mysqlx.Number(err), "a row still refers to it: %v", err)
	f.must("UPDATE towns SET id = id + 100000 WHERE id = ?", y.parent)
	require.Equal(f.t, y.parent+100000, f.count("SELECT town FROM "+r.knows()+" WHERE id = ?", y.fromTown))
	f.changeClub(r, y)
	f.must("DELETE FROM clubs WHERE id = ?", y.parent+100000)
	f.must("DELETE FROM towns WHERE id = ?", y.parent+100000)
	r.write(f.t, func(ctx context.Context, tx *dualwrite.Tx) error { return leaveTeam(ctx, tx, r.knows(), y) })
	require.Equal(f.t, 1, f.count("SELECT COUNT(*) FROM "+r.knows()+" WHERE id IN (?, ?, ?)", y.inTeam, y.inClub, y.fromTown))
	require.Equal(f.t, 1, f.count("SELECT COUNT(*) FROM "+r.knows()+" WHERE id = ? AND town IS NULL", y.fromTown))
}

// changeClub gives a row another parent and deletes the first one, in one unit: the
// other table's row goes with the first parent, and comes back with the mirror.
func (f *relations) changeClub(r *running, y family) {
	f.t.Helper()
	f.must("INSERT INTO clubs (id) VALUES (?)", y.parent+100000)
	r.write(f.t, func(ctx context.Context, tx *dualwrite.Tx) error {
		if err := change(ctx, tx, y.inClub, "UPDATE "+r.knows()+" SET club = ? WHERE id = ?", y.parent+100000, y.inClub); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM clubs WHERE id = ?", y.parent)
		return err
	})
	tables := []string{r.knows()}
	if mode := r.change.Setting().Mode; mode == migrate.DualWrite || mode == migrate.ReadNew {
		tables = []string{"users", "users_new"}
	}
	for _, table := range tables {
		require.Equal(f.t, 1, f.count("SELECT COUNT(*) FROM "+table+" WHERE id = ? AND first_name = 'Kim' AND club = ?", y.inClub, y.parent+100000), table)
	}
}

// leaveTeam deletes a row and its parent.
func leaveTeam(ctx context.Context, tx *dualwrite.Tx, table string, y family) error {
	if err := change(ctx, tx, y.inTeam, "DELETE FROM "+table+" WHERE id = ?", y.inTeam); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM teams WHERE id = ?", y.parent)
	return err
}

// inStep asserts that the new table has no row that the old one has otherwise.
func (f *relations) inStep() {
	f.t.Helper()
	require.Zero(f.t, f.count(`SELECT COUNT(*)
FROM users_new AS n
LEFT JOIN users AS o
  ON o.id = n.id
WHERE o.id IS NULL
   OR NOT (n.team <=> o.team AND n.club <=> o.club AND n.town <=> o.town)`))
}

// Parents are deleted and renumbered in every phase, on and back, with rows that
// were copied, that were not, and that have gone stale on either side: the foreign
// keys do what was declared, nothing more, and the two tables stay in step.
func TestParentsInEveryPhase(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := &relations{world: newWorld(t, s, rekeyUnderForeignKeys()), t: t}
		old := f.start(t, f.c.Old)
		before := f.found(old)
		for _, phase := range upTo {
			f.apply(t, phase)
			f.settle(t.Context(), t, old)
			f.part(old, before)
			f.part(old, f.found(old))
			f.inStep()
			before = f.found(old)
		}
		stale := []family{before, f.found(old)}
		f.rollback(t, migrate.Expanded)
		f.settle(t.Context(), t, old)
		f.staleTarget(old, stale)

		f.apply(t, migrate.ReadingNew)
		f.settle(t.Context(), t, old)
		f.inStep()
		newer := f.start(t, f.c.New)
		before = f.bothShapes(old, newer)
		old.stop(t)

		f.apply(t, migrate.OnlyNew)
		f.settle(t.Context(), t, newer)
		f.part(newer, before) // of which the old table has a stale copy
		f.part(newer, f.found(newer))
		before = f.found(newer)
		f.rollback(t, migrate.ReadingNew)
		newer.stop(t)
		f.inStep()
		old = f.start(t, f.c.Old)
		f.part(old, before)
		f.inStep()
		f.rollback(t, migrate.Planned)
		f.settle(t.Context(), t, old)
		require.Equal(t, f.schema, f.dump(t), "the foreign keys are what they were")
		f.part(old, f.found(old))

		f.apply(t, migrate.ReadingNew)
		old.stop(t)
		newer = f.start(t, f.c.New)
		f.apply(t, migrate.Contracted)
		f.settle(t.Context(), t, newer)
		f.part(newer, f.found(newer))
		newer.stop(t)
		for _, text := range f.c.End {
			require.Contains(t, f.dump(t), text)
		}
	})
}

// staleTarget takes parents away of which only the new table has rows.
func (f *relations) staleTarget(old *running, stale []family) {
	f.t.Helper()
	f.part(old, stale[0])
	gone := stale[1]
	for _, id := range []int64{gone.inTeam, gone.inClub, gone.fromTown} {
		old.write(f.t, func(ctx context.Context, tx *dualwrite.Tx) error { return old.Delete(ctx, tx, id) })
	}
	require.Equal(f.t, 2, f.count("SELECT COUNT(*) FROM users_new WHERE team = ? OR club = ?", gone.parent, gone.parent), "copies that have gone stale")
	for _, parents := range []string{"teams", "clubs", "towns"} {
		f.must("UPDATE "+parents+" SET id = id + 100000 WHERE id = ?", gone.parent)
		f.must("DELETE FROM "+parents+" WHERE id = ?", gone.parent+100000)
	}
}

// bothShapes has releases of both shapes at work in read_new, where the old table
// still holds the foreign keys: a unit of the new shape that deletes a row and its
// parent is refused, and goes through in two.
func (f *relations) bothShapes(old, newer *running) (left family) {
	f.t.Helper()
	f.part(old, f.found(newer))
	y := f.found(old)
	err := newer.change.Write(f.t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error { return leaveTeam(ctx, tx, newer.knows(), y) })
	require.EqualValues(f.t, errStillReferenced, mysqlx.Number(err), "the plan says so: %v", err)
	newer.write(f.t, func(ctx context.Context, tx *dualwrite.Tx) error { return newer.Delete(ctx, tx, y.inTeam) })
	f.must("DELETE FROM teams WHERE id = ?", y.parent)
	f.inStep()
	return f.found(newer)
}

// While rows are copied and written, their parents come and go.
func TestParentsGoWhileRowsAreCopied(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		const parents = 150
		f := &relations{world: newWorld(t, s, rekeyUnderForeignKeys()), t: t}
		for i := 1; i <= parents; i++ {
			f.must("INSERT INTO clubs (id) VALUES (?)", i)
			f.must("INSERT INTO towns (id) VALUES (?)", i)
			f.must("INSERT INTO users (first_name, club, town) VALUES ('Kim', ?, ?), ('Lee', ?, ?), ('Ada', NULL, ?)", i, i, i, i, i)
		}
		old := f.start(t, f.c.Old)
		f.apply(t, migrate.Backfilling)
		f.settle(t.Context(), t, old)
		begin := make(chan struct{})
		var others sync.WaitGroup
		others.Go(func() {
			<-begin
			for i := parents; i > parents/3; i-- {
				require.NoError(t, f.run("DELETE FROM clubs WHERE id = ?", i))
				require.NoError(t, f.run("UPDATE towns SET id = id + 1000 WHERE id = ?", i))
				if i%2 == 0 {
					require.NoError(t, f.run("DELETE FROM towns WHERE id = ?", i+1000))
				}
			}
		})
		others.Go(func() {
			<-begin
			for id := int64(1); id <= parents; id++ {
				require.NoError(t, old.change.Write(t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error { return old.Visit(ctx, tx, id) }))
			}
		})
		close(begin)
		f.apply(t, migrate.Verified)
		others.Wait()
		f.rollback(t, migrate.Backfilling)
		f.apply(t, migrate.Verified) // compares every pair once more, with all that happened
		f.inStep()
		require.Equal(t, f.count("SELECT COUNT(*) FROM users"), f.count("SELECT COUNT(*) FROM users_new"))
		require.Equal(t, 2*parents/3, f.count("SELECT COUNT(*) FROM users WHERE club IS NOT NULL"))
		old.stop(t)
	})
}
