package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/spf13/pflag"

	"github.com/underpin-db/underpin/flags/ofrep"
	"github.com/underpin-db/underpin/migrate/engine"
)

// settings are the settings of a run, resolved. The zero value is what they
// are before a command line has been read.
type settings struct {
	// Service is the application, where a command needs one.
	Service string
	// Changes is the directory of the change files.
	Changes string
	// LogLevel is how much of the way is told: one of logLevels.
	LogLevel string
	// Actor is who acts, for the audit; empty is user@host.
	Actor string
	// JSON asks for one JSON object instead of text.
	JSON bool
	// Ramp holds the ramps of changes; nil where the plan alone does.
	Ramp engine.RampHolder

	address string // the DSN as given, perhaps with a password
	// password, or what passwordFile holds, is stronger than the one in address.
	password, passwordFile string
}

// logLevels are the levels, from silent to talkative.
var logLevels = []string{"error", "info", "debug"}

// setting is one setting: its flag is name, its variable UNDERPIN_NAME and its
// field in underpin.yaml name, with dashes as underscores.
type setting struct {
	name, fallback, usage string
	path                  bool // a path in underpin.yaml is relative to that file
}

// settingsTable lists the settings that have a flag.
var settingsTable = []setting{
	{name: "dsn", usage: "database: user[:password]@tcp(host:port)/database; give the password in UNDERPIN_PASSWORD or a file instead"},
	{name: "password-file", usage: "file that holds the password", path: true},
	{name: "service", usage: "the application"},
	{name: "changes", fallback: "changes", usage: "directory of the change files", path: true},
	{name: "log-level", fallback: "info", usage: "what is told on the way: error, info, debug"},
	{name: "actor", usage: "who acts, for the audit (default user@host)"},
	{name: "ramp-url", usage: "flag system that holds the ramps of changes, asked by OFREP; a token for it in UNDERPIN_RAMP_TOKEN"},
}

const (
	configFlag     = "config"
	configDefault  = "underpin.yaml"
	jsonFlag       = "json"
	envPrefix      = "UNDERPIN_"
	envPassword    = "UNDERPIN_PASSWORD"
	envRampToken   = "UNDERPIN_RAMP_TOKEN"
	envPasswordWay = "set UNDERPIN_PASSWORD, or name a file with --password-file"
)

// env is the variable of a setting.
func env(name string) string { return envPrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

// field is the field of a setting in underpin.yaml.
func field(name string) string { return strings.ReplaceAll(name, "-", "_") }

// addFlags adds the settings' flags.
func addFlags(f *pflag.FlagSet) {
	for _, s := range settingsTable {
		f.String(s.name, "", s.usage+defaultNote(s.fallback))
	}
	f.String(configFlag, "", "settings file (default underpin.yaml, if there is one)")
	f.Bool(jsonFlag, false, "print one JSON object")
}

func defaultNote(fallback string) string {
	if fallback == "" {
		return ""
	}
	return fmt.Sprintf(" (default %q)", fallback)
}

// origin is where a setting may come from, the strongest first.
type origin int

const (
	fromFlag origin = iota
	fromEnv
	fromFile
	fromDefault
)

// resolver finds the strongest value of each setting.
type resolver struct {
	flags  *pflag.FlagSet
	getenv func(string) string
	file   map[string]string
	dir    string // of the file
}

// find returns the value of a setting and where it comes from.
func (r resolver) find(s setting) (string, origin) {
	if f := r.flags.Lookup(s.name); f != nil && f.Changed {
		return f.Value.String(), fromFlag
	}
	if v := r.getenv(env(s.name)); v != "" {
		return v, fromEnv
	}
	if v := r.file[field(s.name)]; v != "" {
		if s.path && !filepath.IsAbs(v) {
			v = filepath.Join(r.dir, v)
		}
		return v, fromFile
	}
	return s.fallback, fromDefault
}

// resolve reads all settings.
func resolve(flags *pflag.FlagSet, getenv func(string) string) (settings, error) {
	r := resolver{flags: flags, getenv: getenv}
	config, from := r.find(setting{name: configFlag, fallback: configDefault})
	var err error
	if r.file, err = readConfig(config, from != fromDefault); err != nil {
		return settings{}, err
	}
	r.dir = filepath.Dir(config)
	values, origins := map[string]string{}, map[string]origin{}
	for _, s := range settingsTable {
		values[s.name], origins[s.name] = r.find(s)
	}
	out := settings{
		Service: values["service"], Changes: values["changes"], LogLevel: values["log-level"],
		Actor: values["actor"], address: values["dsn"],
	}
	if !slices.Contains(logLevels, out.LogLevel) {
		return out, usagef("log level %q: it is one of %s", out.LogLevel, strings.Join(logLevels, ", "))
	}
	if out.JSON, err = r.json(); err != nil {
		return out, err
	}
	if at := values["ramp-url"]; at != "" {
		if out.Ramp, err = ofrep.New(ofrep.Config{URL: at, Token: getenv(envRampToken)}); err != nil {
			return out, usagef("ramp-url: %w", err)
		}
	}
	out.password, out.passwordFile = r.pickPassword(out.address, origins["dsn"], values["password-file"], origins["password-file"])
	return out, nil
}

// json reads the one setting that is a yes or no.
func (r resolver) json() (bool, error) {
	text, _ := r.find(setting{name: jsonFlag, fallback: "false"})
	yes, err := strconv.ParseBool(text)
	if err != nil {
		return false, usagef("json: %q is neither true nor false", text)
	}
	return yes, nil
}

// wantsJSON looks for the wish for JSON before anything has been parsed.
func wantsJSON(args []string, getenv func(string) string) bool {
	yes, err := strconv.ParseBool(getenv(env(jsonFlag)))
	return err == nil && yes || slices.Contains(args, "--"+jsonFlag) || slices.Contains(args, "--"+jsonFlag+"=true")
}

// pickPassword returns the password, or the file, that is to replace the
// password in the DSN; neither where the DSN's own stands. The order of strength
// is that of all settings; within one origin the password given apart wins.
func (r resolver) pickPassword(dsn string, dsnFrom origin, file string, fileFrom origin) (password, passwordFile string) {
	embedded := fromDefault
	if cfg, err := mysql.ParseDSN(dsn); err == nil && cfg.Passwd != "" {
		embedded = dsnFrom
	}
	password = r.getenv(envPassword)
	switch {
	case fileFrom == fromFlag:
		return "", file
	case password != "" && fromEnv <= embedded:
		return password, ""
	case fileFrom != fromDefault && fileFrom <= embedded:
		return "", file
	}
	return "", ""
}

// readPassword reads a password file; one line end at its end is not part of
// the password.
func readPassword(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", &usageError{err: fmt.Errorf("read the password file: %w", err), hint: envPasswordWay}
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if password == "" {
		return "", &usageError{err: fmt.Errorf("the password file %s is empty", path), hint: envPasswordWay}
	}
	return password, nil
}

// errNoDSN says that no database was named.
var errNoDSN = errors.New("no database is named")

// dsn returns the DSN with the password in it.
func (s settings) dsn() (string, error) {
	if s.address == "" {
		return "", &usageError{err: errNoDSN, hint: "give --dsn, UNDERPIN_DSN or `dsn:` in underpin.yaml, as user@tcp(host:port)/database; " + envPasswordWay}
	}
	cfg, err := mysql.ParseDSN(s.address)
	if err != nil {
		// The driver's message may quote parts of the DSN; say less.
		return "", usagef("the DSN cannot be parsed: write it as user@tcp(host:port)/database")
	}
	if s.password != "" {
		cfg.Passwd = s.password
	}
	if s.passwordFile != "" {
		if cfg.Passwd, err = readPassword(s.passwordFile); err != nil {
			return "", err
		}
	}
	return cfg.FormatDSN(), nil
}
