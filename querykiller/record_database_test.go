package querykiller_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/querykiller"
)

// recordPool is a pool of one connection, as the killer has it.
func recordPool(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := mysqlx.Open(t.Context(), dsn, mysqlx.Options{MaxOpen: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestDatabaseKeepsDecisions(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := recordPool(t, s.Database(t).DSN)
		_, err := control.Init(t.Context(), db)
		require.NoError(t, err)
		sink := querykiller.NewDatabase(querykiller.DatabaseConfig{DB: db, Killer: "ann@db-1"})
		first := dead(7)
		first.At, first.Age, first.Action = time.Now().UTC().Truncate(time.Microsecond), 31200*time.Millisecond, querykiller.ActQuery
		require.NoError(t, sink.Write(t.Context(), []querykiller.Decision{first, {At: first.At, Session: 8, Outcome: querykiller.OutcomeGone}}))

		have, err := control.Kills(t.Context(), db, control.KillFilter{})
		require.NoError(t, err)
		require.Len(t, have, 2)
		k := have[0]
		require.Equal(t, []any{"ann@db-1", "long-selects", "kill_query", "dead", uint64(7), "app", "10.0.0.1", "r7", first.Age, first.At},
			[]any{k.Killer, k.Rule, k.Action, k.Outcome, k.Session, k.User, k.Host, k.Release, k.Age, k.At})
		require.Equal(t, 12*time.Millisecond, *k.Dead)
		require.Nil(t, have[1].Dead)
		var whole querykiller.Decision
		require.NoError(t, json.Unmarshal(k.Detail, &whole))
		require.Equal(t, first, whole, "nothing is lost on the way")
	})
}

// A batch with a decision that the table does not take leaves nothing of itself
// behind, so that trying it again never doubles a row.
func TestDatabaseBatchIsWholeOrAbsent(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := recordPool(t, s.Database(t).DSN)
		_, err := control.Init(t.Context(), db)
		require.NoError(t, err)
		sink := querykiller.NewDatabase(querykiller.DatabaseConfig{DB: db})
		bad := dead(2)
		bad.At = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC) // the column begins in the year 1000
		require.Error(t, sink.Write(t.Context(), []querykiller.Decision{dead(1), bad}))
		have, err := control.Kills(t.Context(), db, control.KillFilter{})
		require.NoError(t, err)
		require.Empty(t, have)
	})
}

func TestDatabaseSaysWhatIsMissingAndGoesOnOnceItIsThere(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := recordPool(t, s.Database(t).DSN)
		sink := querykiller.NewDatabase(querykiller.DatabaseConfig{DB: db})
		d := dead(1)
		d.At = time.Now()
		batch := []querykiller.Decision{d}
		require.ErrorIs(t, sink.Write(t.Context(), batch), control.ErrNotInitialised)
		_, err := control.Init(t.Context(), db)
		require.NoError(t, err)
		require.NoError(t, sink.Write(t.Context(), batch))

		_, err = db.ExecContext(t.Context(), "DROP TABLE _underpin_kill")
		require.NoError(t, err)
		require.Error(t, sink.Write(t.Context(), batch))
		_, err = db.ExecContext(t.Context(), "UPDATE _underpin_meta SET value = '1'")
		require.NoError(t, err)
		require.ErrorIs(t, sink.Write(t.Context(), batch), control.ErrOlderSchema)
		_, err = control.Init(t.Context(), db)
		require.NoError(t, err)
		require.NoError(t, sink.Write(t.Context(), batch))
	})
}

// A user who may insert and not delete: the decision is kept, and that old ones
// stay is told.
func TestDatabaseKeepsDecisionsThatItCannotPurge(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		admin := recordPool(t, d.DSN)
		_, err := control.Init(t.Context(), admin)
		require.NoError(t, err)
		db := recordPool(t, d.User(t, "SELECT, INSERT"))
		sink := querykiller.NewDatabase(querykiller.DatabaseConfig{DB: db})
		one := dead(1)
		one.At = time.Now()
		err = sink.Write(t.Context(), []querykiller.Decision{one})
		require.ErrorIs(t, err, querykiller.ErrKept)
		require.Equal(t, mysqlx.ClassPrivilege, mysqlx.Classify(err))
		have, err := control.Kills(t.Context(), admin, control.KillFilter{})
		require.NoError(t, err)
		require.Len(t, have, 1)
	})
}

func TestDatabaseForgetsAfterTheRetention(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := recordPool(t, s.Database(t).DSN)
		_, err := control.Init(t.Context(), db)
		require.NoError(t, err)
		now := time.Now()
		var batch []querykiller.Decision
		for n := range uint64(1200) { // more than one step
			d := dead(n)
			d.At = now.Add(-31 * 24 * time.Hour)
			batch = append(batch, d)
		}
		fresh := dead(9999)
		fresh.At = now.Add(-29 * 24 * time.Hour)
		batch = append(batch, fresh)
		keep := querykiller.NewDatabase(querykiller.DatabaseConfig{DB: db, Retention: -1})
		require.NoError(t, keep.Write(t.Context(), batch))
		have, err := control.Kills(t.Context(), db, control.KillFilter{Limit: 5000})
		require.NoError(t, err)
		require.Len(t, have, 1201, "for ever")

		require.NoError(t, querykiller.NewDatabase(querykiller.DatabaseConfig{DB: db}).Write(t.Context(), nil))
		have, err = control.Kills(t.Context(), db, control.KillFilter{})
		require.NoError(t, err)
		require.Len(t, have, 1)
		require.Equal(t, uint64(9999), have[0].Session)
	})
}

// A server that becomes read-only stops the record and nothing else: it is told
// once, the log has every decision, and the record goes on afterwards.
func TestDatabaseOnAServerThatIsReadOnlyForAWhile(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := servers.Private(t, servers.Options{Engine: s.Engine()}).Database(t)
		_, err := control.Init(t.Context(), d.DB)
		require.NoError(t, err)
		var log bytes.Buffer
		told := make(chan querykiller.Trouble, 10)
		wrote := make(chan error, 10)
		database := querykiller.NewDatabase(querykiller.DatabaseConfig{DB: recordPool(t, d.User(t, "ALL PRIVILEGES"))})
		f := querykiller.NewFanout(querykiller.FanoutConfig{
			Told: func(tr querykiller.Trouble) { told <- tr },
			Sinks: []querykiller.Sink{
				querykiller.NewLog(slog.New(slog.NewJSONHandler(&log, nil))),
				sink{name: "database", greets: true, write: func(ctx context.Context, batch []querykiller.Decision) error {
					err := database.Write(ctx, batch)
					wrote <- err
					return err
				}},
			},
		})
		require.NoError(t, <-wrote, "the greeting")
		set := func(readOnly int) {
			_, err := d.DB.ExecContext(t.Context(), "SET GLOBAL read_only = ?", readOnly)
			require.NoError(t, err)
		}
		decide := func(session uint64) error {
			one := dead(session)
			one.At = time.Now()
			require.NoError(t, f.Record(t.Context(), one))
			return <-wrote
		}
		require.NoError(t, decide(1))
		set(1)
		require.Equal(t, mysqlx.ClassUnavailable, mysqlx.Classify(decide(2)))
		require.Error(t, decide(3))
		set(0)
		require.NoError(t, decide(4))
		require.NoError(t, f.Close(t.Context()))

		first, last := <-told, <-told
		require.Equal(t, "database", first.Sink)
		require.Error(t, first.Err)
		require.Equal(t, querykiller.Trouble{Sink: "database", Lost: 2}, last)
		require.Empty(t, told)
		require.Equal(t, 4, bytes.Count(log.Bytes(), []byte("\n")), "the log has all of them")
		kept, err := control.Kills(t.Context(), d.DB, control.KillFilter{})
		require.NoError(t, err)
		require.Len(t, kept, 2)
	})
}

// The sink's connection stays open, so that decisions are kept when nobody else
// gets one.
func TestDatabaseKeepsDecisionsAtMaxConnections(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		private := servers.Private(t, servers.Options{Engine: s.Engine(), ExtraArgs: []string{"--max-connections=10"}})
		d := private.Database(t)
		_, err := control.Init(t.Context(), d.DB)
		require.NoError(t, err)
		user := d.User(t, "ALL PRIVILEGES")
		database := querykiller.NewDatabase(querykiller.DatabaseConfig{DB: recordPool(t, user)})
		require.NoError(t, database.Write(t.Context(), nil))

		crowd, err := sql.Open("mysql", user)
		require.NoError(t, err)
		defer crowd.Close()
		for n := 0; ; n++ {
			conn, err := crowd.Conn(t.Context())
			if err != nil {
				require.Equal(t, mysqlx.ClassUnavailable, mysqlx.Classify(err), "%v", err)
				break
			}
			defer conn.Close()
			require.Less(t, n, 20)
		}
		one := dead(1)
		one.At = time.Now()
		require.NoError(t, database.Write(t.Context(), []querykiller.Decision{one}))
	})
}
