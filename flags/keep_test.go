package flags_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
)

// kept returns the path of a snapshot that holds the flag f, on.
func kept(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "flags.snapshot")
	c, err := flags.Open(t.Context(), flags.Config{Source: memory(t, toggle("f", "on"), colours(), toggle("shop-open", "on")), Snapshot: path, Logger: quiet(t)})
	require.NoError(t, err)
	require.NoError(t, c.Close())
	return path
}

func TestAStartWithTheStoreDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := kept(t)
		down := &troubled{Memory: memory(t), err: errDown}
		cfg := flags.Config{Source: down, Snapshot: path, Logger: quiet(t)}
		pass(30 * time.Second)
		c, err := flags.Open(t.Context(), cfg)
		require.NoError(t, err)
		require.True(t, c.Bool(t.Context(), "f", flags.Nobody(), false), "the copy is half a minute old")
		require.GreaterOrEqual(t, c.Status().Age, 30*time.Second)
		require.NoError(t, c.Close())
		pass(time.Minute)
		c, err = flags.Open(t.Context(), cfg)
		require.NoError(t, err)
		d := c.BoolDetail(t.Context(), "f", flags.Nobody(), true)
		require.Equal(t, flags.StaleReason, d.Reason, "a restart does not make a copy younger")
		require.False(t, d.Value)
		require.NoError(t, c.Close())
	})
}

// A machine's clock that went back leaves a snapshot from the future. Nobody
// can tell its age.
func TestASnapshotFromTheFuture(t *testing.T) {
	path := kept(t)
	synctest.Test(t, func(t *testing.T) { // where it is the year 2000
		c, err := flags.Open(t.Context(), flags.Config{Source: &troubled{Memory: memory(t), err: errDown}, Snapshot: path, Logger: quiet(t)})
		require.NoError(t, err)
		require.Equal(t, flags.StaleReason, c.BoolDetail(t.Context(), "f", flags.Nobody(), true).Reason)
		require.Negative(t, c.Status().Age)
		require.NoError(t, c.Close())
	})
}

func TestASnapshotThatIsDamagedIsIgnoredWithAWarning(t *testing.T) {
	path := kept(t)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	damaged := map[string][]byte{"empty": {}, "a bit": bytes.Replace(whole, []byte(`"on"`), []byte(`"of"`), 1), "a word": []byte("null"), "a line": []byte("{}\n[]"), "list": []byte("[]\n[]")}
	for n := 1; n < len(whole); n += 97 {
		damaged[fmt.Sprint(n)] = whole[:n]
	}
	for name, text := range damaged {
		require.NoError(t, os.WriteFile(path, text, 0o600))
		var log strings.Builder
		cfg := flags.Config{Source: memory(t, toggle("f", "off")), Snapshot: path, Logger: slog.New(slog.NewTextHandler(&log, nil))}
		c, err := flags.Open(t.Context(), cfg)
		require.NoError(t, err, name)
		require.False(t, c.Bool(t.Context(), "f", flags.Nobody(), true))
		require.NoError(t, c.Close())
		require.Contains(t, log.String(), "not used", name)

		require.NoError(t, os.WriteFile(path, text, 0o600))
		cfg.Source = &troubled{Memory: memory(t), err: errDown}
		_, err = flags.Open(t.Context(), cfg)
		require.ErrorIs(t, err, errDown)
		require.ErrorIs(t, err, flags.ErrBadSnapshot, name)
	}
}

func TestASnapshotOfANewerReleaseIsRefusedByName(t *testing.T) {
	path := kept(t)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, bytes.Replace(text, []byte(`"underpin_flags":1`), []byte(`"underpin_flags":2`), 1), 0o600))
	_, err = flags.Open(t.Context(), flags.Config{Source: &troubled{Memory: memory(t), err: errDown}, Snapshot: path, Logger: quiet(t)})
	require.ErrorIs(t, err, flags.ErrNewerSnapshot)
}

func TestTheSnapshotFollows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flags.snapshot")
	store := &troubled{Memory: memory(t, toggle("f", "off"))}
	inBubble(t, store, flags.Config{Snapshot: path}, func(t *testing.T, _ *flags.Client) {
		restarted := func() *flags.Client {
			c, err := flags.Open(t.Context(), flags.Config{Source: &troubled{Memory: memory(t), err: errDown}, Snapshot: path, Logger: quiet(t)})
			require.NoError(t, err)
			require.NoError(t, c.Close())
			return c
		}
		store.turn(t, "f", "on")
		pass(time.Second)
		require.True(t, restarted().Bool(t.Context(), "f", flags.Nobody(), false))
		pass(time.Hour)
		require.LessOrEqual(t, restarted().Status().Age, 12*time.Second, "it is confirmed while nothing changes")
		left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
		require.NoError(t, err)
		require.Len(t, left, 1, "nothing temporary is left")
	})
}

func TestASnapshotThatCannotBeWrittenStopsNobody(t *testing.T) {
	c, err := flags.Open(t.Context(), flags.Config{Source: memory(t, toggle("f", "on")), Snapshot: filepath.Join(t.TempDir(), "none", "x"), Logger: quiet(t)})
	require.NoError(t, err)
	require.True(t, c.Bool(t.Context(), "f", flags.Nobody(), false))
	require.ErrorIs(t, c.Close(), os.ErrNotExist)
}
