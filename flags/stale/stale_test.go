package stale_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/stale"
	"github.com/underpin-db/underpin/internal/sarif"
)

const shop = `package shop

import "log/slog"

const (
	newSearch = "new-search"
	gone      = "gone"
)

func f() {
	_ = client.Bool(ctx, "new-checkout", t, false)
	_ = client.StringDetail(ctx, newSearch, t, "fallback")
	_ = client.Boolean(ctx, "misspelt", false, of.EvaluationContext{}, nil)
	_ = client.Int(ctx, gone, t, 7)
	slog.String("open", "no flag")
	use("open", "old", "new-search ")
	_ = client.Bool(ctx, name(), t, false)
}
`

var (
	now  = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	long = now.AddDate(0, -3, 0)
)

func flag(name string, change ...func(*flags.Flag)) flags.Flag {
	f := flags.Flag{Name: name, Owner: "shop", Created: long, Serve: flags.Serve{Variant: "on"}}
	for _, fn := range change {
		fn(&f)
	}
	return f
}

func closed(f *flags.Flag) { f.State = flags.Closed }

func tree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"shop/shop.go":       shop,
		"web/app.ts":         "import x\nif (flag('open') && flag('lost')) {}\n// flag('new-checkout')\n",
		"web/other.js":       "flag('not read')",
		"vendor/v/v.go":      "package v\nvar _ = c.Bool(a, \"vendored\", b, d)\n",
		"broken.go":          "package p\nvar _ = c.Bool(a, \"half\", b, d)\nfunc {",
		"node_modules/m.ts":  "flag('skipped')",
		"shop/testdata/t.go": "package t\nvar _ = c.Bool(a, \"testdata\", b, d)\n",
	} {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return root
}

func config() stale.Config {
	return stale.Config{
		Now: now, Patterns: []stale.Pattern{{"*.ts", regexp.MustCompile(`flag\('([^']+)'\)`)}},
		Flags: []flags.Flag{flag("new-checkout", closed), flag("new-search", closed), flag("open"), flag("half"),
			flag("old", func(f *flags.Flag) { f.Expires = now.AddDate(0, 0, -1) }), flag("young", func(f *flags.Flag) { f.Created = now.AddDate(0, 0, -3) })},
		Uses: map[string]time.Time{"new-checkout": now, "new-search": now, "open": now.AddDate(0, 0, -30), "half": now.AddDate(0, 0, -40)},
	}
}

func TestScan(t *testing.T) {
	r, err := stale.Scan(t.Context(), tree(t), config())
	require.NoError(t, err)
	type short struct {
		Rule stale.Rule
		Flag string
		File string
		Line int
		Col  int
	}
	var got []short
	for _, f := range r.Findings {
		require.NotEmpty(t, f.Message)
		got = append(got, short{f.Rule, f.Flag, f.File, f.Line, f.Column})
	}
	want := []short{
		{stale.ClosedLive, "new-search", "shop/shop.go", 6, 14},
		{stale.ClosedLive, "new-checkout", "shop/shop.go", 11, 23},
		{stale.ClosedLive, "new-search", "shop/shop.go", 12, 31},
		{stale.Unknown, "misspelt", "shop/shop.go", 13, 26},
		{stale.Unknown, "gone", "shop/shop.go", 14, 22},
		{stale.Unknown, "lost", "web/app.ts", 2, 27},
		{stale.ClosedLive, "new-checkout", "web/app.ts", 3, 10},
		{stale.Unused, "half", "", 0, 0},
		{stale.Expired, "old", "", 0, 0},
		{stale.Unused, "old", "", 0, 0},
	}
	require.Empty(t, cmp.Diff(want, got))
	require.Len(t, r.Unread, 1)
	require.Contains(t, r.Unread[0], "broken.go")
	require.Equal(t, 3, r.Files)
}

func TestWithoutUsesNothingIsUnused(t *testing.T) {
	cfg := config()
	cfg.Uses, cfg.Patterns = nil, nil
	r, err := stale.Scan(t.Context(), tree(t), cfg)
	require.NoError(t, err)
	for _, f := range r.Findings {
		require.NotEqual(t, stale.Unused, f.Rule)
		require.NotEqual(t, "web/app.ts", f.File)
	}
}

func TestSARIF(t *testing.T) {
	r, err := stale.Scan(t.Context(), tree(t), config())
	require.NoError(t, err)
	run := r.SARIF("1.0", "flags.json")
	require.Len(t, run.Results, len(r.Findings))
	var b bytes.Buffer
	require.NoError(t, sarif.Write(&b, run))
	require.Contains(t, b.String(), `"web/app.ts"`)
	require.Contains(t, b.String(), `"flags.json"`)
}

func TestScanRefuses(t *testing.T) {
	_, err := stale.Scan(t.Context(), filepath.Join(t.TempDir(), "none"), stale.Config{})
	require.ErrorIs(t, err, os.ErrNotExist)
	for _, p := range []stale.Pattern{{"[", regexp.MustCompile("(a)")}, {"*", regexp.MustCompile("a")}} {
		_, err := stale.Scan(t.Context(), t.TempDir(), stale.Config{Patterns: []stale.Pattern{p}})
		require.Error(t, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	cancel(enough)
	_, err = stale.Scan(ctx, t.TempDir(), stale.Config{})
	require.ErrorIs(t, err, enough)
}
