package dualwrite_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

// What a newer release wrote is finer than the old shape can say. An older
// release that updates something else must not wipe it.
func TestOlderReleaseKeepsWhatTheNewerOneWrote(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		f.to(migrate.ReadingNew)
		r1, r2 := f.old(), f.new()
		ctx := t.Context()
		id, err := insert(ctx, r2, `INSERT INTO users (first_name, last_name) VALUES ('Mary Ann', 'Lee')`)
		require.NoError(t, err)
		row := func() []string { return f.row(`SELECT name, first_name, last_name FROM users WHERE id = ?`, id) }
		require.Equal(t, []string{"Mary Ann Lee", "Mary Ann", "Lee"}, row())
		require.NoError(t, exec1(ctx, r1, []any{id}, `UPDATE users SET city = 'Leeds' WHERE id = ?`, id))
		require.Equal(t, []string{"Mary Ann Lee", "Mary Ann", "Lee"}, row(), "not split anew")
		require.NoError(t, exec1(ctx, r1, []any{id}, `UPDATE users SET name = 'Mary Lee' WHERE id = ?`, id))
		require.Equal(t, []string{"Mary Lee", "Mary", "Lee"}, row())
		f.inStep(migrate.StepEither)
	})
}

// A row that was never mapped is, whichever release touches it and whatever it
// changes.
func TestUnmappedRowIsMapped(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, phase := range []migrate.Phase{migrate.DualWriting, migrate.ReadingNew} {
			f := newFixture(t, s, nameSplit(), nameSplitDDL)
			f.to(phase)
			f.exec(`INSERT INTO users (id, name) VALUES (1, 'Ada Lovelace')`)
			require.NoError(t, exec1(t.Context(), f.old(), []any{1}, `UPDATE users SET city = 'x' WHERE id = 1`))
			require.Equal(t, []string{"Ada", "Lovelace"}, f.row(`SELECT first_name, last_name FROM users`))

			g := newFixture(t, s, tableMove(), tableMoveDDL)
			g.to(phase)
			g.exec(`INSERT INTO people (id, email, age) VALUES (1, 'A', 3), (2, 'B', 4)`)
			require.NoError(t, exec1(t.Context(), g.old(), []any{1, 2}, `UPDATE people SET age = 5 WHERE id = 1`))
			require.Equal(t, []string{"a", "5"}, g.row(`SELECT mail, age FROM accounts WHERE id = 1`))
			require.Equal(t, []string{"b", "4"}, g.row(`SELECT mail, age FROM accounts WHERE id = 2`))
		}
	})
}

// Both shapes at work on the same rows at once: every pair is in step in the
// end, and no unit fails.
func TestBothShapesAtWork(t *testing.T) {
	const rows, writers, rounds = 8, 3, 40
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, column := range []bool{true, false} {
			t.Run(fmt.Sprintf("column=%v", column), func(t *testing.T) {
				f := fixtureOf(t, s, column)
				f.to(migrate.ReadingNew)
				r1, r2 := f.patient(migrate.SourceShape), f.patient(migrate.TargetShape)
				for id := range int64(rows) {
					_, err := insert(t.Context(), r1, shapesOf[f.change.Name][migrate.SourceShape].insertNumbered(id))
					require.NoError(t, err)
				}
				var all sync.WaitGroup
				for n := range writers {
					for _, c := range []*dualwrite.Change{r1, r2} {
						all.Go(func() {
							dice := rand.New(rand.NewPCG(uint64(n), 7))
							for round := range rounds {
								if err := f.randomWrite(t.Context(), c, dice, int64(1+dice.IntN(rows)), round); err != nil {
									t.Errorf("%s: %v", c.Writes(), err)
									return
								}
							}
						})
					}
				}
				all.Wait()
				f.inStep(migrate.StepEither)
				counts := f.counts(migrate.StepEither)
				require.NotZero(t, counts.Compared)
			})
		}
	})
}

// insertNumbered is the insert with a value of its own.
func (s shapeSQL) insertNumbered(n int64) string {
	if s.insert[:18] == "INSERT INTO people" {
		return fmt.Sprintf("INSERT INTO people (email, age) VALUES ('mail-%d', 1)", n)
	}
	return fmt.Sprintf("INSERT INTO users (name) VALUES ('first last%d')", n)
}

// randomWrite changes a row in some way.
func (f *fixture) randomWrite(ctx context.Context, c *dualwrite.Change, dice *rand.Rand, id int64, round int) error {
	source := c.Writes() == migrate.SourceShape
	if f.change.Name == movePeople {
		if dice.IntN(5) == 0 { // away and back again
			return c.Write(ctx, func(ctx context.Context, tx *dualwrite.Tx) error {
				tx.Touch(id)
				if _, err := tx.ExecContext(ctx, `DELETE FROM `+tableOf(c)+` WHERE id = ?`, id); err != nil {
					return err
				}
				_, err := tx.ExecContext(ctx, `INSERT INTO `+tableOf(c)+` (id, age) VALUES (?, ?)`, id, round)
				return err
			})
		}
		return setAge(ctx, c, id, round%100)
	}
	switch what := dice.IntN(3); {
	case what == 0:
		return exec1(ctx, c, []any{id}, `UPDATE users SET city = ? WHERE id = ?`, fmt.Sprint(round), id)
	case source:
		return exec1(ctx, c, []any{id}, `UPDATE users SET name = ? WHERE id = ?`, fmt.Sprintf("a%d b c", round), id)
	default:
		return exec1(ctx, c, []any{id}, `UPDATE users SET first_name = ?, last_name = 'z' WHERE id = ?`, fmt.Sprintf("x y%d", round), id)
	}
}

// Both tables hand out keys. Whoever meets somebody else's row on its own key
// tries again with another: no row is ever written over, and every acknowledged
// insert is there with its own value, on both sides.
func TestIdentitiesOfBothSides(t *testing.T) {
	const writers, rounds = 4, 30
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, tableMove(), tableMoveDDL)
		f.to(migrate.ReadingNew)
		r1, r2 := f.patient(migrate.SourceShape), f.patient(migrate.TargetShape)
		var mu sync.Mutex
		acknowledged := map[int64]string{}
		var all sync.WaitGroup
		for n := range writers {
			for _, c := range []*dualwrite.Change{r1, r2} {
				all.Go(func() {
					for round := range rounds {
						mail := fmt.Sprintf("%s-%d-%d", c.Writes(), n, round)
						query := `INSERT INTO people (email, age) VALUES (?, 1)`
						if c.Writes() == migrate.TargetShape {
							query = `INSERT INTO accounts (mail, age) VALUES (?, 1)`
						}
						id, err := insert(t.Context(), c, query, mail)
						if err != nil {
							t.Errorf("%s: %v", mail, err)
							return
						}
						mu.Lock()
						if taken, ok := acknowledged[id]; ok {
							t.Errorf("key %d was given to %s and to %s", id, taken, mail)
						}
						acknowledged[id] = mail
						mu.Unlock()
					}
				})
			}
		}
		all.Wait()
		require.Len(t, acknowledged, 2*writers*rounds)
		for id, mail := range acknowledged {
			require.Equal(t, []string{mail}, f.row(`SELECT email FROM people WHERE id = ?`, id))
			require.Equal(t, []string{mail}, f.row(`SELECT mail FROM accounts WHERE id = ?`, id))
		}
		require.Equal(t, []string{fmt.Sprint(len(acknowledged))}, f.row(`SELECT COUNT(*) FROM people`))
		f.inStep(migrate.StepExact)
	})
}
