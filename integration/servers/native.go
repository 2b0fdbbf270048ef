package servers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// native is the backend of a server that runs as a child process.
type native struct {
	engine  Engine
	program *program
	dir     *workDir
	inside  string // dir as the server sees it: below its root
	port    int
	args    []string // for every start
	first   []string // for the first start only
	running *child
}

// portAttempts is how often a port may be snatched between finding it and listening on it.
const portAttempts = 3

func startNative(ctx context.Context, opts Options, source Source) (*Server, error) {
	found, err := findProgram(ctx, opts.Engine)
	if err != nil {
		return nil, err
	}
	opts.logf("starting %s", found.version)
	for attempt := 1; ; attempt++ {
		server, err := startProgram(ctx, opts, source, found)
		if err == nil || attempt == portAttempts || !errors.Is(err, errPortTaken) {
			return server, err
		}
	}
}

func startProgram(ctx context.Context, opts Options, source Source, found *program) (*Server, error) {
	parent := opts.Dir
	if found.root != "" {
		parent = filepath.Join(found.root, "tmp")
	}
	dir, err := newWorkDir(parent)
	if err != nil {
		return nil, err
	}
	n := &native{engine: opts.Engine, program: found, dir: dir}
	password := newPassword()
	if err := n.prepare(ctx, opts, password); err != nil {
		return nil, errors.Join(err, dir.remove())
	}
	if err := n.start(ctx); err != nil {
		return nil, errors.Join(err, dir.remove())
	}
	n.first = nil
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(n.port))
	return newServer(ctx, opts, source, adminConfig(addr, password), n)
}

// prepare makes the data directory and settles the command line.
func (n *native) prepare(ctx context.Context, opts Options, password string) error {
	root, err := filepath.EvalSymlinks("/" + n.program.root)
	if err != nil {
		return fmt.Errorf("find the installed tree: %w", err)
	}
	n.inside = filepath.Join("/", strings.TrimPrefix(n.dir.path, strings.TrimSuffix(root, "/")))
	if n.port, err = freePort(); err != nil {
		return err
	}
	if err := os.Mkdir(n.host("tmp"), 0o700); err != nil {
		return fmt.Errorf("make the server's directory: %w", err)
	}
	if err := os.WriteFile(n.host("accounts.sql"), []byte(accountsSQL(n.engine, password)), 0o600); err != nil {
		return fmt.Errorf("write the server's accounts: %w", err)
	}
	n.args = append([]string{"--no-defaults"}, asUser()...)
	n.args = append(n.args,
		"--datadir="+n.seen("data"),
		"--tmpdir="+n.seen("tmp"),
		"--socket="+n.seen("sock"),
		"--pid-file="+n.seen("pid"),
		"--bind-address=127.0.0.1",
		"--port="+strconv.Itoa(n.port),
		"--secure-file-priv=", // must be given: the compiled-in folder does not exist here
	)
	n.args = append(n.args, commonArgs(opts)...)
	n.first = []string{"--init-file=" + n.seen("accounts.sql")}
	if n.fromTemplate(ctx) {
		return nil
	}
	if err := n.initialize(ctx); err != nil {
		return err
	}
	if err := n.saveTemplate(ctx); err != nil {
		opts.logf("the next start will be slower: %v", err)
	}
	return nil
}

// host and seen are one file of the server's directory, by our name for it and by the server's.
func (n *native) host(name string) string { return filepath.Join(n.dir.path, name) }
func (n *native) seen(name string) string { return filepath.Join(n.inside, name) }

// initialize creates the system tables.
func (n *native) initialize(ctx context.Context) error {
	path, args := n.program.path, []string{"--no-defaults"}
	if n.engine == MySQL {
		args = append(args, "--initialize-insecure") // accounts.sql sets the password at the first start
	} else {
		// --force: do not insist on resolving this machine's name.
		path = n.program.install
		args = append(args, "--skip-test-db", "--auth-root-authentication-method=normal", "--force")
	}
	args = append(append(args, asUser()...), "--datadir="+n.seen("data"), "--tmpdir="+n.seen("tmp"))
	running, err := n.launch(path, args)
	if err != nil {
		return err
	}
	if err := running.wait(ctx); err != nil {
		return fmt.Errorf("initialise %s: %w%s", n.engine, err, n.logTail())
	}
	return nil
}

// launch starts a command whose output goes to the server's log.
func (n *native) launch(path string, args []string) (*child, error) {
	out, err := os.OpenFile(n.host("server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the server's log: %w", err)
	}
	defer out.Close() // the child has its own
	cmd := n.program.command(path, args...)
	cmd.Stdout, cmd.Stderr = out, out
	if n.program.root == "" {
		cmd.Dir = n.dir.path
	}
	return startChild(cmd, n.program.root)
}

func (n *native) start(context.Context) error {
	running, err := n.launch(n.program.path, append(n.args[:len(n.args):len(n.args)], n.first...))
	if err != nil {
		return err
	}
	n.running = running
	return nil
}

var errPortTaken = errors.New("somebody else took the port")

func (n *native) alive() error {
	select {
	case <-n.running.done:
	default:
		return nil
	}
	tail := n.logTail()
	err := fmt.Errorf("%s has ended (%s)%s", n.engine, fmt.Sprint(n.running.err), tail)
	if strings.Contains(tail, "another mysqld server running on port") || strings.Contains(tail, "another server running on port") {
		return fmt.Errorf("%w: %w", errPortTaken, err)
	}
	return err
}

// owns makes sure that it is our child that answers on the port.
func (n *native) owns(ctx context.Context, db *sql.DB) error {
	var data string
	if err := db.QueryRowContext(ctx, "SELECT @@datadir").Scan(&data); err != nil {
		return err
	}
	if filepath.Clean(data) != n.seen("data") {
		return fmt.Errorf("the server on port %d keeps its data in %s: it is not ours", n.port, data)
	}
	return nil
}

func (n *native) shutdown(ctx context.Context) error { return n.running.terminate(ctx) }

func (n *native) kill(context.Context) error {
	n.running.kill()
	return nil
}

// remove does not ask for an orderly shutdown: nobody will read the data again.
func (n *native) remove(context.Context) error {
	n.running.kill()
	return n.dir.remove()
}

// logTail is the end of the server's log, for an error message.
func (n *native) logTail() string { return tailOf(n.host("server.log")) }

// tailOf is the end of a log, introduced for an error message, or nothing when there is none.
func tailOf(path string) string {
	const lines = 15
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return "; the end of its log:\n    " + strings.Join(all[max(0, len(all)-lines):], "\n    ")
}
