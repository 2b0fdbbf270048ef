package cli_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/cacheformat"
	gate "github.com/underpin-db/underpin/review/rules"
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
	require.Contains(t, string(page), "-n "+sign.Namespace+" ")
	require.Contains(t, string(page), "-n "+sign.CacheNamespace+" ")
}

// The text of a format that docs/signoff.md shows is that of the cache that the
// rules' explanations declare.
func TestDocumentedCacheFormat(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/signoff.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```text\n(underpin cache format 1\n.*?)```").FindSubmatch(page)
	require.NotNil(t, block)
	var files []review.GoFile
	for _, r := range gate.All() {
		if r.Code != "RS601" && r.Code != "RS602" {
			continue
		}
		example := regexp.MustCompile("(?s)```go\n(.*?)```").FindStringSubmatch(r.Explanation)
		require.NotNil(t, example, r.Code)
		files = append(files, review.GoFile{Path: string(r.Code) + ".go", Text: "package store\n\n" + example[1]})
	}
	formats, err := cacheformat.Read(files, nil)
	require.NoError(t, err)
	require.Equal(t, string(formats.Text("users")), string(block[1]))
}
