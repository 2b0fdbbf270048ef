package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// resolveWith resolves the settings of a command line and an environment.
func resolveWith(args []string, environment map[string]string) (settings, error) {
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	addFlags(flags)
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	return resolve(flags, func(name string) string { return environment[name] })
}

// writeConfig writes a settings file and returns the variables that name it.
func writeConfig(t *testing.T, text string) (dir string, environment map[string]string) {
	t.Helper()
	dir = t.TempDir()
	path := filepath.Join(dir, "u.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return dir, map[string]string{"UNDERPIN_CONFIG": path}
}

func TestSettingsPrecedence(t *testing.T) {
	dir, environment := writeConfig(t, "service: file\nactor: file\nlog_level: debug\nchanges: here\njson: true\n")
	s, err := resolveWith(nil, environment)
	require.NoError(t, err)
	require.Equal(t, "file", s.Service)
	require.Equal(t, "debug", s.LogLevel)
	require.Equal(t, filepath.Join(dir, "here"), s.Changes, "a path in the file is relative to the file")
	require.True(t, s.JSON)

	environment["UNDERPIN_SERVICE"], environment["UNDERPIN_CHANGES"], environment["UNDERPIN_JSON"] = "env", "there", "false"
	s, err = resolveWith([]string{"--actor", "flag"}, environment)
	require.NoError(t, err)
	require.Equal(t, "env", s.Service)
	require.Equal(t, "there", s.Changes)
	require.Equal(t, "flag", s.Actor)
	require.False(t, s.JSON)

	s, err = resolveWith([]string{"--service", "flag", "--json"}, environment)
	require.NoError(t, err)
	require.Equal(t, "flag", s.Service)
	require.True(t, s.JSON)
}

func TestSettingsDefaults(t *testing.T) {
	t.Chdir(t.TempDir())
	s, err := resolveWith(nil, nil)
	require.NoError(t, err)
	require.Equal(t, settings{Changes: "changes", LogLevel: "info"}, s)
	_, err = s.dsn()
	require.ErrorIs(t, err, errNoDSN)
}

func TestPasswordPrecedence(t *testing.T) {
	dir, inFile := writeConfig(t, "dsn: u:in-file@tcp(h:1)/d\n")
	password := filepath.Join(dir, "password")
	require.NoError(t, os.WriteFile(password, []byte("apart\n"), 0o600))
	_, apart := writeConfig(t, "dsn: u@tcp(h:1)/d\npassword_file: "+password+"\n")
	_, both := writeConfig(t, "dsn: u:in-file@tcp(h:1)/d\npassword_file: "+password+"\n")

	for _, test := range []struct {
		name string
		file map[string]string
		env  map[string]string
		args []string
		want string
	}{
		{name: "in the DSN", file: inFile, want: "in-file"},
		{name: "in a file of its own", file: apart, want: "apart"},
		{name: "apart wins within one origin", file: both, want: "apart"},
		{name: "a variable beats the file's DSN", file: inFile, env: map[string]string{"UNDERPIN_PASSWORD": "env"}, want: "env"},
		{name: "a variable beats the file's file", file: apart, env: map[string]string{"UNDERPIN_PASSWORD": "env"}, want: "env"},
		{name: "a DSN in a variable beats the file's password file", file: apart,
			env: map[string]string{"UNDERPIN_DSN": "u:env-dsn@tcp(h:1)/d"}, want: "env-dsn"},
		{name: "apart wins within the variables", file: apart,
			env: map[string]string{"UNDERPIN_DSN": "u:env-dsn@tcp(h:1)/d", "UNDERPIN_PASSWORD": "env"}, want: "env"},
		{name: "a variable names a file", file: inFile, env: map[string]string{"UNDERPIN_PASSWORD_FILE": password}, want: "apart"},
		{name: "a flag's DSN beats the variable", file: apart, env: map[string]string{"UNDERPIN_PASSWORD": "env"},
			args: []string{"--dsn", "u:flag@tcp(h:1)/d"}, want: "flag"},
		{name: "a flag's DSN without a password takes the variable", file: apart, env: map[string]string{"UNDERPIN_PASSWORD": "env"},
			args: []string{"--dsn", "u@tcp(h:1)/d"}, want: "env"},
		{name: "a flag names a file", file: inFile, env: map[string]string{"UNDERPIN_PASSWORD": "env"},
			args: []string{"--dsn", "u:flag@tcp(h:1)/d", "--password-file", password}, want: "apart"},
	} {
		t.Run(test.name, func(t *testing.T) {
			environment := map[string]string{}
			for _, from := range []map[string]string{test.file, test.env} {
				for k, v := range from {
					environment[k] = v
				}
			}
			s, err := resolveWith(test.args, environment)
			require.NoError(t, err)
			dsn, err := s.dsn()
			require.NoError(t, err)
			cfg, err := mysql.ParseDSN(dsn)
			require.NoError(t, err)
			require.Equal(t, test.want, cfg.Passwd)
		})
	}
}

func TestAnyPasswordReachesTheDriver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		password := rapid.StringN(1, 40, -1).Draw(t, "password")
		s := settings{address: "user@tcp(db:3306)/shop?tls=true", password: password}
		dsn, err := s.dsn()
		require.NoError(t, err)
		cfg, err := mysql.ParseDSN(dsn)
		require.NoError(t, err)
		require.Equal(t, password, cfg.Passwd)
		require.Equal(t, "db:3306", cfg.Addr)
		require.Equal(t, "shop", cfg.DBName)
	})
}

func TestSettingsMistakes(t *testing.T) {
	_, unknown := writeConfig(t, "service: a\npassword: secret\n")
	_, err := resolveWith(nil, unknown)
	require.ErrorContains(t, err, "u.yaml:2:1")
	require.NotContains(t, err.Error(), "secret")
	_, err = resolveWith(nil, map[string]string{"UNDERPIN_JSON": "perhaps"})
	require.ErrorContains(t, err, "neither true nor false")
	_, err = resolveWith([]string{"--config", "no-such-file.yaml"}, nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	s, err := resolveWith([]string{"--dsn", "u@tcp(h:1)/d", "--password-file", "no-such-file"}, nil)
	require.NoError(t, err, "the file is read when it is needed")
	_, err = s.dsn()
	require.ErrorIs(t, err, os.ErrNotExist)
}
