package servers

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCheckVersion(t *testing.T) {
	for _, c := range []struct {
		engine Engine
		text   string
		fault  string // empty: accepted
	}{
		{MySQL, "/usr/sbin/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))", ""},
		{MySQL, "8.0.36", ""},
		{MySQL, "5.7.44-log", "older than"},
		{MySQL, "mysqld  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu", "is not mysql"},
		{MariaDB, "10.11.19-MariaDB-0+deb12u1-log", ""},
		{MariaDB, "5.5.5-10.11.6-MariaDB", "older than"}, // the old handshake's form; SELECT VERSION() never has it
		{MariaDB, "10.5.9-MariaDB", "older than"},
		{MariaDB, "9.7.4", "is not mariadb"},
		{MySQL, "nonsense", "no version number"},
	} {
		err := c.engine.check(c.text)
		if c.fault == "" {
			require.NoError(t, err, c.text)
		} else {
			require.ErrorContains(t, err, c.fault, c.text)
		}
	}
}

func TestParseEngines(t *testing.T) {
	all, err := ParseEngines("")
	require.NoError(t, err)
	require.Equal(t, []Engine{MySQL, MariaDB}, all)
	some, err := ParseEngines(" MariaDB ,mariadb")
	require.NoError(t, err)
	require.Equal(t, []Engine{MariaDB}, some)
	_, err = ParseEngines("mysql,oracle")
	require.ErrorContains(t, err, "oracle")
}

func TestSourcesToTry(t *testing.T) {
	for _, c := range []struct {
		env  string
		opts Options
		want []Source
	}{
		{"", Options{}, []Source{DSN, Native, Docker, Install}},
		{"auto", Options{ours: true}, []Source{Native, Docker, Install}},
		{"docker", Options{}, []Source{Docker}},
		{"docker", Options{ours: true}, []Source{Docker}},
		{"docker", Options{Via: Native}, []Source{Native}},
		{"dsn", Options{ours: true}, []Source{Native, Docker, Install}},
	} {
		t.Setenv(EnvSource, c.env)
		got, err := c.opts.complete()
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%+v", c)
	}
}

// A directory is swept when its owner has died, and only then.
func TestSweep(t *testing.T) {
	parent := t.TempDir()
	alive, err := newWorkDir(parent)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, alive.remove()) })
	dead, err := newWorkDir(parent)
	require.NoError(t, err)
	require.NoError(t, dead.lock.Close()) // as the kernel does for a process that dies
	young, err := newWorkDir(parent)
	require.NoError(t, err)
	require.NoError(t, young.lock.Close())
	stranger := filepath.Join(parent, "something-else")
	require.NoError(t, os.Mkdir(stranger, 0o700))

	old := time.Now().Add(-time.Hour)
	for _, path := range []string{alive.path, dead.path, stranger} {
		require.NoError(t, os.Chtimes(path, old, old))
	}
	sweep(parent)
	require.DirExists(t, alive.path)
	require.NoDirExists(t, dead.path)
	require.DirExists(t, young.path)
	require.DirExists(t, stranger)
}

func TestLendableAptSettings(t *testing.T) {
	require.True(t, lendable(`Acquire::http::Proxy "proxy:3128";`))
	require.False(t, lendable(`Acquire::http::Proxy-Auto-Detect "/usr/bin/detect";`))
	require.False(t, lendable(`DPkg::Post-Invoke:: "rm -rf /";`))
}

func TestMountsBelow(t *testing.T) {
	found, err := mountsBelow("/no/such/folder")
	require.NoError(t, err)
	require.Empty(t, found)
	found, err = mountsBelow("") // everything below /
	require.NoError(t, err)
	require.Contains(t, found, "/proc")
}

func TestFreePortIsBelowTheEphemeralRange(t *testing.T) {
	port, err := freePort()
	require.NoError(t, err)
	require.GreaterOrEqual(t, port, lowestPort)
	require.Less(t, port, usualEphemeralPort)
}

// Only what may go with the machine lives in memory, only where there is room, and nowhere but where TMPDIR says.
func TestDataParent(t *testing.T) {
	t.Setenv("TMPDIR", "")
	disk := os.TempDir()
	require.Equal(t, disk, Durable.dataParent())
	require.Contains(t, []string{disk, memoryFor(memoryNeeded)}, Relaxed.dataParent())
	require.Empty(t, memoryFor(1<<62), "no machine has that much")
	if here := memoryFor(1); here != "" {
		require.NotEqual(t, disk, here)
		require.DirExists(t, here)
	}
	own := t.TempDir()
	t.Setenv("TMPDIR", own)
	require.Equal(t, own, Relaxed.dataParent())
}
