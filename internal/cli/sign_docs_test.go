package cli_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/review/sign"
)

// The policy that docs/signoff.md shows is one, and the page names every risk.
func TestDocumentedSignOff(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/signoff.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```yaml\n(signoff:.*?)```").FindSubmatch(page)
	require.NotNil(t, block)
	policy, ok, err := sign.ParsePolicy("docs/signoff.md", block[1])
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, []string{"production"}, policy.ProtectedEnvironments())
	require.Len(t, policy.Needs, strings.Count(string(block[1]), "\n    - {"))
	for _, r := range sign.Risks() {
		require.Contains(t, string(page), "\n| `"+string(r)+"` |")
	}
}
