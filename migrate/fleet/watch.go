package fleet

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

const selectSelf = `/* underpin evidence */
SELECT CONNECTION_ID(), USER(), COALESCE(DATABASE(), '')`

// selectMetric fails without PROCESS on both servers, where the process list
// would merely be short. It is not a query of INNODB_TRX: whoever reads that
// keeps it old for everybody else (mysqlx.FreshTransactions).
const selectMetric = `/* underpin evidence */
SELECT NAME
FROM information_schema.INNODB_METRICS
LIMIT 1`

const countOwnAttributes = `/* underpin evidence */
SELECT COUNT(*)
FROM performance_schema.session_connect_attrs
WHERE PROCESSLIST_ID = CONNECTION_ID()`

// showSessions lists the sessions. It is not a query of information_schema
// because MySQL fails that one with error 3854 whenever any session runs a
// statement with a character outside the basic plane, which its column INFO
// cannot hold, even if nobody asks for INFO; nor one of performance_schema,
// whose table MariaDB does not have.
const showSessions = `/* underpin evidence */
SHOW PROCESSLIST`

// selectAttributes is read after the sessions, so that one which was there long
// enough to be listed has its attributes: the server keeps them from before it
// knows the user.
const selectAttributes = `/* underpin evidence */
SELECT PROCESSLIST_ID, ATTR_NAME, COALESCE(ATTR_VALUE, '')
FROM performance_schema.session_connect_attrs
WHERE ATTR_NAME IN ('` + mysqlx.AttributeInstance + `', '` + mysqlx.AttributeRelease + `', 'program_name')`

const selectAccounts = `/* underpin evidence */
SELECT USER, HOST, TOTAL_CONNECTIONS
FROM performance_schema.accounts
WHERE USER IS NOT NULL`

// account is a user and the host it connects from.
type account struct{ user, host string }

func (a account) String() string { return a.user + "@" + a.host }

// session is one line of the process list, with what its attributes say.
type session struct {
	id                         uint64
	user, host, db, command    string // host as listed, with port
	seconds                    int64  // how long it has been doing that
	instance, release, program string
	seen                       time.Time
}

// account strips the port, which follows the last colon; a socket has none.
func (s session) account() account {
	host := s.host
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	return account{s.user, host}
}

func (s session) blocker(reason string) Blocker {
	return Blocker{
		Host: s.host, Release: s.release, Instance: s.instance, User: s.account().String(), Reason: reason, LastSeen: s.seen,
		Connection: s.id, Program: s.program, Database: s.db, Command: s.command, Since: time.Duration(s.seconds) * time.Second,
	}
}

// watch gathers what several looks show.
type watch struct {
	cfg    EvidenceConfig
	conn   *sql.Conn
	own    uint64  // this connection
	self   account // whose it is
	method Method
	notes  []string

	looks     int
	firstLook map[account]int // sessions by account
	sessions  map[uint64]session
	live      map[string]control.Instance // every instance that was live in a look
	declares  map[string]bool             // those that declare the change
	prepared  map[string]bool             // in the first look and in the last
	unproven  bool                        // whether there are any cannot be told
	before    map[account]uint64          // connections opened by account
	after     map[account]uint64
}

// newWatch finds out what this server shows to this user.
func newWatch(ctx context.Context, conn *sql.Conn, cfg EvidenceConfig) (*watch, error) {
	w := &watch{
		cfg: cfg, conn: conn, method: MethodAttributes,
		sessions: map[uint64]session{}, live: map[string]control.Instance{}, declares: map[string]bool{},
	}
	var user, schema string
	if err := conn.QueryRowContext(ctx, selectSelf).Scan(&w.own, &user, &schema); err != nil {
		return nil, err
	}
	at := strings.LastIndexByte(user, '@')
	w.self = account{user[:max(at, 0)], user[at+1:]}
	if w.cfg.Schema == "" {
		w.cfg.Schema = schema
	}
	if w.cfg.Schema == "" {
		return nil, mysqlx.ErrNoDatabase
	}
	var n int
	err := conn.QueryRowContext(ctx, countOwnAttributes).Scan(&n)
	switch class := mysqlx.Classify(err); {
	case class == mysqlx.ClassPrivilege:
		w.method = MethodAccounts
		w.notes = append(w.notes, "connection attributes were not read: this user lacks SELECT on performance_schema")
	case class == mysqlx.ClassSchema || (err == nil && n == 0):
		w.method = MethodAccounts
		w.notes = append(w.notes, "the server keeps no connection attributes: performance_schema is off, or a proxy stands before it")
	case err != nil:
		return nil, err
	}
	var name string
	err = conn.QueryRowContext(ctx, selectMetric).Scan(&name)
	if mysqlx.Classify(err) == mysqlx.ClassPrivilege {
		w.method, err = MethodNone, nil
	}
	return w, err
}

// run looks until the window is over.
func (w *watch) run(ctx context.Context) (err error) {
	looks := max(2, int(w.cfg.Window/w.cfg.Every)+1)
	if w.before, err = w.accounts(ctx); err != nil {
		return err
	}
	if w.prepared, err = w.preparedNow(ctx); err != nil {
		return err
	}
	for {
		if err := w.look(ctx); err != nil {
			return err
		}
		if w.looks == looks {
			break
		}
		if err := mysqlx.Wait(ctx, w.cfg.Every); err != nil {
			return err
		}
	}
	// Instances that announced themselves while their sessions were listed.
	if err := w.fleet(ctx); err != nil {
		return err
	}
	last, err := w.preparedNow(ctx)
	if err != nil {
		return err
	}
	maps.DeleteFunc(w.prepared, func(id string, _ bool) bool { return !last[id] })
	w.after, err = w.accounts(ctx)
	return err
}

// look reads the fleet and then the process list.
func (w *watch) look(ctx context.Context) error {
	if err := w.fleet(ctx); err != nil {
		return err
	}
	now, err := w.listed(ctx)
	if err != nil {
		return fmt.Errorf("read the process list: %w", err)
	}
	maps.Copy(w.sessions, now)
	if w.looks == 0 {
		w.firstLook = map[account]int{}
		for _, s := range w.sessions {
			w.firstLook[s.account()]++
		}
	}
	w.looks++
	return nil
}

// listed returns the sessions of the process list with their attributes.
func (w *watch) listed(ctx context.Context) (map[uint64]session, error) {
	out := map[uint64]session{}
	err := each(ctx, w.conn, showSessions, func(rows *sql.Rows) error {
		s := session{seen: time.Now()}
		var user, host, db, command sql.NullString
		var seconds sql.NullInt64
		dest := []any{&s.id, &user, &host, &db, &command, &seconds}
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		for range columns[len(dest):] { // State, Info and, with MariaDB, Progress
			dest = append(dest, new(sql.RawBytes))
		}
		err = rows.Scan(dest...)
		s.user, s.host, s.db, s.command, s.seconds = user.String, host.String, db.String, command.String, seconds.Int64
		out[s.id] = s
		return err
	})
	if err != nil || w.method != MethodAttributes {
		return out, err
	}
	return out, each(ctx, w.conn, selectAttributes, func(rows *sql.Rows) error {
		var id uint64
		var name, value string
		err := rows.Scan(&id, &name, &value)
		s, ok := out[id]
		if err != nil || !ok {
			return err
		}
		switch name {
		case mysqlx.AttributeInstance:
			s.instance = value
		case mysqlx.AttributeRelease:
			s.release = value
		default:
			s.program = value
		}
		out[id] = s
		return nil
	})
}

// fleet adds the instances that are live now.
func (w *watch) fleet(ctx context.Context) error {
	instances, err := control.Instances(ctx, w.conn)
	if err != nil {
		return err
	}
	supports, err := control.Supports(ctx, w.conn)
	if err != nil {
		return err
	}
	for _, i := range instances {
		if i.Live() {
			w.live[i.ID] = i
		}
	}
	for _, s := range supports {
		if s.Change == w.cfg.Change {
			w.declares[s.Instance] = true
		}
	}
	return nil
}

// accounts reads how many connections each account has opened so far; nil
// where the server does not say.
func (w *watch) accounts(ctx context.Context) (map[account]uint64, error) {
	if w.method != MethodAttributes {
		return nil, nil
	}
	out := map[account]uint64{}
	err := each(ctx, w.conn, selectAccounts, func(rows *sql.Rows) error {
		var a account
		var n uint64
		err := rows.Scan(&a.user, &a.host, &n)
		out[a] = n
		return err
	})
	if mysqlx.Classify(err) == mysqlx.ClassPrivilege {
		note := "connections shorter than the pause between two looks may have been missed: " +
			"this user lacks SELECT on performance_schema.accounts"
		if !slices.Contains(w.notes, note) {
			w.notes = append(w.notes, note)
		}
		return nil, nil
	}
	return out, err
}

// judgeUnseen judges the accounts that opened connections which no look caught.
// What database those used is not known: an account of the application's is a
// blocker, another one is worth a note.
func (w *watch) judgeUnseen(j judge) (blockers []Blocker, notes []string) {
	if w.before == nil || w.after == nil {
		return nil, nil
	}
	seen := map[account]int{}
	for _, s := range w.sessions {
		seen[s.account()]++
	}
	for _, a := range slices.SortedFunc(maps.Keys(w.after), byName) {
		unseen := int64(w.after[a]) - int64(w.before[a]) - int64(seen[a]-w.firstLook[a])
		if unseen <= 0 || a.user == w.self.user || j.accounts[a] != nil || isSystem(a.user, "") {
			continue
		}
		text := fmt.Sprintf("opened %d connections within %s that had gone before they could be looked at", unseen, w.cfg.Window)
		if !j.isApplication(a) {
			notes = append(notes, a.String()+" "+text+"; if it may use this database, name it among the application's users")
			continue
		}
		blockers = append(blockers, Blocker{
			User: a.String(), Host: a.host, LastSeen: time.Now(),
			Reason: "it " + text + ": stop what opens them, or vouch for the account if it is known not to write here",
		})
	}
	return blockers, notes
}

// each hands every row of a query to scan.
func each(ctx context.Context, conn *sql.Conn, query string, scan func(*sql.Rows) error) error {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
