package flags_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/flags"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quiet is a logger for tests in which trouble is expected.
func quiet(t testing.TB) *slog.Logger {
	t.Helper()
	return slog.New(slog.DiscardHandler)
}

// memory returns a store with flags.
func memory(t testing.TB, all ...flags.Flag) *flags.Memory {
	t.Helper()
	m, err := flags.NewMemory(all...)
	require.NoError(t, err)
	return m
}

// open opens a client on a source and closes it with the test.
func open(t testing.TB, s flags.Source) *flags.Client {
	t.Helper()
	return openWith(t, flags.Config{Source: s})
}

func openWith(t testing.TB, cfg flags.Config) *flags.Client {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = quiet(t)
	}
	c, err := flags.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// toggle is a boolean flag that serves a variant to everybody.
func toggle(name, serve string, change ...func(*flags.Flag)) flags.Flag {
	f := flags.Flag{
		Name: name, Type: flags.Boolean, Kind: flags.Release, Owner: "shop",
		Off: "off", Safe: "off", Serve: flags.Serve{Variant: serve},
	}
	for _, fn := range change {
		fn(&f)
	}
	return f
}
