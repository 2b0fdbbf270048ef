package querykiller

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Sentinels of Kill and Poll. In every case nothing was killed.
var (
	// ErrNoIdentity: the server does not tell which statement a session runs,
	// so that none can be killed without a chance of hitting the next one.
	ErrNoIdentity = errors.New("the server does not tell statements apart: nothing is killed rather than guessed")
	// ErrStale: the poll is too old to kill by, or a connection was lost since,
	// and the server may be another one. Poll again.
	ErrStale = errors.New("the poll that judged the statement is too old, or from before the connection was lost: poll again first")
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
	// kill ends each statement or connection if it is still what it was, and
	// enters what became of it. The error is one that ends our connection: of
	// those without a result it is not known what became.
	kill(ctx context.Context, conn *sql.Conn, aims []aim, out []Killing) error
	// seen reports whether a poll since then has read the transactions as they
	// were, where there is any need, and when the next may.
	seen(since time.Time) (ok bool, next time.Time)
	// waits lists who waits for whom.
	waits(ctx context.Context, conn *sql.Conn) (waits, error)
}

// serverLook is what one poll of the server found.
type serverLook struct {
	snapshot Snapshot
	// targets are the identities that may be killed until the next one.
	targets map[StatementID]serverTarget
	kind    lookKind
	worked  time.Duration // as the clock says
}

// waited enters that the look has read who waits for whom, and what that took.
func (r *serverLook) waited(w waits) {
	r.kind.waits += w.asked
	r.worked += w.worked
}

// serverTarget is a statement as the last poll saw it.
type serverTarget struct {
	id StatementID
	// query is the id to kill on MariaDB: inside a procedure it is another
	// one for every statement, while id stays.
	query uint64
	// nested says that query has changed before.
	nested bool
	// alone says that it is not to be killed with others in one round trip.
	alone  bool
	age    time.Duration
	read   time.Time // when, by our clock
	server time.Time // when, by the server's
}

// server is a Server over held connections.
type server struct {
	opts    Options
	flavour Flavour
	version string
	poller  *link
	killers []*link
	dialect serverDialect
	ages    ages
	idle    idleSessions
	work    work
	missing []string // from the probe
	boot    time.Time
	targets map[StatementID]serverTarget
	polled  int // the opening of the poller that was probed
}

var _ Server = (*server)(nil)

// Connect opens connections to the server and keeps them: one polls, the others
// kill, so that both works when max_connections is reached later. It finds out
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
	for range opts.Killers {
		l, err := newLink(dsn, opts)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.killers = append(s.killers, l)
	}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("watch %s: %w", mysqlx.Redact(dsn), err), s.Close())
	}
	return s, nil
}

// open connects all links and probes.
func (s *server) open(ctx context.Context) error {
	conn, err := s.poller.get(ctx)
	if err != nil {
		return err
	}
	if _, err := s.killers[0].get(ctx); err != nil {
		return err
	}
	s.keepKillers(ctx) // the others are of use, and not necessary
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
	s.idle, s.work = idleSessions{}, work{}
	if strings.Contains(s.version, "MariaDB") {
		s.flavour, s.dialect = MariaDB, newMariaDB(s.opts, s.poller.id, &s.idle)
	} else {
		s.flavour, s.dialect = MySQL, newMySQL(s.opts, s.poller.id, &s.idle)
	}
	if err := s.readBoot(ctx, conn); err != nil {
		return fmt.Errorf("ask for the uptime: %w", err)
	}
	missing, err := s.dialect.probe(ctx, conn)
	if err != nil {
		return fmt.Errorf("find out what the server tells: %w", err)
	}
	s.missing = missing
	s.polled = s.poller.opened
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
	var words []string
	var keeping sync.WaitGroup
	keeping.Go(func() { words = s.keepKillers(ctx) })
	r, err := s.dialect.read(ctx, conn)
	keeping.Wait()
	if err != nil {
		return nil, fmt.Errorf("poll: %w", s.poller.check(err))
	}
	degraded := slices.Concat(s.missing, r.snapshot.Degraded, s.poller.words(), words)
	r.snapshot.Flavour, r.snapshot.Version, r.snapshot.Degraded = s.flavour, s.version, degraded
	r.snapshot.Boot = s.boot.Format(time.RFC3339)
	r.snapshot.Work = s.work.cost(r.kind, r.worked)
	s.ages.bound(began, &r)
	s.own(r.snapshot.Sessions)
	for _, l := range s.killers {
		l.vouched = l.opened
	}
	s.targets = r.targets
	return &r.snapshot, nil
}

// Renew implements [Server].
func (s *server) Renew() { s.idle.wanted = true }

// keepKillers sees to it that the connections that kill are there before they
// are needed.
func (s *server) keepKillers(ctx context.Context) []string {
	lost, last := 0, error(nil)
	oldest := s.killers[0]
	for _, l := range s.killers {
		if last != nil && l.conn == nil {
			lost++ // one attempt a poll
			continue
		}
		if err := l.keep(ctx); err != nil {
			lost, last = lost+1, err
		}
		if l.tested.Before(oldest.tested) {
			oldest = l
		}
	}
	if oldest.conn != nil && time.Since(oldest.tested) >= testEvery/time.Duration(len(s.killers)) {
		if err := oldest.test(ctx); err != nil {
			lost, last = lost+1, err
		}
	}
	switch {
	case lost == len(s.killers):
		return []string{fmt.Sprintf("the connections that kill are lost (%v): nothing can be killed until one is back", last)}
	case lost > 0:
		return []string{fmt.Sprintf("%d of %d connections that kill are lost (%v): many victims at once take longer", lost, len(s.killers), last)}
	}
	return s.killers[0].words()
}

// own marks the connections of this very killer, whatever their attributes say.
func (s *server) own(sessions []Session) {
	for i := range sessions {
		id := sessions[i].ID
		sessions[i].Own = sessions[i].Own || id == s.poller.id ||
			slices.ContainsFunc(s.killers, func(l *link) bool { return l.id == id })
	}
}

// Close implements [Server].
func (s *server) Close() error {
	err := s.poller.close()
	for _, l := range s.killers {
		err = errors.Join(err, l.close())
	}
	return err
}
