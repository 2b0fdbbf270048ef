package servers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Options say what server to start. The zero value is MySQL from the first source that has it, as tests want it.
type Options struct {
	Engine     Engine     // zero: MySQL
	Via        Source     // zero: what UNDERPIN_SERVERS says, else every source in turn
	Durability Durability // zero: Relaxed

	BufferPoolMiB int // zero: the server's default, 128

	// ExtraArgs are appended to the server's command line. A server given by DSN cannot take them, so
	// that source is passed over.
	ExtraArgs []string

	// Dir is where the temporary data directory is made; zero: os.TempDir(), or memory for a relaxed server where
	// there is plenty and TMPDIR is not set. A server that runs in an installed tree keeps its data inside that tree
	// and ignores it.
	Dir string

	// Log receives a line for everything that takes time or changes the machine; zero: nothing is written.
	Log io.Writer

	StartTimeout time.Duration // for one start of a server that is already there; zero: 5 minutes

	// ours passes over servers that belong to somebody else: they cannot be restarted.
	ours bool
}

// defaultStartTimeout is generous because a server that ends is noticed at once, whatever the limit.
const defaultStartTimeout = 5 * time.Minute

// Server is a running database server.
type Server struct {
	engine  Engine
	source  Source
	config  *mysql.Config
	admin   *sql.DB
	backend backend
	timeout time.Duration

	mu      sync.Mutex // guards version and serialises Restart, Kill and Stop
	version string
	stopped bool
}

// backend is what differs between a process, a container and a server that is not ours.
type backend interface {
	start(ctx context.Context) error // on the same data and the same address as before
	alive() error                    // nil, or why it is gone
	owns(ctx context.Context, db *sql.DB) error
	shutdown(ctx context.Context) error // in order, keeping the data
	kill(ctx context.Context) error     // SIGKILL, keeping the data
	remove(ctx context.Context) error   // kill, and remove the data
}

// ErrNotOurs is returned by Restart and Kill for a server that was given by DSN.
var ErrNotOurs = errors.New("the server was given by DSN and belongs to somebody else: it cannot be restarted or killed from here; use servers.Private")

// ErrStopped is returned by Restart and Kill after Stop.
var ErrStopped = errors.New("the server has been stopped and its data removed")

// Engine is the kind of server.
func (s *Server) Engine() Engine { return s.engine }

// Source is where the server came from.
func (s *Server) Source() Source { return s.source }

// Addr is host:port, the same across Restart.
func (s *Server) Addr() string { return s.config.Addr }

// AdminDSN is a DSN for go-sql-driver/mysql of a superuser, naming no database.
func (s *Server) AdminDSN() string { return s.config.FormatDSN() }

// Admin is a pool of the superuser's connections. It belongs to the server: do not close it.
func (s *Server) Admin() *sql.DB { return s.admin }

// Version is the answer to SELECT VERSION().
func (s *Server) Version() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// Restart shuts the server down in order, unless it is down already, and starts it again on the same
// data, the same address and with the same options. It returns when the server answers.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return ErrStopped
	}
	if err := s.backend.shutdown(ctx); err != nil {
		return fmt.Errorf("stop %s for a restart: %w", s.engine, err)
	}
	if err := s.backend.start(ctx); err != nil {
		return fmt.Errorf("start %s again: %w", s.engine, err)
	}
	if err := s.waitReady(ctx); err != nil {
		return fmt.Errorf("start %s again: %w", s.engine, err)
	}
	return nil
}

// Kill ends the server with SIGKILL, as a crash would. Restart brings it back on the same data.
func (s *Server) Kill(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return ErrStopped
	}
	return s.backend.kill(ctx)
}

// Stop ends the server and removes its data. A server given by DSN is left as it is. Stopping twice is harmless.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	s.stopped = true
	return errors.Join(s.admin.Close(), s.backend.remove(ctx))
}

// newServer waits until the server behind b answers, checks what it is, and wraps it up. It removes b when that fails.
func newServer(ctx context.Context, opts Options, source Source, config *mysql.Config, b backend) (*Server, error) {
	admin, err := openQuiet(config)
	if err != nil {
		return nil, errors.Join(err, b.remove(context.WithoutCancel(ctx)))
	}
	admin.SetMaxIdleConns(2)
	s := &Server{engine: opts.Engine, source: source, config: config, admin: admin, backend: b, timeout: opts.StartTimeout}
	if err := s.waitReady(ctx); err != nil {
		return nil, errors.Join(err, admin.Close(), b.remove(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// openQuiet opens a pool whose driver does not write to stderr: connections that fail while a server
// starts or stops are what this package expects.
func openQuiet(config *mysql.Config) (*sql.DB, error) {
	quiet := config.Clone()
	quiet.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(quiet)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", config.Addr, err)
	}
	return sql.OpenDB(connector), nil
}

// pollEvery is short because tests wait for it; a refused connection costs next to nothing.
const pollEvery = 25 * time.Millisecond

// waitReady polls until the server answers, is gone, or took too long.
func (s *Server) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var last error
	for {
		if err := s.backend.alive(); err != nil {
			return err
		}
		if last = s.identify(ctx); last == nil {
			return nil
		}
		var wrong *wrongServerError
		if errors.As(last, &wrong) {
			return last
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s at %s does not answer (%w); the last attempt: %w", s.engine, s.config.Addr, context.Cause(ctx), last)
		case <-tick.C:
		}
	}
}

// wrongServerError means something answers, but not what was started: waiting does not help.
type wrongServerError struct{ reason error }

func (e *wrongServerError) Error() string { return "the wrong server answers: " + e.reason.Error() }
func (e *wrongServerError) Unwrap() error { return e.reason }

// identify asks the server what it is.
func (s *Server) identify(ctx context.Context) error {
	var version string
	if err := s.admin.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return err
	}
	if err := s.engine.check(version); err != nil {
		return &wrongServerError{err}
	}
	if err := s.backend.owns(ctx, s.admin); err != nil {
		return err
	}
	s.version = version
	return nil
}

// up says whether the server was neither stopped nor killed nor lost.
func (s *Server) up() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.stopped && s.backend.alive() == nil
}
