package cli_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// long is a statement of the application that runs in the background.
type long struct {
	done chan struct{}
	err  error // once done
}

// longs are a script's long statements by name.
type longs struct {
	mu  sync.Mutex
	all map[string]*long
}

// slow NAME STATEMENT… runs a statement as the application, on a connection of
// its own, and goes on once the server shows it. Several statements, separated
// by " ;; ", run on the same connection one after the other.
func slow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: slow NAME STATEMENT...")
	}
	w := worldOf(ts)
	ctx, cancel := context.WithCancel(w.t.Context())
	conn, err := w.app.Conn(ctx)
	ts.Check(err)
	var id uint64
	ts.Check(conn.QueryRowContext(ctx, "SELECT CONNECTION_ID()").Scan(&id))
	l := &long{done: make(chan struct{})}
	statements := strings.Split(strings.Join(args[1:], " "), " ;; ")
	go func() {
		defer close(l.done)
		defer conn.Close()
		for _, statement := range statements {
			if l.err = drain(ctx, conn, statement); l.err != nil {
				return
			}
		}
	}()
	w.longs.mu.Lock()
	w.longs.all[args[0]] = l
	w.longs.mu.Unlock()
	ts.Defer(func() {
		cancel()
		_, _ = w.db.ExecContext(w.t.Context(), fmt.Sprintf("KILL %d", id)) // the driver leaves the statement running
		<-l.done
	})
	ts.Setenv(strings.ToUpper(args[0])+"_ID", fmt.Sprint(id))
	waitFor(ts, "the statement "+args[0], func() (bool, error) { return running(w, id, statements[len(statements)-1]) })
}

// drain runs a statement to its end.
func drain(ctx context.Context, conn *sql.Conn, statement string) error {
	rows, err := conn.QueryContext(ctx, statement)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

// running reports whether the session runs a statement that begins like this.
func running(w *world, id uint64, statement string) (bool, error) {
	rows, err := w.db.QueryContext(w.t.Context(), "SHOW FULL PROCESSLIST")
	if err != nil {
		return false, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return false, err
	}
	values := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return false, err
		}
		if values[0].String == fmt.Sprint(id) {
			return strings.HasPrefix(values[7].String, statement), rows.Err()
		}
	}
	return false, rows.Err()
}

// ends NAME killed|done waits for a slow statement and says how it has to end.
// With ! it has to be running still.
func ends(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	w.longs.mu.Lock()
	l := w.longs.all[args[0]]
	w.longs.mu.Unlock()
	if neg {
		select {
		case <-l.done:
			ts.Fatalf("%s has ended: %v", args[0], l.err)
		default:
		}
		return
	}
	select {
	case <-l.done:
	case <-time.After(time.Minute):
		ts.Fatalf("%s did not end within a minute", args[0])
	}
	class := mysqlx.Classify(l.err)
	killed := class == mysqlx.ClassKilled || class == mysqlx.ClassConnection
	switch {
	case args[1] == "killed" && !killed, args[1] == "done" && l.err != nil:
		ts.Fatalf("%s ended with %v, want %s", args[0], l.err, args[1])
	}
}

// waitFor waits until something is so.
func waitFor(ts *testscript.TestScript, what string, so func() (bool, error)) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 3000 {
		yes, err := so()
		ts.Check(err)
		if yes {
			return
		}
		<-tick.C
	}
	ts.Fatalf("%s did not come within a minute", what)
}

// daemon is underpin running in the background, with what it writes in files.
type daemon struct {
	*exec.Cmd
	done chan error
}

// start NAME ARGS… runs underpin in the background. What it writes goes to the
// files NAME.out and NAME.err.
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME ARGS...")
	}
	w := worldOf(ts)
	d := &daemon{Cmd: exec.CommandContext(w.t.Context(), "underpin", args[1:]...), done: make(chan error, 1)}
	d.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "UNDERPIN_DSN", "UNDERPIN_PASSWORD", "UNDERPIN_WEBHOOK"} {
		d.Env = append(d.Env, name+"="+ts.Getenv(name))
	}
	for _, stream := range []struct {
		to  *io.Writer
		end string
	}{{&d.Stdout, ".out"}, {&d.Stderr, ".err"}} {
		f, err := os.Create(ts.MkAbs(args[0] + stream.end))
		ts.Check(err)
		ts.Defer(func() { _ = f.Close() })
		*stream.to = f
	}
	ts.Check(d.Start())
	go func() { d.done <- d.Wait() }()
	w.daemons[args[0]] = d
	ts.Defer(func() { _ = d.Process.Kill() })
}

// signal NAME HUP sends a signal, and finish NAME INT|TERM sends one and expects
// the process to end with exit code 0 and to have written no password.
func sendSignal(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]os.Signal{"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "TERM": syscall.SIGTERM}
	ts.Check(worldOf(ts).daemons[args[0]].Process.Signal(signals[args[1]]))
}

func finish(ts *testscript.TestScript, _ bool, args []string) {
	sendSignal(ts, false, args)
	w := worldOf(ts)
	select {
	case err := <-w.daemons[args[0]].done:
		ts.Check(err)
	case <-time.After(time.Minute):
		ts.Fatalf("%s did not end within a minute", args[0])
	}
	for _, end := range []string{".out", ".err"} {
		for _, secret := range w.secrets {
			if strings.Contains(ts.ReadFile(args[0]+end), secret) {
				ts.Fatalf("%s%s holds a secret", args[0], end)
			}
		}
	}
}

// appears FILE TEXT [N] waits until a file that is being written holds a text, N
// times.
func appears(ts *testscript.TestScript, _ bool, args []string) {
	times := 1
	if len(args) > 2 {
		var err error
		times, err = strconv.Atoi(args[2])
		ts.Check(err)
	}
	waitFor(ts, fmt.Sprintf("%q in %s", args[1], args[0]), func() (bool, error) {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if os.IsNotExist(err) {
			return false, nil
		}
		return strings.Count(string(text), args[1]) >= times, err
	})
}

// hook VARIABLE FILE serves a webhook that appends what it is sent to a file,
// and puts its address, which is a secret, into the variable.
func hook(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[1])
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err == nil {
			_, _ = io.Copy(f, r.Body)
			_ = f.Close()
		}
	}))
	ts.Defer(server.Close)
	w := worldOf(ts)
	w.secrets = append(w.secrets, "s3cret-hook")
	ts.Setenv(args[0], server.URL+"/s3cret-hook")
}

// shows REGEXP ARGS… runs underpin until its standard output matches.
func shows(ts *testscript.TestScript, _ bool, args []string) {
	want, err := regexp.Compile(args[0])
	ts.Check(err)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 600 {
		ts.Check(ts.Exec("underpin", args[1:]...))
		if want.MatchString(ts.ReadFile("stdout")) {
			return
		}
		<-tick.C
	}
	ts.Fatalf("standard output did not come to match %s", args[0])
}

// grants FILE executes the grants that the documentation shows, for the user
// who has none so far and for the script's database.
func grants(ts *testscript.TestScript, _ bool, args []string) {
	text, err := os.ReadFile(filepath.Join("../../examples/querykiller", args[0]))
	ts.Check(err)
	names := strings.NewReplacer("'underpin_killer'", "'"+ts.Getenv("KILLER_USER")+"'", "shop.", ts.Getenv("DATABASE")+".")
	w := worldOf(ts)
	done := 0
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "GRANT") {
			_, err := w.db.ExecContext(w.t.Context(), strings.TrimSuffix(names.Replace(strings.TrimSpace(line)), ";"))
			ts.Check(err)
			done++
		}
	}
	if done < 3 {
		ts.Fatalf("%s holds %d grants", args[0], done)
	}
}
