package explore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/explore"
)

// Which modes may run side by side, when the row is in both shapes and when it
// is not copied yet. It is why Off must be drained before anybody reads the
// target, and readers of the source before NewOnly; and why neither fence nor
// drain is needed between DualWrite, CopyOnRead and ReadNew.
func TestCoexistence(t *testing.T) {
	const (
		off  = migrate.Off
		dual = migrate.DualWrite
		cor  = migrate.CopyOnRead
		read = migrate.ReadNew
		only = migrate.NewOnly
	)
	for _, cell := range []struct {
		x, y     migrate.Mode
		inStep   explore.Cell
		unmapped explore.Cell
	}{
		{off, off, "Rx", "R<"}, {off, dual, "Rx", "Rx"}, {off, cor, "!x", "!x"}, {off, read, "!x", "!x"}, {off, only, "!x", "!x"},
		{dual, dual, "R=", "R<"}, {dual, cor, "R=", "R<"}, {dual, read, "R=", "!<"}, {dual, only, "!x", "!x"},
		{cor, cor, "R=", "R<"}, {cor, read, "R=", "!<"}, {cor, only, "!x", "!x"},
		{read, read, "R=", "!<"}, {read, only, "Rx", "!x"},
		{only, only, "Rx", "!x"},
	} {
		t.Run(cell.x.String()+" with "+cell.y.String(), func(t *testing.T) {
			require.Equal(t, cell.inStep, explore.Coexistence(cell.x, cell.y, explore.InStep))
			require.Equal(t, cell.unmapped, explore.Coexistence(cell.x, cell.y, explore.Unmapped))
			require.Equal(t, cell.inStep, explore.Coexistence(cell.y, cell.x, explore.InStep), "the matrix is symmetric")
		})
	}
}

func TestIdentity(t *testing.T) {
	intact, err := explore.Identity(explore.Inserts)
	require.NoError(t, err)
	require.Nil(t, intact.Violation, "%s", intact.Violation)
	t.Logf("intact: %d states", intact.States)

	for how, property := range map[explore.Mirroring]string{
		explore.Upserts:      "a mirror has overwritten somebody else's row",
		explore.InsertsAlone: "two different rows with one number count as a pair",
	} {
		r, err := explore.Identity(how)
		require.NoError(t, err)
		require.NotNil(t, r.Violation)
		require.Equal(t, property, r.Violation.Property)
		t.Logf("%d states\n%s", r.States, r.Violation)
	}
}
