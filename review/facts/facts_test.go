package facts_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/facts"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(servers.Tests{M: m}) }

// The facts of a real database, read by a user that may only SELECT, written to
// a file and read back.
func TestRead(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		for _, statement := range []string{
			"CREATE TABLE users (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) NOT NULL, KEY by_name (name))",
			"CREATE TABLE orders (id INT PRIMARY KEY, user_id BIGINT UNSIGNED, FOREIGN KEY (user_id) REFERENCES users (id))",
			"CREATE VIEW v AS SELECT id FROM users",
			"INSERT INTO users (name) VALUES ('secret-name'), ('b')",
		} {
			_, err := d.DB.ExecContext(t.Context(), statement)
			require.NoError(t, err, statement)
		}
		reader, err := mysqlx.Open(t.Context(), d.User(t, "SELECT"), mysqlx.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { _ = reader.Close() })

		f, err := facts.Read(t.Context(), reader)
		require.NoError(t, err)
		require.Equal(t, map[servers.Engine]ddl.Flavour{servers.MySQL: ddl.MySQL, servers.MariaDB: ddl.MariaDB}[s.Engine()], f.Server.Flavour)
		require.Len(t, f.Tables, 2, "views are no tables")
		require.NotEmpty(t, f.Blind, "what this user or a young server cannot tell is named")
		wait, known := f.Setting("Lock_Wait_Timeout")
		require.True(t, known)
		require.NotEmpty(t, wait)
		users, known := f.Table("USERS")
		require.True(t, known)
		require.EqualValues(t, 3, users.NextAuto)
		require.Len(t, users.Columns, 2, "SELECT is enough for a table")
		require.NotZero(t, users.Bytes)

		var out bytes.Buffer
		require.NoError(t, facts.Write(&out, f))
		require.NotContains(t, out.String(), "secret-name", "facts hold no data")
		name := filepath.Join(t.TempDir(), "facts.json")
		require.NoError(t, os.WriteFile(name, out.Bytes(), 0o600))
		again, err := facts.ReadFile(name)
		require.NoError(t, err)
		if diff := cmp.Diff(f, again); diff != "" {
			t.Errorf("what was written is not what was read (-want +got):\n%s", diff)
		}
	})
}

// A user with the privileges for it gets everything the server has.
func TestReadAll(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		_, err := d.DB.ExecContext(t.Context(), "CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(50))")
		require.NoError(t, err)
		_, err = d.DB.ExecContext(t.Context(), "CREATE TABLE orders (id BIGINT PRIMARY KEY, FOREIGN KEY (id) REFERENCES users (id))")
		require.NoError(t, err)
		_, err = d.DB.ExecContext(t.Context(), "SELECT name FROM users WHERE name = 'secret-name'")
		require.NoError(t, err)
		f, err := facts.Read(t.Context(), d.DB)
		require.NoError(t, err)
		users, _ := f.Table("users")
		require.Len(t, users.Columns, 2)
		require.NotEmpty(t, users.DefaultCollations)
		orders, _ := f.Table("orders")
		require.Equal(t, []string{"users"}, orders.ForeignTables)
		if on, _ := f.Setting("performance_schema"); on == "ON" {
			full := strings.Contains(strings.Join(f.Blind, "\n"), "performance_schema_digests_size")
			require.True(t, full || len(f.Uses("users", "name")) > 0, "the server remembers the statement, or says that it has no room")
			for _, digest := range f.Uses("users", "name") {
				require.NotContains(t, digest.Text, "secret-name")
				require.WithinDuration(t, f.Taken, digest.LastSeen, 10*60*1e9)
			}
		} else {
			require.Contains(t, f.Blind[len(f.Blind)-1], "performance_schema is off")
		}
	})
}

func TestBadFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"old.json": `{"version": 0}`, "none.json": "hello", "bad.json": `{"version": 1, "tables": 3}`} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	for _, name := range []string{"none.json", "bad.json", "missing.json"} {
		_, err := facts.ReadFile(filepath.Join(dir, name))
		require.Error(t, err, name)
	}
	_, err := facts.ReadFile(filepath.Join(dir, "old.json"))
	require.True(t, errors.Is(err, facts.ErrVersion), err)
	require.EqualValues(t, 1, review.FactsVersion, "a new version needs a way to read the old one, or a word in the changelog")
}
