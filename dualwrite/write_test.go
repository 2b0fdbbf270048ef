package dualwrite_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

func TestWriteMirrorsForward(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		names := f.old()
		ctx := t.Context()

		off, err := insert(ctx, names, `INSERT INTO users (name) VALUES (?)`, "Ada Lovelace")
		require.NoError(t, err)
		require.Equal(t, []string{"NULL", "NULL"}, f.row(`SELECT first_name, last_name FROM users WHERE id = ?`, off))

		f.to(migrate.DualWriting)
		id, err := insert(ctx, names, `INSERT INTO users (name) VALUES (?)`, "Grace Hopper")
		require.NoError(t, err)
		require.Equal(t, []string{"Grace", "Hopper"}, f.row(`SELECT first_name, last_name FROM users WHERE id = ?`, id))

		require.NoError(t, exec1(ctx, names, []any{off}, `UPDATE users SET city = 'London' WHERE id = ?`, off))
		require.Equal(t, []string{"Ada", "Lovelace"}, f.row(`SELECT first_name, last_name FROM users WHERE id = ?`, off), "an unmapped row is mapped")
		f.inStep(migrate.StepExact)
	})
}

func TestReadFollowsTheMode(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		names := f.old()
		read := func() string {
			v, err := dualwrite.Read(t.Context(), names, int64(1), answer("source"), answer("target"))
			require.NoError(t, err)
			return v
		}
		require.Equal(t, "source", read())
		sees(t, names, f.to(migrate.Verified))
		require.Equal(t, "source", read())
		sees(t, names, f.to(migrate.ReadingNew, ramp(0)))
		require.Equal(t, "source", read())
		sees(t, names, f.to(migrate.ReadingNew))
		require.Equal(t, "target", read())
	})
}

func answer(v string) dualwrite.Reader[string] {
	return func(context.Context, dualwrite.Querier) (string, error) { return v, nil }
}
