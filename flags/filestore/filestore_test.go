package filestore_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/filestore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const file = `# flags of the shop
flags:
  - name: neue-kasse-ü
    type: boolean
    kind: release
    owner: payments
    off: "off"
    safe: "off"
    stale_after: 30s
    created: 2026-01-02
    requires: [{flag: limits, variant: small}]
    rules:
      - when: [{attribute: country, op: in, values: [DE, FR]}, {attribute: age, op: at_least, values: [18]}]
        serve: {variant: "on"}
    ramp: {variant: "on", rings: [qa], share: 0.01%}
    serve: {split: [{variant: "on", share: 33.33%}, {variant: "off", share: 66.67}]}
  - name: limits
    type: json
    kind: ops
    owner: payments
    variants:
      - name: small
        value: {max: 10, list: [1, "two", null, true]}
    off: small
    safe: small
    serve: {variant: small}
`

func parse(text string) ([]flags.Flag, error) {
	return filestore.Parse("flags.yaml", strings.NewReader(text), filestore.Whole)
}

func TestParse(t *testing.T) {
	all, err := parse(file)
	require.NoError(t, err)
	require.Len(t, all, 2)
	f := all[0]
	require.Equal(t, "neue-kasse-ü", f.Name)
	require.Equal(t, flags.Duration(30*time.Second), f.StaleAfter)
	require.Equal(t, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), f.Created)
	require.Equal(t, &flags.Ramp{Variant: "on", Rings: []string{"qa"}, Share: 1}, f.Ramp)
	require.Equal(t, []flags.Weight{{Variant: "on", Share: 3333}, {Variant: "off", Share: 6667}}, f.Serve.Split)
	require.Equal(t, "18", f.Rules[0].When[1].Values[0].String())
	require.JSONEq(t, `{"max": 10, "list": [1, "two", null, true]}`, all[1].Variants[0].Value.String())
}

func TestJSONIsAFileToo(t *testing.T) {
	want, err := parse(file)
	require.NoError(t, err)
	text, err := json.Marshal(map[string]any{"flags": want})
	require.NoError(t, err)
	got, err := parse(string(text))
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestMistakesHaveTheirPlace(t *testing.T) {
	for _, c := range []struct {
		old, new string
		at       string // how the error begins
		want     error
	}{
		{"owner: payments\n    off", "ownr: payments\n    off", "flags.yaml:6:5: ", nil},
		{"kind: release", "kind: release\n    kind: ops", "flags.yaml:6:5: ", nil},
		{"0.01%", "0.001%", "flags.yaml:", flags.ErrShare},
		{"66.67", "66.66", "flags.yaml:16:", flags.ErrWeights},
		{"kind: ops", "kind: opps", "flags.yaml:19:11: ", flags.ErrField},
		{"off: small", "off: large", "flags.yaml:24:10: ", flags.ErrVariant},
		{"op: at_least", "op: over", "flags.yaml:13:", flags.ErrCondition},
		{"variant: small}]", "variant: big}]", "flags.yaml:11:", flags.ErrRequirement},
		{"- name: limits", "- name: neue-kasse-ü", "flags.yaml:11:23: ", flags.ErrName},
		{"    safe: small\n", "", "flags.yaml:17:5: ", flags.ErrVariant},
		{"flags:", "flags: [", "flags.yaml:", nil},
		{"serve: {variant: small}\n", "serve: {variant: small}\n---\nflags: []\n", "flags.yaml: a second", nil},
	} {
		require.Contains(t, file, c.old)
		_, err := parse(strings.Replace(file, c.old, c.new, 1))
		var bad filestore.ParseErrors
		require.ErrorAs(t, err, &bad, c.new)
		require.True(t, strings.HasPrefix(err.Error(), c.at), "%s: %v", c.new, err)
		if c.want != nil {
			require.True(t, errors.Is(err, c.want) || strings.Contains(err.Error(), c.want.Error()), "%s: %v", c.new, err)
		}
	}
}

func TestPartOfTheFlags(t *testing.T) {
	part, _, found := strings.Cut(file, "  - name: limits")
	require.True(t, found)
	_, err := parse(part)
	require.ErrorIs(t, err, flags.ErrRequirement)
	all, err := filestore.Parse("part.yaml", strings.NewReader(part), filestore.Part)
	require.NoError(t, err)
	require.Len(t, all, 1)
	none, err := parse("flags: []")
	require.NoError(t, err)
	require.Empty(t, none)
	for _, text := range []string{"", "# nothing\n", "flags:\n", "{}"} {
		_, err := parse(text)
		require.ErrorContains(t, err, "flags: []", "%q may be a file that somebody is just writing", text)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(file)
	f.Add("flags: [{name: a, rules: [{when: [{}]}]}]")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parse(text)
		if err == nil {
			require.NoError(t, flags.ValidateSet(all))
		}
	})
}

const patience = 20 * time.Second

func TestTheFileIsWatched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flags.yaml")
	write := func(text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o600)) }
	write(file)
	_, err := filestore.Open(path + ".none")
	require.ErrorIs(t, err, os.ErrNotExist)
	s, err := filestore.Open(path)
	require.NoError(t, err)
	watching, err := flags.Open(t.Context(), flags.Config{Source: s, Hints: []flags.Hinter{s}, Poll: time.Hour, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	polling, err := flags.Open(t.Context(), flags.Config{Source: s, Poll: 10 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	sees := func(want int) {
		t.Helper()
		for name, c := range map[string]*flags.Client{"watching": watching, "polling": polling} {
			require.Eventually(t, func() bool { return c.Status().Flags == want && c.Status().Err == nil }, patience, time.Millisecond, "%s", name)
		}
	}
	sees(2)
	write("flags: []")
	sees(0)
	// As editors do it: a new file in the place of the old.
	require.NoError(t, os.WriteFile(path+".new", []byte(file), 0o600))
	require.NoError(t, os.Rename(path+".new", path))
	sees(2)
	write("flags: {")
	require.Eventually(t, func() bool { return polling.Status().Err != nil }, patience, time.Millisecond)
	require.Equal(t, 2, polling.Status().Flags, "the copy stays")
	write(file + "# mended\n")
	sees(2)
	require.NoError(t, watching.Close())
	require.NoError(t, polling.Close())
}

// A file that is written in steps is never seen half: the flags that stand
// before the cut would be valid by themselves.
func TestAFileIsNotReadWhileItIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flags.yaml")
	require.NoError(t, os.WriteFile(path, []byte(file), 0o600))
	s, err := filestore.Open(path)
	require.NoError(t, err)
	c, err := flags.Open(t.Context(), flags.Config{Source: s, Poll: time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	fewest := 2
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 200 {
			_ = os.WriteFile(path, []byte(file), 0o600)
			if n := c.Status().Flags; n < fewest {
				fewest = n
			}
		}
	}()
	<-done
	require.Equal(t, 2, fewest)
	require.Eventually(t, func() bool { return c.Status().Err == nil }, patience, time.Millisecond)
	require.NoError(t, c.Close())
}
