package dualwrite_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// mergeProfiles merges profiles into users. No foreign key sees to it that a
// profile has a user, nor deletes it with its user.
func mergeProfiles() migrate.Change {
	key := idColumn
	key.AutoIncrement = false
	marks := column("marks", "int")
	marks.Null = migrate.NotNull
	return migrate.Change{Name: "merge-profiles", Service: "accounts", Mapping: migrate.Mapping{
		Source:   migrate.Table{Name: "profiles", Key: []migrate.Column{key}, Columns: []migrate.Column{column("bio", "varchar(100)"), column("n", "int")}},
		Target:   migrate.Table{Name: "users", Key: []migrate.Column{idColumn}, Columns: []migrate.Column{column("story", "varchar(100)"), marks}},
		Forward:  []migrate.Assignment{assign("story", "TRIM($row.`bio`)"), assign("marks", "COALESCE($row.`n`, 0)")},
		Backward: []migrate.Assignment{assign("bio", "COALESCE($row.`story`, '')"), assign("n", "$row.`marks`")},
		Merge:    migrate.Yes,
	}}
}

var mergeProfilesDDL = []string{
	`CREATE TABLE users (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  city VARCHAR(100) NULL,
  story VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL,
  marks INT NOT NULL DEFAULT 7
) ENGINE=InnoDB`,
	`CREATE TABLE profiles (
  id BIGINT NOT NULL PRIMARY KEY,
  bio VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL,
  n TINYINT NULL
) ENGINE=InnoDB`,
}

// oneUnit runs statements in one unit, each with the key for its only placeholder,
// and touches the key.
func oneUnit(ctx context.Context, c *dualwrite.Change, id int64, statements ...string) error {
	return c.Write(ctx, func(ctx context.Context, tx *dualwrite.Tx) error {
		for _, s := range statements {
			if _, err := tx.ExecContext(ctx, s, id); err != nil {
				return err
			}
		}
		tx.Touch(id)
		return nil
	})
}

const (
	newUser       = "INSERT INTO users (id) VALUES (?)"
	newProfile    = "INSERT INTO profiles (id, bio) VALUES (?, 'x ')"
	emptyProfile  = "INSERT INTO profiles (id, bio, n) VALUES (?, '', 7)"
	changeProfile = "UPDATE profiles SET bio = 'y', n = 3 WHERE id = ?"
	noProfile     = "DELETE FROM profiles WHERE id = ?"
	noUser        = "DELETE FROM users WHERE id = ?"
	visit         = "UPDATE users SET city = CONCAT(COALESCE(city, ''), '.') WHERE id = ?"
	tell          = "UPDATE users SET story = ' Told ', marks = 9 WHERE id = ?"
	mark          = "UPDATE users SET marks = 9 WHERE id = ?"
	forget        = "UPDATE users SET story = NULL, marks = DEFAULT WHERE id = ?"
	blank, absent = "NULL 7", ""
)

// state is the user's story and marks, and the profile.
func (f *fixture) state(id int64) [2]string {
	f.t.Helper()
	return [2]string{
		strings.Join(f.row("SELECT story, marks FROM users WHERE id = ?", id), " "),
		strings.Join(f.row("SELECT CONCAT('[', bio, ']'), n FROM profiles WHERE id = ?", id), " "),
	}
}

// Every unit of an older release that a merge can meet, in every phase that
// takes it: the user's columns tell of the profile and of nothing else.
func TestMergeFollowsTheSource(t *testing.T) {
	units := []struct {
		name  string
		units [][]string
		want  [2]string
	}{
		{"user alone", [][]string{{newUser}}, [2]string{blank, absent}},
		{"both", [][]string{{newUser, newProfile}}, [2]string{"x 0", "[x ] NULL"}},
		{"profile first", [][]string{{newProfile, newUser}}, [2]string{"x 0", "[x ] NULL"}},
		{"profile later", [][]string{{newUser}, {newProfile}}, [2]string{"x 0", "[x ] NULL"}},
		{"profile that the way back makes of none", [][]string{{newUser}, {emptyProfile}}, [2]string{" 7", "[] 7"}},
		{"changed", [][]string{{newUser, newProfile}, {changeProfile}}, [2]string{"y 3", "[y] 3"}},
		{"visited", [][]string{{newUser, newProfile}, {visit}, {visit, changeProfile}}, [2]string{"y 3", "[y] 3"}},
		{"profile deleted", [][]string{{newUser, newProfile}, {noProfile}}, [2]string{blank, absent}},
		{"profile deleted on a visit", [][]string{{newUser, newProfile}, {visit, noProfile}}, [2]string{blank, absent}},
		{"profile made anew", [][]string{{newUser, newProfile}, {noProfile, emptyProfile}}, [2]string{" 7", "[] 7"}},
		{"both deleted", [][]string{{newUser, newProfile}, {noUser, noProfile}}, [2]string{absent, absent}},
		{"deleted one after the other", [][]string{{newUser, newProfile}, {noProfile}, {noUser}}, [2]string{absent, absent}},
	}
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, phase := range []migrate.Phase{migrate.DualWriting, migrate.ReadingNew} {
			f := newFixture(t, s, mergeProfiles(), mergeProfilesDDL)
			f.to(phase)
			r1 := f.old()
			for i, c := range units {
				id := int64(10 + i)
				for _, statements := range c.units {
					require.NoError(t, oneUnit(t.Context(), r1, id, statements...), c.name)
				}
				require.Equal(t, c.want, f.state(id), "%s in %s", c.name, phase)
			}
			f.inStep(migrate.StepExact)
		}
	})
}

// A profile without a user has nowhere to go, however it came about, and the
// unit that would leave one is refused.
func TestMergeRefusesStrays(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, mergeProfiles(), mergeProfilesDDL)
		f.exec("INSERT INTO profiles (id, bio) VALUES (5, 'left by code without the library')")
		f.to(migrate.DualWriting)
		r1 := f.old()
		require.NoError(t, oneUnit(t.Context(), r1, 1, newUser, newProfile))
		for name, u := range map[string]struct {
			id         int64
			statements []string
		}{
			"inserted": {2, []string{newProfile}}, "left behind": {1, []string{noUser}}, "left behind by a mixed unit": {1, []string{changeProfile, noUser}},
			"changed": {5, []string{changeProfile}},
		} {
			err := oneUnit(t.Context(), r1, u.id, u.statements...)
			var refused *dualwrite.UnrepresentableError
			require.ErrorAs(t, err, &refused, name)
			require.Equal(t, fmt.Sprint(u.id), refused.Key, name)
			require.ErrorContains(t, err, "table users has no row with this key", name)
		}
		require.Equal(t, [2]string{"x 0", "[x ] NULL"}, f.state(1), "what was refused has left nothing")
		require.NoError(t, oneUnit(t.Context(), r1, 5, newUser), "a user for it mends it")
		f.inStep(migrate.StepExact)
	})
}

// A unit whose snapshot is older than a profile does not leave it behind.
func TestMergeSeesAStrayBeyondItsSnapshot(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, mergeProfiles(), mergeProfilesDDL)
		f.to(migrate.DualWriting)
		r1 := f.old()
		require.NoError(t, oneUnit(t.Context(), r1, 1, newUser))
		err := r1.Write(t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error {
			var users int
			if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM users").Scan(&users); err != nil {
				return err
			}
			if err := oneUnit(ctx, r1, 1, newProfile); err != nil {
				return err
			}
			tx.Touch(1)
			_, err := tx.ExecContext(ctx, noUser, 1)
			return err
		})
		require.ErrorContains(t, err, "table users has no row with this key")
		require.Equal(t, [2]string{"x 0", "[x ] NULL"}, f.state(1))
	})
}

// Every unit of a release that knows users alone: a profile is there for
// releases that read one, and gone with what it had.
func TestMergeFollowsTheTarget(t *testing.T) {
	const told = "INSERT INTO users (id, story) VALUES (?, ' Told ')"
	units := []struct {
		name  string
		units [][]string
		want  [2]string
	}{
		{"user alone", [][]string{{newUser}, {visit}}, [2]string{blank, absent}},
		{"told at once", [][]string{{told}}, [2]string{" Told  7", "[ Told ] 7"}},
		{"told later", [][]string{{newUser}, {tell}}, [2]string{" Told  9", "[ Told ] 9"}},
		{"only what has a default", [][]string{{newUser}, {mark}}, [2]string{"NULL 9", "[] 9"}},
		{"forgotten", [][]string{{newUser, tell}, {forget}}, [2]string{blank, absent}},
		{"forgotten and told", [][]string{{newUser, tell}, {forget}, {mark}}, [2]string{"NULL 9", "[] 9"}},
		{"visited", [][]string{{newUser, tell}, {visit}}, [2]string{" Told  9", "[ Told ] 9"}},
		{"deleted", [][]string{{newUser, tell}, {noUser}}, [2]string{absent, absent}},
	}
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, mergeProfiles(), mergeProfilesDDL)
		f.to(migrate.ReadingNew)
		r1, r2 := f.old(), f.new()
		for i, c := range units {
			id := int64(10 + i)
			for _, statements := range c.units {
				require.NoError(t, oneUnit(t.Context(), r2, id, statements...), c.name)
			}
			require.Equal(t, c.want, f.state(id), c.name)
			if c.want[0] != absent {
				require.NoError(t, oneUnit(t.Context(), r1, id, visit), c.name)
				require.Equal(t, c.want, f.state(id), "%s: an older release wipes nothing", c.name)
			}
		}
		f.inStep(migrate.StepEither)

		err := oneUnit(t.Context(), r2, 10, "UPDATE users SET marks = 1000 WHERE id = ?")
		var refused *dualwrite.UnrepresentableError
		require.ErrorAs(t, err, &refused, "a profile's n is too small for it")
		require.Equal(t, [2]string{blank, absent}, f.state(10))
	})
}

// A read brings a profile over, and answers from the source where it cannot.
func TestMergeCopiesOnRead(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, mergeProfiles(), mergeProfilesDDL)
		f.exec("INSERT INTO users (id, story) VALUES (1, NULL), (2, NULL), (4, 'left over')")
		f.exec("INSERT INTO profiles (id, bio) VALUES (1, 'one '), (3, 'stray')")
		set := f.to(migrate.Backfilling, copyOnRead)
		r1 := f.old()
		sees(t, r1, set)
		for id, want := range map[int64]string{1: "target", 2: "target", 3: "source"} {
			from := func(shape string) dualwrite.Reader[string] {
				return func(context.Context, dualwrite.Querier) (string, error) { return shape, nil }
			}
			got, err := dualwrite.Read(t.Context(), r1, id, from("source"), from("target"))
			require.NoError(t, err)
			require.Equal(t, want, got, "row %d", id)
		}
		require.Equal(t, [2]string{"one 0", "[one ] NULL"}, f.state(1))
		require.Equal(t, [2]string{blank, absent}, f.state(2))
	})
}

// Both releases at work on the same rows at once, users and profiles coming and
// going: every pair is in step in the end, and no unit fails but for a stray.
func TestMergeWithBothShapesAtWork(t *testing.T) {
	const rows, writers, rounds = 6, 3, 40
	of := map[migrate.Shape][][]string{
		migrate.SourceShape: {{visit}, {noProfile}, {noProfile, newProfile}, {noProfile, emptyProfile}, {changeProfile}, {noProfile, noUser}, {noProfile, noUser, newUser, newProfile}},
		migrate.TargetShape: {{visit}, {tell}, {mark}, {forget}, {noUser}, {noUser, newUser}},
	}
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, mergeProfiles(), mergeProfilesDDL)
		f.to(migrate.ReadingNew)
		r1, r2 := f.old(), f.new()
		for id := range int64(rows) {
			require.NoError(t, oneUnit(t.Context(), r1, 1+id, newUser, newProfile))
		}
		var all sync.WaitGroup
		var gaveUp atomic.Int64
		for n := range writers {
			for _, c := range []*dualwrite.Change{r1, r2} {
				all.Go(func() {
					dice := rand.New(rand.NewPCG(uint64(n), 7))
					for range rounds {
						units := of[c.Writes()]
						statements := units[dice.IntN(len(units))]
						err := oneUnit(t.Context(), c, int64(1+dice.IntN(rows)), statements...)
						switch {
						case err == nil || strings.Contains(err.Error(), "table users has no row"): // the user may be gone
						case mysqlx.Classify(err) == mysqlx.ClassDeadlock: // every time it was tried, and nothing came of it
							gaveUp.Add(1)
						default:
							t.Errorf("%s %v: %v", c.Writes(), statements, err)
							return
						}
					}
				})
			}
		}
		all.Wait()
		require.Less(t, gaveUp.Load(), int64(2*writers*rounds/20), "units that met a deadlock each time")
		f.inStep(migrate.StepEither)
		require.NotZero(t, f.counts(migrate.StepEither).Compared)
	})
}
