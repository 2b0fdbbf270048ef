package querykiller

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Options say how a server is watched. The zero value is right.
type Options struct {
	// AdminDSN reaches the same server over its administrative port (MySQL's
	// admin_address, MariaDB's extra_port), which has connections of its own
	// when max_connections is reached. It is tried first; where it does not
	// answer the ordinary DSN is used, and every poll says so.
	AdminDSN string
	// TextLimit is how many bytes of a statement's text are read. Defaults to
	// 4096; MySQL keeps no more than performance_schema_max_sql_text_length.
	TextLimit int
	// Attention is the age from which what is expensive to read (connection
	// attributes, rows modified, locks held) is read for a statement; before
	// it these fields are in Unknown. Defaults to 100 ms. It must be shorter
	// than the shortest budget.
	Attention time.Duration
	// SweepEvery is how often the last statements of idle sessions are read
	// on MySQL. Defaults to 1 s.
	SweepEvery time.Duration
	// ConnectTimeout bounds the dialling of one connection. Defaults to 5 s.
	ConnectTimeout time.Duration
	// Fuse is how long after MySQL has read a statement's identity again the
	// kill may still be executed. Later ones expire at the server and are
	// tried again. Defaults to 2 ms.
	Fuse time.Duration
}

func (o Options) withDefaults() Options {
	if o.TextLimit <= 0 {
		o.TextLimit = 4096
	}
	for _, d := range []struct {
		of  *time.Duration
		def time.Duration
	}{
		{&o.Attention, 100 * time.Millisecond},
		{&o.SweepEvery, time.Second},
		{&o.ConnectTimeout, 5 * time.Second},
		{&o.Fuse, 2 * time.Millisecond},
	} {
		if *d.of <= 0 {
			*d.of = d.def
		}
	}
	return o
}

// Sentinels of Kill and Poll. In every case nothing was killed.
var (
	// ErrNoIdentity: the server does not tell which statement a session runs,
	// so that none can be killed without a chance of hitting the next one.
	ErrNoIdentity = errors.New("the server does not tell statements apart: nothing is killed rather than guessed")
	// ErrStale: a connection was lost since the statement was judged, and the
	// server may be another one since. Poll again.
	ErrStale = errors.New("the connection was reopened since the statement was judged: poll again first")
	// ErrExpired: the server was too busy to read an identity and kill within
	// Options.Fuse, every time.
	ErrExpired = errors.New("the server took too long between reading the statement's identity and the kill")
	// ErrDenied: a privilege is missing; the message names it.
	ErrDenied = errors.New("the server denies the kill")
)

// serverDialect is what differs between the flavours.
type serverDialect interface {
	// probe finds out what this server tells this user, and says what is
	// missing and what follows from that.
	probe(ctx context.Context, conn *sql.Conn) ([]string, error)
	// read lists the sessions. Ages are the server's.
	read(ctx context.Context, conn *sql.Conn) (serverLook, error)
	// kill ends the statement or the connection if it is still what it was.
	kill(ctx context.Context, conn *sql.Conn, t serverTarget, act Act) (Killing, error)
	// waits lists who waits for whom.
	waits(ctx context.Context, conn *sql.Conn) (waits, error)
}

// serverLook is what one poll of the server found.
type serverLook struct {
	snapshot Snapshot
	// targets are the identities that may be killed until the next one.
	targets map[StatementID]serverTarget
}

// serverTarget is a statement as the last poll saw it.
type serverTarget struct {
	id StatementID
	// query is the id to kill on MariaDB: inside a procedure it is another
	// one for every statement, while id stays.
	query uint64
	// nested says that query has changed before.
	nested bool
	age    time.Duration
	read   time.Time // when, by our clock
	server time.Time // when, by the server's
}

// server is a Server over two held connections.
type server struct {
	opts    Options
	flavour Flavour
	version string
	poller  *link
	killer  *link
	dialect serverDialect
	ages    ages
	missing []string // from the probe
	boot    time.Time
	targets map[StatementID]serverTarget
	// polled and killed are the openings of the links that the targets rest on.
	polled, killed int
}

var _ Server = (*server)(nil)

// Connect opens two connections to the server and keeps them: one polls, one
// kills, so that both work when max_connections is reached later. It finds out
// the flavour and what this user can see; what it cannot is in the Degraded of
// every Snapshot. The DSN need not name a database. The error never contains a
// password.
func Connect(ctx context.Context, dsn string, opts Options) (Server, error) {
	s, err := connect(ctx, dsn, opts)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func connect(ctx context.Context, dsn string, opts Options) (*server, error) {
	opts = opts.withDefaults()
	s := &server{opts: opts, ages: newAges(time.Now)}
	var err error
	if s.poller, err = newLink(dsn, opts); err != nil {
		return nil, err
	}
	if s.killer, err = newLink(dsn, opts); err != nil {
		return nil, errors.Join(err, s.poller.close())
	}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("watch %s: %w", mysqlx.Redact(dsn), err), s.Close())
	}
	return s, nil
}

// open connects both links and probes.
func (s *server) open(ctx context.Context) error {
	conn, err := s.poller.get(ctx)
	if err != nil {
		return err
	}
	if _, err := s.killer.get(ctx); err != nil {
		return err
	}
	return s.probe(ctx, conn)
}

const selectVersion = `/* underpin killer */
SELECT VERSION()`

// probe finds out what the server is; it is asked again after every loss of the
// connection, as it may be another version since.
func (s *server) probe(ctx context.Context, conn *sql.Conn) error {
	if err := conn.QueryRowContext(ctx, selectVersion).Scan(&s.version); err != nil {
		return fmt.Errorf("ask for the version: %w", err)
	}
	if strings.Contains(s.version, "MariaDB") {
		s.flavour, s.dialect = MariaDB, newMariaDB(s.opts)
	} else {
		s.flavour, s.dialect = MySQL, newMySQL(s.opts)
	}
	if err := s.readBoot(ctx, conn); err != nil {
		return fmt.Errorf("ask for the uptime: %w", err)
	}
	missing, err := s.dialect.probe(ctx, conn)
	if err != nil {
		return fmt.Errorf("find out what the server tells: %w", err)
	}
	s.missing = missing
	s.polled, s.killed = s.poller.opened, s.killer.opened
	return nil
}

const (
	selectClock = `/* underpin killer */
SELECT UTC_TIMESTAMP(6)`
	showUptime = `/* underpin killer */
SHOW GLOBAL STATUS LIKE 'Uptime'`
)

// readBoot finds out when the server was started. Its uptime is in whole
// seconds: what is close to what it was before is the same.
func (s *server) readBoot(ctx context.Context, conn *sql.Conn) error {
	var name string
	var secs int64
	var at time.Time
	if err := conn.QueryRowContext(ctx, showUptime).Scan(&name, &secs); err != nil {
		return err
	}
	if err := conn.QueryRowContext(ctx, selectClock).Scan(&at); err != nil {
		return err
	}
	boot := at.Add(-time.Duration(secs) * time.Second).Truncate(time.Second)
	if boot.Sub(s.boot).Abs() > 2*time.Second {
		s.boot = boot
	}
	return nil
}

// Poll implements [Server]. After an error no kill is carried out until a poll
// has succeeded; a lost connection is reopened by the next Poll, with pauses
// that grow to a second.
func (s *server) Poll(ctx context.Context) (*Snapshot, error) {
	s.targets = nil
	conn, err := s.poller.get(ctx)
	if err != nil {
		s.ages.reset()
		return nil, fmt.Errorf("poll: %w", err)
	}
	if s.poller.opened != s.polled {
		s.ages.reset()
		if err := s.probe(ctx, conn); err != nil {
			return nil, fmt.Errorf("poll: %w", s.poller.check(err))
		}
	}
	began := s.ages.begin()
	r, err := s.dialect.read(ctx, conn)
	if err != nil {
		return nil, fmt.Errorf("poll: %w", s.poller.check(err))
	}
	degraded := slices.Concat(s.missing, r.snapshot.Degraded, s.poller.words(), s.keepKiller(ctx))
	r.snapshot.Flavour, r.snapshot.Version, r.snapshot.Degraded = s.flavour, s.version, degraded
	r.snapshot.Boot = s.boot.Format(time.RFC3339)
	s.ages.bound(began, &r)
	s.own(r.snapshot.Sessions)
	s.targets, s.killed = r.targets, s.killer.opened
	return &r.snapshot, nil
}

// keepKiller sees to it that the killing connection is there before it is
// needed.
func (s *server) keepKiller(ctx context.Context) []string {
	if err := s.killer.keep(ctx); err != nil {
		return []string{fmt.Sprintf("the connection that kills is lost (%v): nothing can be killed until it is back", err)}
	}
	return s.killer.words()
}

// own marks the connections of this very killer, whatever their attributes say.
func (s *server) own(sessions []Session) {
	for i := range sessions {
		if id := sessions[i].ID; id == s.poller.id || id == s.killer.id {
			sessions[i].Own = true
		}
	}
}

// Kill implements [Server]. It kills only what the last poll saw: for anything
// else the result is Gone.
func (s *server) Kill(ctx context.Context, id StatementID, act Act) (Killing, error) {
	if act != ActQuery && act != ActConnection {
		return Killing{}, fmt.Errorf("kill session %d: %q is no way to kill", id.Session, act)
	}
	if s.targets == nil {
		return Killing{Result: Uncertain}, fmt.Errorf("kill session %d: %w", id.Session, ErrStale)
	}
	if !id.Known() {
		return Killing{Result: Denied}, fmt.Errorf("kill session %d: %w", id.Session, ErrNoIdentity)
	}
	t, ok := s.targets[id]
	if !ok || (id.Idle && act == ActQuery) {
		return Killing{Result: Gone}, nil
	}
	conn, err := s.killer.get(ctx)
	if err != nil {
		return Killing{Result: Uncertain}, fmt.Errorf("kill session %d (nothing was sent): %w", id.Session, err)
	}
	if s.killer.opened != s.killed {
		return Killing{Result: Uncertain}, fmt.Errorf("kill session %d: %w", id.Session, ErrStale)
	}
	k, err := s.dialect.kill(ctx, conn, t, act)
	if err != nil {
		return k, fmt.Errorf("kill session %d: %w", id.Session, s.killer.check(err))
	}
	return k, nil
}

// answer turns the error of a KILL into a result.
func answer(err error, privilege string) (Killing, error) {
	const (
		unknownThread = 1094
		notOwner      = 1095
		notQueryOwner = 1979 // MariaDB
		unknownQuery  = 1957 // MariaDB
	)
	switch n := mysqlx.Number(err); {
	case err == nil:
		return Killing{Result: Killed}, nil
	case n == unknownThread, n == unknownQuery:
		return Killing{Result: Gone}, nil
	case n == notOwner, n == notQueryOwner, mysqlx.Classify(err) == mysqlx.ClassPrivilege:
		return Killing{Result: Denied}, fmt.Errorf("%w: grant %s (%w)", ErrDenied, privilege, err)
	}
	return Killing{Result: Uncertain}, err
}

// Close implements [Server].
func (s *server) Close() error {
	return errors.Join(s.poller.close(), s.killer.close())
}
