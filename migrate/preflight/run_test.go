package preflight_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/preflight"
)

func TestColumnChange(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.fill("users", 20_000)
		before := f.checksum("users")
		r := f.run(f.quick(columnChange()...))
		require.Equal(t, before, f.checksum("users"), "the table is as it was")

		require.Len(t, r.Tables, 1)
		require.InEpsilon(t, 20_000, r.Tables[0].Rows, 0.3)
		require.NotNil(t, r.Tables[0].StatisticsAge)
		require.Less(t, *r.Tables[0].StatisticsAge, int64(600))
		require.Len(t, r.Steps, 4)
		for i, want := range []ddl.Class{ddl.Instant, preflight.Chunks, preflight.Reading, ddl.Instant} {
			require.Equal(t, want, r.Steps[i].Class)
			require.NotNil(t, r.Steps[i].Time, r.Steps[i].Why)
			require.NotEmpty(t, r.Steps[i].Locks)
		}
		copied := r.Steps[1]
		require.EqualValues(t, 4000, copied.Sample.Rows)
		require.Greater(t, copied.Time.Expected, copied.Sample.Seconds, "20,000 rows take longer than 4,000")
		require.Greater(t, copied.Bytes, uint64(20_000*20), "the new column has 20 characters at least")
		require.Greater(t, copied.Binlog, uint64(20_000*100), "rows are logged as they were and as they are")
		require.NotEqual(t, preflight.NoGo, r.Verdict, r.Text())

		again := f.run(f.quick(columnChange()...))
		require.Len(t, again.Checks, len(r.Checks))
		for i, c := range r.Checks {
			require.Equal(t, c.Code, again.Checks[i].Code)
			require.Equal(t, c.Object, again.Checks[i].Object)
		}
	})
}

// checksum is that of a table, as the server has it.
func (f *fixture) checksum(table string) (sum string) {
	f.t.Helper()
	var name string
	require.NoError(f.t, f.db.QueryRowContext(f.t.Context(), "CHECKSUM TABLE "+table).Scan(&name, &sum))
	return sum
}

func TestTableChange(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.fill("users", 3_000)
		r := f.run(f.quick(tableChange()...))
		require.Len(t, r.Tables, 1, "the target is not there yet")
		require.True(t, r.Tables[0].Exact)
		require.EqualValues(t, 3_000, r.Tables[0].Rows)
		require.EqualValues(t, 3_000, r.Steps[1].Sample.Rows, "a small table is sampled whole")
		require.EqualValues(t, 3_000, r.Steps[2].Sample.Rows, "and compared once")
		require.InDelta(t, r.Steps[1].Sample.Seconds, r.Steps[1].Time.Expected, 1e-9)
		require.Equal(t, ddl.Metadata, r.Steps[3].Class)
		for _, text := range []string{r.Text(), r.Markdown()} {
			require.Contains(t, text, "copy the rows of users to accounts")
		}
		encoded, err := json.Marshal(r)
		require.NoError(t, err)
		var back preflight.Report
		require.NoError(t, json.Unmarshal(encoded, &back))
		require.Equal(t, r.Verdict, back.Verdict)
		require.Equal(t, r.Steps, back.Steps)
		require.Equal(t, r.Checks, back.Checks)
	})
}

// What a step names by the name that an earlier one gives it is the table that is
// there now; a view that an earlier step makes is nothing that is missing.
func TestRenamesAreFollowed(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.fill("users", 200)
		step := func(phase migrate.Phase, table, sql string) preflight.Step {
			return preflight.Step{Phase: phase, Table: table, SQL: sql}
		}
		for _, steps := range [][]preflight.Step{
			{step(migrate.Expanded, "users", "RENAME TABLE users TO held"), step(migrate.Contracted, "held", "DROP TABLE held")},
			{
				step(migrate.Expanded, "people", "CREATE SQL SECURITY INVOKER VIEW people AS SELECT * FROM users"),
				step(migrate.Contracted, "users", "RENAME TABLE people TO held, users TO people"), step(migrate.Contracted, "held", "DROP VIEW IF EXISTS held"),
			},
		} {
			r := f.run(f.quick(steps...))
			require.NotEqual(t, preflight.NoGo, r.Verdict, r.Text())
			require.Equal(t, "users", r.Tables[0].Table)
			for _, f := range r.Steps {
				require.Equal(t, ddl.Metadata, f.Class)
				require.NotNil(t, f.Time, f.Why)
			}
		}
		missing := f.run(f.quick(step(migrate.Contracted, "held", "DROP TABLE held")))
		require.Equal(t, preflight.NoGo, missing.Verdict, "nobody makes it")
	})
}

// What is unknown is never fine: a caller that says nothing does not get a go.
func TestUnknownIsNotGo(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.fill("users", 100)
		in := f.quick(columnChange()...)
		in.Privileges, in.FreeBytes = nil, 0
		r := f.run(in)
		require.Equal(t, preflight.GoWithCare, r.Verdict)
		require.Equal(t, preflight.Unknown, f.only(r, preflight.CodePrivilege, "").Status)
		disk := f.only(r, preflight.CodeDisk, "")
		var dir string
		require.NoError(t, f.db.QueryRowContext(t.Context(), "SELECT @@datadir").Scan(&dir))
		if local, _ := filepath.Glob(filepath.Join(dir, f.d.Name, "users.ibd")); len(local) > 0 {
			require.Equal(t, preflight.OK, disk.Status, disk.What)
			require.Positive(t, disk.Limit.Number)
			return
		}
		require.Equal(t, preflight.Unknown, disk.Status, "a directory of that name here is not the server's")
		require.Contains(t, disk.Remedy, "df")
	})
}

func TestDisk(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.fill("users", 4_000)
		rebuild := preflight.Step{Phase: migrate.Expanded, Table: "users", SQL: "ALTER TABLE users FORCE"}
		in := f.quick(rebuild)
		need := f.only(f.run(in), preflight.CodeDisk, "").Value.Number
		require.Greater(t, need, 4000*100.0, "a second copy of the table")
		for _, c := range []struct {
			free uint64
			want preflight.Status
		}{{1, preflight.No}, {uint64(need) / 2, preflight.No}, {uint64(need * 1.1), preflight.Care}, {uint64(need * 3), preflight.OK}} {
			in.FreeBytes = c.free
			r := f.run(in)
			require.Equal(t, c.want, f.only(r, preflight.CodeDisk, "").Status, "%d free of %.0f", c.free, need)
			if c.want == preflight.No {
				require.Equal(t, preflight.NoGo, r.Verdict)
				require.Contains(t, r.Reasons[0], "disk")
			}
		}
	})
}

func TestBusy(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.fill("users", 10)
		conn, err := f.db.Conn(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		_, err = conn.ExecContext(t.Context(), "DO GET_LOCK(?, 1)", preflight.LockName(f.d.Name))
		require.NoError(t, err)
		_, err = preflight.Run(t.Context(), f.db, f.quick(columnChange()...))
		require.ErrorIs(t, err, preflight.ErrBusy)
	})
}

// Whatever ends a run, no scratch table stays; and what a killed one has left
// is gone after the next.
func TestScratchTablesGo(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.fill("users", 40_000)
		f.exec("CREATE TABLE _underpin_scratch_preflight_killed (id INT PRIMARY KEY)")
		in := f.quick(columnChange()...)
		in.SampleRows, in.SampleFor, in.ChunkTarget = 40_000, 20*time.Second, time.Millisecond
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { _, err := preflight.Run(ctx, f.db, in); done <- err }()
		require.Eventually(t, func() bool {
			var n int
			err := f.d.DB.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"+
				" AND TABLE_NAME LIKE '\\_underpin\\_scratch\\_preflight%' AND TABLE_NAME NOT LIKE '%killed'").Scan(&n)
			return err == nil && n > 0
		}, 30*time.Second, 5*time.Millisecond)
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		f.requireNoScratch()
		require.NotEmpty(t, f.run(f.quick(columnChange()...)).Steps)
	})
}

func TestInputIsChecked(t *testing.T) {
	for _, in := range []preflight.Input{
		{Steps: []preflight.Step{{}}},
		{Steps: []preflight.Step{{SQL: "DROP TABLE t"}}},
		{LockWait: time.Millisecond},
		{SampleFor: -1},
	} {
		_, err := preflight.Run(t.Context(), nil, in)
		require.ErrorContains(t, err, "preflight:")
	}
}
