package dualwrite_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

// What is prepared goes by the row as text does: a transition that the client
// has not heard of is obeyed, and the statements of the new epoch are prepared in
// their turn.
func TestPreparedMirrorGoesByTheRow(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, column := range map[string]bool{"column": true, "table": false} {
			t.Run(name, func(t *testing.T) {
				f := fixtureOf(t, s, column)
				f.to(migrate.DualWriting)
				c := f.join(f.config(migrate.SourceShape, migrate.ReadNew)).Change(f.change.Name)
				write := func() {
					id, err := insert(t.Context(), c, shapesOf[f.change.Name][migrate.SourceShape].insert)
					require.NoError(t, err)
					f.inStep(migrate.StepExact)
					f.exec(`DELETE FROM `+f.change.Mapping.Source.Name+` WHERE id = ?`, id)
					f.exec(`DELETE FROM `+f.change.Mapping.Target.Name+` WHERE id = ?`, id)
				}
				write()
				require.Positive(t, c.Prepared())
				write()
				write()
				now := f.to(migrate.Backfilling)
				write() // by a statement of an epoch gone by, or already by a new one
				sees(t, c, now)
				write()
				require.Positive(t, c.Prepared())
				write()
			})
		}
	})
}

// Prepared statements are counted for the whole server. Where there is no room,
// or none is left, the text is sent.
func TestNoRoomToPrepare(t *testing.T) {
	for _, engine := range []servers.Engine{servers.MySQL, servers.MariaDB} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := servers.Private(t, servers.Options{Engine: engine})
			f := newFixture(t, s, nameSplit(), nameSplitDDL)
			f.to(migrate.DualWriting)
			limit := func(n int) {
				_, err := s.Admin().ExecContext(t.Context(), `SET GLOBAL max_prepared_stmt_count = ?`, n)
				require.NoError(t, err)
			}
			c := f.join(f.config(migrate.SourceShape, migrate.ReadNew)).Change(splitName)
			write := func() error {
				_, err := insert(t.Context(), c, `INSERT INTO users (name) VALUES ('Ada Lovelace')`)
				return err
			}
			require.NoError(t, write())
			require.Positive(t, c.Prepared())
			limit(0) // what is prepared stays, on the connection where it is
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range 10 {
						if err := write(); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			none := f.join(f.config(migrate.SourceShape, migrate.ReadNew)).Change(splitName)
			_, err := insert(t.Context(), none, `INSERT INTO users (name) VALUES ('Ada Lovelace')`)
			require.NoError(t, err)
			require.Zero(t, none.Prepared())
			f.inStep(migrate.StepExact)
			require.Equal(t, []string{"82"}, f.row(`SELECT COUNT(*) FROM users WHERE first_name = 'Ada'`))
		})
	}
}

// The text of a mirror of one row is rendered once and used for every row: it has
// to find the very row, whatever the key is made of.
func TestMirrorsOfRowsInTurn(t *testing.T) {
	text := column("code", "varchar(10)")
	number := migrate.Column{Name: "code", DataType: "int", ColumnType: "int", Null: migrate.NotNull}
	tenant := migrate.Column{Name: "tenant", DataType: "bigint", ColumnType: "bigint unsigned", Null: migrate.NotNull}
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, c := range map[string]struct {
			code migrate.Column
			keys [][]any
		}{
			"numbers": {number, [][]any{{1, -1}, {1, 2}, {2, 1}, {uint64(1<<64 - 1), 0}}},
			"texts":   {text, [][]any{{1, "a"}, {1, "o'b?"}, {2, "a"}, {2, ""}}},
		} {
			t.Run(name, func(t *testing.T) {
				change := tableMove()
				key := []migrate.Column{tenant, c.code}
				change.Mapping.Source.Key, change.Mapping.Target.Key = key, key
				ddl := `(tenant BIGINT UNSIGNED NOT NULL, code ` + c.code.ColumnType + ` NOT NULL, `
				f := newFixture(t, s, change, []string{
					`CREATE TABLE people ` + ddl + `email VARCHAR(100) NULL, age INT NULL, PRIMARY KEY (tenant, code))`,
					`CREATE TABLE accounts ` + ddl + `mail VARCHAR(60) NULL, age TINYINT NULL, PRIMARY KEY (tenant, code))`,
				})
				f.to(migrate.DualWriting)
				handle := f.join(f.config(migrate.SourceShape, migrate.ReadNew)).Change(movePeople)
				write := func(key []any, query string, args ...any) {
					require.NoError(t, handle.Write(t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error {
						_, err := tx.ExecContext(ctx, query, append(args, key...)...)
						tx.Touch(key...)
						return err
					}))
				}
				for _, key := range c.keys {
					write(key, `INSERT INTO people (age, tenant, code) VALUES (1, ?, ?)`)
				}
				for round := range 3 {
					for i, key := range c.keys {
						write(key, `UPDATE people SET age = ? WHERE tenant = ? AND code = ?`, 10*round+i+2)
						f.inStep(migrate.StepExact)
					}
				}
				require.Equal(t, []string{"4"}, f.row(`SELECT COUNT(*) FROM accounts`))
				require.Equal(t, name == "numbers", handle.Prepared() > 0)
			})
		}
	})
}
