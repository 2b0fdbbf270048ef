package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/fleet"
)

// needed are the privileges that doctor calls needed; they show no definition.
const needed = "CREATE, ALTER, INDEX, REFERENCES, INSERT, UPDATE, SELECT, DELETE, DROP"

// limited is an engine over the same database as a user with these privileges alone.
func (st *stage) limited(t *testing.T, grants string) *engine.Engine {
	t.Helper()
	db, err := mysqlx.Open(t.Context(), st.database.User(t, grants), mysqlx.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return st.another(t, func(c *engine.Config) { c.DB = db })
}

// A definition that the user may not see keeps a column from being hidden and
// dropped, until it may see it or somebody has looked for it. A trigger on the
// column would fail every write from then on.
func TestWhatIsHiddenBlocks(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for title, c := range map[string]struct{ setup, sight string }{
			"nothing":   {"DO 0", "TRIGGER, EVENT, EXECUTE"},
			"a trigger": {"CREATE TRIGGER noted BEFORE UPDATE ON items FOR EACH ROW SET NEW.note = 'x'", "EVENT, EXECUTE"},
			"an event":  {"CREATE EVENT noted ON SCHEDULE EVERY 1 DAY DO UPDATE items SET note = 'x'", "TRIGGER, EXECUTE"},
			"a routine": {"CREATE PROCEDURE noted() UPDATE items SET note = 'x'", "TRIGGER, EVENT"},
			"a text":    {"CREATE PROCEDURE noted() UPDATE items SET note = 'x'", "TRIGGER, EVENT, EXECUTE"},
			"a view":    {"CREATE VIEW noted AS SELECT note FROM items", "TRIGGER, EVENT, EXECUTE"},
		} {
			t.Run(title, func(t *testing.T) {
				t.Parallel()
				st := shop(t, s, schemaFile("ALTER TABLE items DROP COLUMN note"))
				st.exec(t, c.setup)
				e := st.limited(t, needed+", "+c.sight)
				out, err := e.Apply(t.Context(), "the-change", engine.WalkOptions{To: migrate.Contracted})
				require.NoError(t, err)
				if title == "nothing" {
					require.True(t, out.Reached, "%+v", out.Waiting)
					return
				}
				require.False(t, out.Reached)
				require.Equal(t, migrate.GuardUnnamed, out.Waiting[0].Guard)
				require.Contains(t, out.Waiting[0].String(), "hidden from this user")
				require.Contains(t, out.Waiting[0].String(), "underpin fleet vouch --change the-change --user "+fleet.Definitions)
				require.Equal(t, migrate.Planned, st.phaseOf(t, "the-change"))

				word := fleet.Word{Change: "the-change", User: "%@%", Who: "ann", Why: "nobody else is connected"}
				require.NoError(t, fleet.Vouch(t.Context(), st.db, word))
				out, err = e.Apply(t.Context(), "the-change", engine.WalkOptions{})
				require.NoError(t, err)
				require.False(t, out.Reached, "a word about connections says nothing of definitions")

				word.User, word.Why = fleet.Definitions, "looked, and none names it"
				require.NoError(t, fleet.Vouch(t.Context(), st.db, word))
				out, err = e.Apply(t.Context(), "the-change", engine.WalkOptions{To: migrate.Contracted})
				require.NoError(t, err)
				require.True(t, out.Reached, "%+v", out.Waiting)
			})
		}
	})
}
