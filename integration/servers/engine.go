package servers

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Engine is the kind of database server.
type Engine string

// The engines Underpin supports.
const (
	MySQL   Engine = "mysql"
	MariaDB Engine = "mariadb"
)

// Engines returns every engine, in the order in which tests run them.
func Engines() []Engine { return []Engine{MySQL, MariaDB} }

// ParseEngine reads the name of an engine; upper and lower case are the same.
func ParseEngine(name string) (Engine, error) {
	engine := Engine(strings.ToLower(strings.TrimSpace(name)))
	if !slices.Contains(Engines(), engine) {
		return "", fmt.Errorf("unknown engine %q: use mysql or mariadb", name)
	}
	return engine, nil
}

// ParseEngines reads a list separated by commas. An empty list means every engine.
func ParseEngines(list string) ([]Engine, error) {
	if strings.TrimSpace(list) == "" {
		return Engines(), nil
	}
	var engines []Engine
	for name := range strings.SplitSeq(list, ",") {
		engine, err := ParseEngine(name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(engines, engine) {
			engines = append(engines, engine)
		}
	}
	return engines, nil
}

// Source is where a server comes from.
type Source string

// The sources, in the order in which Auto tries them.
const (
	Auto    Source = "" // every source in turn; the zero value
	DSN     Source = "dsn"
	Native  Source = "native"
	Docker  Source = "docker"
	Install Source = "install"
)

// EnvSource is the environment variable that selects one source; EnvEngines chooses the engines of [Each].
const (
	EnvSource  = "UNDERPIN_SERVERS"
	EnvEngines = "UNDERPIN_ENGINES"
)

// ParseSource reads the name of a source; "auto" and the empty string are Auto.
func ParseSource(name string) (Source, error) {
	source := Source(strings.ToLower(strings.TrimSpace(name)))
	switch source {
	case Auto, DSN, Native, Docker, Install:
		return source, nil
	case "auto":
		return Auto, nil
	}
	return "", fmt.Errorf("unknown source %q: use auto, dsn, native, docker or install", name)
}

// String returns the name that ParseSource reads.
func (s Source) String() string {
	if s == Auto {
		return "auto"
	}
	return string(s)
}

// Durability is what a server promises about a commit when its machine, not merely its process, dies.
type Durability string

const (
	// Relaxed writes once a second and leaves flushing to the operating system: right for tests, since a
	// commit still survives a killed server. It is what the zero value means.
	Relaxed Durability = "relaxed"
	// Durable keeps the server's defaults for flushing to disk: right for benchmarks.
	Durable Durability = "durable"
)

// Processlist is the table of a server's connections that can always be read, by those names of columns that the
// engines have in common. On MySQL it is not information_schema's, which fails (error 3854) while anybody, another
// test maybe, runs a statement with a character of four bytes.
func (e Engine) Processlist() string {
	if e == MariaDB {
		return "information_schema.PROCESSLIST"
	}
	return "performance_schema.processlist"
}

// EnvDSN is the environment variable that names a running server of the engine.
func (e Engine) EnvDSN() string {
	if e == MariaDB {
		return "UNDERPIN_MARIADB_DSN"
	}
	return "UNDERPIN_MYSQL_DSN"
}

// dsnFromEnv is a variable read late, so that t.Setenv works.
func (e Engine) dsnFromEnv() string { return os.Getenv(e.EnvDSN()) }

var versionNumber = regexp.MustCompile(`\d+\.\d+(\.\d+)?`)

// minimum is the oldest release Underpin supports: the first with instant ADD COLUMN and
// non-blocking metadata queries in the form the engine relies on.
func (e Engine) minimum() (major, minor int) {
	if e == MariaDB {
		return 10, 6
	}
	return 8, 0
}

// check says whether text, a `--version` line or a SELECT VERSION(), is this engine in a supported release.
// Both vendors ship a program called mysqld, and only MariaDB's version says whose it is.
func (e Engine) check(text string) error {
	isMariaDB := strings.Contains(strings.ToLower(text), "mariadb")
	if isMariaDB != (e == MariaDB) {
		return fmt.Errorf("%q is not %s", text, e)
	}
	number := versionNumber.FindString(text)
	if number == "" {
		return fmt.Errorf("no version number in %q", text)
	}
	parts := strings.Split(number, ".")
	major, _ := strconv.Atoi(parts[0]) // the expression admits digits only
	minor, _ := strconv.Atoi(parts[1])
	wantMajor, wantMinor := e.minimum()
	if major < wantMajor || major == wantMajor && minor < wantMinor {
		return fmt.Errorf("%q is older than %d.%d, the oldest release supported", text, wantMajor, wantMinor)
	}
	return nil
}
