package servers
import ("testing";"os";"path/filepath";"time";"github.com/stretchr/testify/require")
func TestTmpChrootMaria(t *testing.T) {
	cache, _ := CacheDir()
	p := &program{path: "/usr/sbin/mariadbd", root: filepath.Join(cache, "mariadb-bookworm"), install: "/usr/bin/mariadb-install-db"}
	require.NoError(t, p.ask(t.Context(), MariaDB))
	o := Options{Engine: MariaDB, Log: os.Stderr}; _, err := o.complete(); require.NoError(t, err)
	s, err := startProgram(t.Context(), o, Native, p)
	require.NoError(t, err)
	t.Log(s.Version())
	require.NoError(t, s.Restart(t.Context()))
	require.NoError(t, s.Stop(t.Context()))
}
func TestTmpApt(t *testing.T) {
	t.Setenv(EnvCache, t.TempDir())
	o := Options{Engine: MariaDB, Log: os.Stderr}; _, err := o.complete(); require.NoError(t, err)
	in, err := newInstaller(t.Context(), &o); require.NoError(t, err)
	defer in.close()
	t.Log(in.candidate(t.Context(), "mariadb-server-core"))
	require.NoError(t, in.install(t.Context()))
	err = in.aptInstall(t.Context(), "no-such-package-here")
	t.Log(err)
	require.Error(t, err)
}
func TestTmpTimes(t *testing.T) {
	for _, e := range Engines() { for range 3 {
		b := time.Now(); s := Private(t, Options{Engine: e}); st := time.Since(b)
		b = time.Now(); require.NoError(t, s.Restart(t.Context())); rs := time.Since(b)
		b = time.Now(); require.NoError(t, s.Stop(t.Context())); t.Log(e, st, rs, time.Since(b))
	}}
}
