package dualwrite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

// verdict is what two clients pinned to a pair of modes do to each other.
type verdict struct {
	reads migrate.Choice // every read returns the last acknowledged value
	step  migrate.Choice // every pair is in step at the end
}

var (
	good     = verdict{migrate.Yes, migrate.Yes}
	dirty    = verdict{migrate.Yes, migrate.No}
	staleOld = verdict{migrate.No, migrate.No}
)

// pairs is the matrix of modes that may be at work side by side, starting with
// both shapes in step, as an exhaustive exploration of the protocol gave it. The
// transition table rests on it, so what the library does has to match it, also
// where that loses data: there the guards have to keep the pair from coming
// about.
var pairs = map[[2]migrate.Mode]verdict{
	{migrate.Off, migrate.Off}:               dirty, // nobody writes the target
	{migrate.Off, migrate.DualWrite}:         dirty, // and nobody reads it
	{migrate.Off, migrate.CopyOnRead}:        staleOld,
	{migrate.Off, migrate.ReadNew}:           staleOld,
	{migrate.Off, migrate.NewOnly}:           staleOld,
	{migrate.DualWrite, migrate.DualWrite}:   good,
	{migrate.DualWrite, migrate.CopyOnRead}:  good,
	{migrate.DualWrite, migrate.ReadNew}:     good,
	{migrate.DualWrite, migrate.NewOnly}:     staleOld,
	{migrate.CopyOnRead, migrate.CopyOnRead}: good,
	{migrate.CopyOnRead, migrate.ReadNew}:    good,
	{migrate.CopyOnRead, migrate.NewOnly}:    staleOld,
	{migrate.ReadNew, migrate.ReadNew}:       good,
	{migrate.ReadNew, migrate.NewOnly}:       dirty, // the source goes stale, and nobody reads it
	{migrate.NewOnly, migrate.NewOnly}:       dirty,
}

// settingOf is a setting in which a mode may be met, by clients that write the
// source shape up to ReadNew and the target shape after it.
func settingOf(mode migrate.Mode, epoch uint64) migrate.Setting {
	phase := map[migrate.Mode]migrate.Phase{
		migrate.Off: migrate.Expanded, migrate.DualWrite: migrate.Verified, migrate.CopyOnRead: migrate.Backfilling,
		migrate.ReadNew: migrate.ReadingNew, migrate.NewOnly: migrate.OnlyNew,
	}[mode]
	s := setting(phase, epoch)
	s.Mode, s.Rule = mode, migrate.StepExact
	return s
}

func TestPairsOfModes(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for pair, want := range pairs {
			t.Run(fmt.Sprintf("%s+%s", pair[0], pair[1]), func(t *testing.T) {
				f := newFixture(t, s, tableMove(), tableMoveDDL)
				f.to(migrate.ReadingNew)
				require.Equal(t, want, f.playPair(pair))
			})
		}
	})
}

// playPair has two clients write and read one row in turns, in every order of
// five operations, and says what came of it.
func (f *fixture) playPair(pair [2]migrate.Mode) verdict {
	t, ctx := f.t, f.t.Context()
	var clients [2]*dualwrite.Change
	for i, mode := range pair {
		writes := migrate.SourceShape
		if mode == migrate.NewOnly {
			writes = migrate.TargetShape
		}
		clients[i] = f.join(f.config(writes, migrate.NewOnly)).Change(movePeople)
		require.NoError(t, clients[i].Pin(settingOf(mode, 1000+uint64(i))))
	}
	got := good
	value := 0
	for _, order := range [][]int{{0, 1}, {1, 0}, {0, 0, 1}, {1, 1, 0}, {0, 1, 0, 1}} {
		id := int64(1)
		for _, table := range []string{"people", "accounts"} {
			f.exec(`DELETE FROM ` + table)
		}
		f.exec(`INSERT INTO people (id, age) VALUES (?, 1)`, id)
		f.exec(`INSERT INTO accounts (id, age) VALUES (?, 1)`, id)
		for _, writer := range order {
			value = value%100 + 2
			require.NoError(t, setAge(ctx, clients[writer], id, value))
			for _, reader := range clients {
				if have, err := readAge(ctx, reader, id); err != nil || have != value {
					got.reads = migrate.No
				}
			}
		}
		if f.counts(migrate.StepExact).Differ() > 0 {
			got.step = migrate.No
		}
		require.NoError(t, removeAge(ctx, clients[order[0]], id))
		for _, reader := range clients {
			if have, err := readAge(ctx, reader, id); err != nil || have != 0 {
				got.reads = migrate.No
			}
		}
	}
	return got
}

func tableOf(c *dualwrite.Change) string {
	if c.Writes() == migrate.TargetShape {
		return "accounts"
	}
	return "people"
}

func setAge(ctx context.Context, c *dualwrite.Change, id int64, age int) error {
	return exec1(ctx, c, []any{id}, `UPDATE `+tableOf(c)+` SET age = ? WHERE id = ?`, age, id)
}

func removeAge(ctx context.Context, c *dualwrite.Change, id int64) error {
	return exec1(ctx, c, []any{id}, `DELETE FROM `+tableOf(c)+` WHERE id = ?`, id)
}

// readAge reads the age, 0 for no row.
func readAge(ctx context.Context, c *dualwrite.Change, id int64) (int, error) {
	reader := func(table string) dualwrite.Reader[int] {
		return func(ctx context.Context, q dualwrite.Querier) (age int, err error) {
			err = q.QueryRowContext(ctx, `SELECT age FROM `+table+` WHERE id = ?`, id).Scan(&age)
			if errors.Is(err, sql.ErrNoRows) {
				return 0, nil
			}
			return age, err
		}
	}
	return dualwrite.Read(ctx, c, id, reader("people"), reader("accounts"))
}
