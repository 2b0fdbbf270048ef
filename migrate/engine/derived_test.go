package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/plan"
)

// What is derived of one statement is carried to the end, change after change:
// the column has its new name, its type and its NOT NULL, and every value.
func TestWhatIsDerivedIsCarriedToTheEnd(t *testing.T) {
	for name, c := range map[string]struct{ ddl, value, want string }{
		"rename":      {"ALTER TABLE items RENAME COLUMN sku TO code", "code", "a,b,c"},
		"change type": {"ALTER TABLE items CHANGE COLUMN price cents BIGINT NOT NULL", "cents", "0,0,0"},
		"required":    {"ALTER TABLE items ADD COLUMN colour VARCHAR(10) NOT NULL", "colour", "red,red,red"},
	} {
		t.Run(name, func(t *testing.T) {
			servers.Each(t, func(t *testing.T, s *servers.Server) {
				st := shop(t, s, schemaFile("ALTER TABLE items COMMENT 'the shop is only borrowed'"))
				list, err := plan.Derive(t.Context(), st.db, plan.DDL{Name: "ddl", Text: c.ddl, Service: "shop"}, plan.Options{})
				require.NoError(t, err)
				require.Len(t, list, 2)
				st.carry(t, list[0].File, migrate.Expanded)
				if list[0].File.Forward != nil {
					st.carry(t, list[0].File, migrate.Contracted)
				}
				require.Equal(t, list[0].File.Change.Text, list[1].After)
				if c.value == "colour" {
					out := st.carry(t, list[1].File, migrate.Expanded)
					require.False(t, out.Reached, "rows lack it")
					st.exec(t, "UPDATE items SET colour = 'red'")
				}
				require.True(t, st.carry(t, list[1].File, migrate.Expanded).Reached)
				var got, null string
				require.NoError(t, st.db.QueryRowContext(t.Context(), "SELECT GROUP_CONCAT("+c.value+" ORDER BY id) FROM items").Scan(&got))
				require.Equal(t, c.want, got)
				require.NoError(t, st.db.QueryRowContext(t.Context(),
					"SELECT IS_NULLABLE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'items' AND COLUMN_NAME = ?", c.value).Scan(&null))
				require.Equal(t, "NO", null)
			})
		})
	}
}

// carry plans a change, unless it is under way, and leads it to a phase. Nobody
// reads beside the test, so nothing is compared in the shadow and nothing soaks.
func (st *stage) carry(t *testing.T, f *plan.File, to migrate.Phase) engine.Outcome {
	t.Helper()
	f.Reads.Shadow.Sample, f.Reads.Soak = 0, 0
	if _, err := st.Status(t.Context(), f.Change.Text); err != nil {
		p, err := plan.Build(t.Context(), st.db, f, plan.Options{})
		require.NoError(t, err)
		require.NoError(t, st.Submit(t.Context(), p))
	}
	out, err := st.Apply(t.Context(), f.Change.Text, engine.WalkOptions{To: to})
	require.NoError(t, err)
	return out
}
