package querykiller

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// link is a held connection. It is opened once and kept; when it is lost it is
// opened again by whoever needs it next, after a pause that grows. It is used by
// one goroutine.
type link struct {
	pools  []*sql.DB // of one connection each, in the order they are tried
	conn   *sql.Conn
	via    int    // which pool conn is of
	id     uint64 // the server's, of conn
	opened int    // how often
	// vouched is which opening the last poll has found to be of the same server.
	vouched int
	lost    error // why it is not there
	pause   time.Duration
	retry   time.Time
	tested  time.Time
}

// The pauses between attempts to reopen a connection, and how often one that is
// not used otherwise is tested.
const (
	firstPause = 50 * time.Millisecond
	maxPause   = time.Second
	testEvery  = 5 * time.Second
)

func newLink(dsn string, opts Options) (*link, error) {
	l := &link{}
	for _, d := range []string{opts.AdminDSN, dsn} {
		if d == "" {
			continue
		}
		pool, err := newPool(d, opts)
		if err != nil {
			return nil, errors.Join(err, l.close())
		}
		l.pools = append(l.pools, pool)
	}
	if len(l.pools) == 0 {
		return nil, errors.New("watch: there is no DSN: write it as user:password@tcp(host:port)/")
	}
	return l, nil
}

// newPool makes a pool that dials when it is needed. Its statements need no
// database; information_schema is there for everybody.
func newPool(dsn string, opts Options) (*sql.DB, error) {
	parsed, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, errors.New("the DSN cannot be parsed: write it as user:password@tcp(host:port)/")
	}
	parsed.DBName = "information_schema"
	cfg, err := mysqlx.Config(parsed.FormatDSN(), mysqlx.Options{ConnectTimeout: opts.ConnectTimeout})
	if err != nil {
		return nil, err
	}
	// A held connection must not be closed by the server for being idle, and
	// the kill has to be in one round trip with the look before it.
	cfg.MultiStatements = true
	cfg.Params["wait_timeout"] = "31536000"
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", mysqlx.Redact(dsn), err)
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(1)
	return pool, nil
}

// get returns the connection, opening it if need be. Between attempts that
// failed it answers at once with the last failure.
func (l *link) get(ctx context.Context) (*sql.Conn, error) {
	if l.conn != nil {
		return l.conn, nil
	}
	if time.Now().Before(l.retry) {
		return nil, l.lost
	}
	var errs []error
	for i, pool := range l.pools {
		err := l.dial(ctx, pool)
		if err == nil {
			l.via, l.lost, l.pause = i, nil, 0
			l.opened++
			l.tested = time.Now()
			return l.conn, nil
		}
		errs = append(errs, err)
	}
	l.pause = min(max(2*l.pause, firstPause), maxPause)
	l.retry = time.Now().Add(l.pause)
	l.lost = errors.Join(errs...)
	return nil, l.lost
}

const selectConnection = `/* underpin killer */
SELECT CONNECTION_ID()`

func (l *link) dial(ctx context.Context, pool *sql.DB) error {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if err := conn.QueryRowContext(ctx, selectConnection).Scan(&l.id); err != nil {
		return errors.Join(fmt.Errorf("connect: %w", err), conn.Close())
	}
	l.conn = conn
	return nil
}

// check looks whether err means that the connection is of no more use, drops it
// then, and returns err.
func (l *link) check(err error) error {
	switch mysqlx.Classify(err) {
	case mysqlx.ClassConnection, mysqlx.ClassCanceled, mysqlx.ClassUnavailable:
		l.drop()
	case mysqlx.ClassKilled:
		l.drop() // somebody is killing us: what the connection still holds is unknown
	}
	return err
}

func (l *link) drop() {
	if l.conn == nil {
		return
	}
	// Raw returns the error that it is given; it is how database/sql is told
	// not to use the connection again.
	_ = l.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = l.conn.Close()
	l.conn, l.id = nil, 0
}

// keep reopens a connection that is seldom used if the server has closed it,
// which is seen without asking the server.
func (l *link) keep(ctx context.Context) error {
	if l.conn != nil && l.conn.Raw(func(c any) error { return c.(driver.SessionResetter).ResetSession(ctx) }) != nil {
		l.drop()
	}
	_, err := l.get(ctx)
	return err
}

// test asks the server, and reopens the connection if there is no answer.
func (l *link) test(ctx context.Context) error {
	l.tested = time.Now()
	if err := l.conn.PingContext(ctx); err != nil {
		l.drop()
		_, err = l.get(ctx)
		return err
	}
	return nil
}

// words say what is not as it was asked for.
func (l *link) words() []string {
	if l.conn != nil && l.via > 0 {
		return []string{"the administrative port does not answer: at max_connections a lost connection could not be reopened"}
	}
	return nil
}

func (l *link) close() error {
	var errs []error
	if l.conn != nil {
		errs = append(errs, l.conn.Close())
		l.conn = nil
	}
	for _, pool := range l.pools {
		errs = append(errs, pool.Close())
	}
	return errors.Join(errs...)
}
