package types

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/types.md anew")

func TestThePageIsUpToDate(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "types.md")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(Page()), 0o644))
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, Page(), string(have), "run the test with -update")
	for _, c := range all() {
		require.NotEqual(t, -1, familyOf(c), "%s is on no line of the page", c.DDL)
	}
	for i, f := range families {
		fits := 0
		for _, c := range all() {
			if familyOf(c) == i {
				fits++
			}
		}
		require.NotZero(t, fits, "%v is no column", f.begins)
	}
}
