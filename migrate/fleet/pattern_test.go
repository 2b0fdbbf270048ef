package fleet

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPatternsMatchAsTheExpressionTheyStandFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`[ab@%.]{0,8}`).Draw(t, "pattern")
		text := rapid.StringMatching(`[ab@.]{0,10}`).Draw(t, "text")
		parts := strings.Split(pattern, "%")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		want := regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(text)
		require.Equal(t, want, matches(pattern, text))
	})
}

func TestHostsLoseTheirPort(t *testing.T) {
	for listed, want := range map[string]string{
		"10.0.0.1:4711": "10.0.0.1", "localhost": "localhost", "::1:4711": "::1", "": "",
	} {
		require.Equal(t, want, session{host: listed}.account().host)
	}
}
