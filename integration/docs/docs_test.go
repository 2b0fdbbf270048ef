package docs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/docs"
)

func TestPagesAreUpToDate(t *testing.T) {
	stale, err := docs.Pages("../..")
	require.NoError(t, err)
	for path := range stale {
		t.Errorf("%s is not what it is made from: run make docs", path)
	}
}
