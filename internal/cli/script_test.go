package cli_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/cli"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/fleet"
)

func TestMain(m *testing.M) {
	testscript.Main(servers.Tests{M: m}, map[string]func(){
		"underpin": func() { os.Exit(cli.Do(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs every script of testdata/script on both engines, each in a
// database of its own and with the program as a process of its own. Every
// output is searched for the passwords.
func TestScripts(t *testing.T) {
	needSigning(t)
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		testscript.Run(t, testscript.Params{
			Dir:                 "testdata/script",
			RequireExplicitExec: true,
			RequireUniqueNames:  true,
			Setup:               func(env *testscript.Env) error { return setUp(t, s, env) },
			Condition: func(name string) (bool, error) {
				if name == "mysql" || name == "mariadb" {
					return string(s.Engine()) == name, nil
				}
				return false, fmt.Errorf("unknown condition %q", name)
			},
			Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
				"exits":    exits,
				"onejson":  oneJSON,
				"sql":      runSQL,
				"until":    until,
				"instance": instance,
				"leave":    leave,
				"connect":  connect,
				"slow":     slow,
				"ends":     ends,
				"appears":  appears,
				"hook":     hook,
				"start":    start,
				"signal":   sendSignal,
				"finish":   finish,
				"grants":   grants,
				"shows":    shows,
				"write":    func(ts *testscript.TestScript, _ bool, args []string) { write(ts, os.O_TRUNC, args) },
				"append":   func(ts *testscript.TestScript, _ bool, args []string) { write(ts, os.O_APPEND, args) },
			},
		})
	})
}

// world is what the commands of one script share.
type world struct {
	t       *testing.T
	server  *servers.Server
	db      *sql.DB
	secrets []string
	members map[string]*fleet.Member
	// limited is the DSN of a user with the privileges that doctor calls needed, on its database, and none
	// beside; app is the pool of another one, the application's.
	limited string
	app     *sql.DB
	appUser string
	longs   longs
	daemons map[string]*daemon
}

// needed are the privileges that doctor calls needed.
const needed = "CREATE, ALTER, INDEX, REFERENCES, INSERT, UPDATE, SELECT, DELETE, DROP"

type worldKey struct{}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

// setUp gives a script its database. The DSNs in the environment hold no
// password; UNDERPIN_PASSWORD does.
func setUp(t *testing.T, s *servers.Server, env *testscript.Env) error {
	d := s.Database(t)
	w := &world{t: t, server: s, members: map[string]*fleet.Member{}, longs: longs{all: map[string]*long{}}, daemons: map[string]*daemon{}, limited: d.User(t, needed)}
	// The test's own connections are no strangers to the fleet.
	var err error
	if w.db, err = mysqlx.Open(t.Context(), d.DSN, mysqlx.Options{}); err != nil {
		return err
	}
	app, err := mysql.ParseDSN(d.User(t, "ALL PRIVILEGES"))
	if err != nil {
		return err
	}
	if w.app, err = sql.Open("mysql", app.FormatDSN()); err != nil {
		return err
	}
	env.Defer(func() { _ = errors.Join(w.db.Close(), w.app.Close()) })
	w.appUser = app.User
	// Nor is there one but those that a script asks for.
	d.DB.SetMaxIdleConns(0)
	w.db.SetMaxIdleConns(0)
	w.app.SetMaxIdleConns(0)
	env.Values[worldKey{}] = w
	for _, user := range []struct{ prefix, dsn string }{
		{"UNDERPIN_", d.DSN}, {"LIMITED_", w.limited}, {"READER_", d.User(t, "SELECT")}, {"KILLER_", d.User(t)},
	} {
		cfg, err := mysql.ParseDSN(user.dsn)
		if err != nil {
			return err
		}
		env.Setenv(user.prefix+"PASSWORD", cfg.Passwd)
		if cfg.Passwd != "" {
			w.secrets = append(w.secrets, cfg.Passwd)
		}
		cfg.Passwd = ""
		env.Setenv(user.prefix+"DSN", cfg.FormatDSN())
		env.Setenv(user.prefix+"USER", cfg.User)
		env.Setenv("ADDRESS", cfg.Addr)
		env.Setenv("DATABASE", cfg.DBName)
	}
	return nil
}

// exits CODE ARGS… runs underpin and expects the exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: exits CODE ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := execute(ts, "underpin", args[1:]...)
	for _, stream := range []string{"stdout", "stderr"} {
		text := ts.ReadFile(stream)
		for _, secret := range worldOf(ts).secrets {
			if strings.Contains(text, secret) {
				ts.Fatalf("%s holds a password: %s", stream, text)
			}
		}
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// execute runs a program to its end and returns its exit code.
func execute(ts *testscript.TestScript, program string, args ...string) int {
	err := ts.Exec(program, args...)
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended):
		return ended.ExitCode()
	case err != nil:
		ts.Fatalf("run %s: %v", program, err)
	}
	return 0
}

// onejson FILE expects exactly one JSON object.
func oneJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: onejson stdout|stderr|FILE")
	}
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	var object map[string]any
	ts.Check(d.Decode(&object))
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		ts.Fatalf("something follows the object")
	}
}

// sql STATEMENT runs a statement.
func runSQL(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	_, err := w.db.ExecContext(w.t.Context(), strings.Join(args, " "))
	if !neg {
		ts.Check(err)
	}
}

// cannotConvert is MySQL's answer to a query of its process list for as long as
// somebody runs a statement with a character of four bytes.
const cannotConvert = 3854

// until QUERY waits for a query to yield a true value.
func until(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 3000 {
		var yes bool
		err := w.db.QueryRowContext(w.t.Context(), strings.Join(args, " ")).Scan(&yes)
		if !errors.Is(err, sql.ErrNoRows) && mysqlx.Number(err) != cannotConvert {
			ts.Check(err)
		}
		if mysqlx.Number(err) != cannotConvert && yes != neg {
			return
		}
		<-tick.C
	}
	ts.Fatalf("it did not come true within a minute: %s", args)
}

// instance NAME RELEASE WRITES THROUGH announces an instance that declares the
// change split-user-name, on host NAME. WRITES - declares nothing.
func instance(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 4 {
		ts.Fatalf("usage: instance NAME RELEASE source|target|- THROUGH")
	}
	w := worldOf(ts)
	in := fleet.Instance{ID: fleet.NewID(), Service: "accounts", Release: args[1], Host: args[0], PID: 4711}
	if args[2] != "-" {
		through, err := migrate.ParseMode(args[3])
		ts.Check(err)
		in.Supports = map[string]migrate.Capability{"split-user-name": migrate.CapabilityThrough(migrate.Shape(args[2]), through)}
	}
	m, err := fleet.Announce(w.t.Context(), w.app, in, time.Hour, nil)
	if neg == (err == nil) {
		ts.Fatalf("announce %s: %v", args[0], err)
	}
	w.members[args[0]] = m
}

// leave NAME takes an instance away in order. A connection that was closed is
// listed for a moment: it waits until there is none.
func leave(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	ts.Check(w.members[args[0]].Leave(w.t.Context()))
	until(ts, false, []string{"SELECT COUNT(*) = 0 FROM " + w.server.Engine().Processlist() + " WHERE DB = DATABASE() AND USER = '" + w.appUser + "'"})
}

// connect opens a connection of code without the library, for the rest of the
// script, as the user with privileges on this database only.
func connect(ts *testscript.TestScript, _ bool, _ []string) {
	w := worldOf(ts)
	db, err := sql.Open("mysql", w.limited)
	ts.Check(err)
	db.SetMaxIdleConns(1)
	ts.Check(db.PingContext(w.t.Context()))
	ts.Defer(func() { _ = db.Close() })
}

// write FILE TEXT and append FILE TEXT put a line into a file.
func write(ts *testscript.TestScript, how int, args []string) {
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_WRONLY|os.O_CREATE|how, 0o600)
	ts.Check(err)
	_, err = fmt.Fprintln(f, strings.Join(args[1:], " "))
	ts.Check(errors.Join(err, f.Close()))
}

// needSigning makes sure of the programs that people sign with.
func needSigning(t *testing.T) {
	t.Helper()
	servers.NeedProgram(t, "git", "git")
	servers.NeedProgram(t, "ssh-keygen", "openssh-client")
}
