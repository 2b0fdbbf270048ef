package querykiller

import (
	"context"
	"time"
)

// Flavour is the kind of server.
type Flavour string

// The flavours.
const (
	MySQL   Flavour = "mysql"
	MariaDB Flavour = "mariadb"
)

// StatementID names one execution of one statement. Two executions never share
// one, on the same session or on any other.
type StatementID struct {
	// Session is the connection's id, as KILL takes it.
	Session uint64 `json:"session"`
	// Query is MariaDB's query id; zero on MySQL.
	Query uint64 `json:"query,omitempty"`
	// Thread, Event and Start are MySQL's thread id, event id and start timer
	// (picoseconds since the server started) of the statement event; zero on
	// MariaDB.
	Thread uint64 `json:"thread,omitempty"`
	Event  uint64 `json:"event,omitempty"`
	Start  uint64 `json:"start,omitempty"`
	// Idle says that the session was idle after this statement: Kill ends the
	// session only if it is idle after the same statement still.
	Idle bool `json:"idle,omitempty"`
}

// Known says whether the identity tells one execution from another. Without it
// nothing is killed.
func (id StatementID) Known() bool { return id.Query != 0 || id.Thread != 0 && id.Event != 0 }

// Kind is what a statement does, by its first keywords; comments do not count.
type Kind string

// The kinds.
const (
	KindNone   Kind = ""       // the session runs nothing
	KindSelect Kind = "select" // SELECT, WITH, TABLE, VALUES, without FOR UPDATE or INTO
	KindDML    Kind = "dml"    // INSERT, UPDATE, DELETE, REPLACE, LOAD, SELECT … FOR UPDATE
	KindDDL    Kind = "ddl"    // ALTER, CREATE, DROP, RENAME, TRUNCATE, OPTIMIZE, ANALYZE, REPAIR, CHECK
	KindCall   Kind = "call"   // CALL, EXECUTE, DO: what they run is not known
	KindAdmin  Kind = "admin"  // BACKUP, CLONE, FLUSH, LOCK, KILL, GRANT, CHANGE, START, STOP, SET, SHOW
	KindTx     Kind = "tx"     // BEGIN, COMMIT, ROLLBACK, SAVEPOINT, XA
	KindOther  Kind = "other"  // anything else: never guessed to be harmless to kill
)

// Session is one connection of the server as a poll saw it. A field that the
// server did not tell is its zero value, and its name is in Unknown; a rule that
// asks for an unknown field does not match.
type Session struct {
	ID        uint64      `json:"id"`
	Statement StatementID `json:"statement"`
	User      string      `json:"user"`
	// Host is without the port.
	Host     string `json:"host"`
	Database string `json:"database,omitempty"`
	// Command is the process list's: Query, Execute, Sleep, Binlog Dump, Killed …
	Command string `json:"command"`
	State   string `json:"state,omitempty"`
	// Text is the statement as the server tells it, cut at the poll's limit,
	// possibly not valid UTF-8. It may hold secrets: see [Redact].
	Text   string `json:"text,omitempty"`
	Digest string `json:"digest,omitempty"` // of the normalised text
	Kind   Kind   `json:"kind,omitempty"`
	// Age is how long the statement has run, or how long the session has been
	// idle, rounded down. A jump of the server's clock makes nobody older: the
	// real servers see to that.
	Age time.Duration `json:"age"`

	RowsExamined uint64 `json:"rows_examined,omitempty"`
	// RowsModified are those of the open transaction: what a rollback undoes.
	RowsModified uint64 `json:"rows_modified,omitempty"`
	// Locked is how long the statement has waited for a row or metadata lock.
	Locked time.Duration `json:"locked,omitempty"`
	// Transaction is the age of the open transaction; zero without one.
	Transaction time.Duration `json:"transaction,omitempty"`
	// RollingBack says that InnoDB is undoing the transaction.
	RollingBack Tri `json:"rolling_back,omitempty"`
	// HoldsTables says that LOCK TABLES or FLUSH TABLES WITH READ LOCK is held.
	HoldsTables Tri `json:"holds_tables,omitempty"`

	// Program, Release and Role are connection attributes: program_name,
	// underpin_release, and underpin's mark on its own connections.
	Program string `json:"program,omitempty"`
	Release string `json:"release,omitempty"`
	// Own says that the connection is one of Underpin's.
	Own bool `json:"own,omitempty"`
	// System says that the thread is the server's: no client is behind it.
	System bool `json:"system,omitempty"`
	// Remembered is for how long the server has not been asked about this session,
	// which was idle then: what it has done since is not known. Zero: the poll has
	// read it.
	Remembered time.Duration `json:"remembered,omitempty"`

	// BlockedBy are the sessions this one waits for.
	BlockedBy []Block `json:"blocked_by,omitempty"`
	// Unknown are the JSON names of fields the server could not tell.
	Unknown []string `json:"unknown,omitempty"`
}

// Tri is an answer that may be unknown.
type Tri string

// The answers. The zero value is unknown: a guard that cannot be measured does
// not count as passed.
const (
	Unknown Tri = ""
	Yes     Tri = "yes"
	No      Tri = "no"
)

// LockKind is what a session waits for.
type LockKind string

// The kinds of lock.
const (
	LockMetadata LockKind = "metadata"
	LockRow      LockKind = "row"
)

// Block is one edge of "who waits for whom".
type Block struct {
	Session uint64   `json:"session"` // who holds the lock
	Lock    LockKind `json:"lock"`
	Object  string   `json:"object,omitempty"` // schema.table
}

// Load is how busy the server is.
type Load struct {
	ThreadsRunning int `json:"threads_running"`
	Connections    int `json:"connections"`
	MaxConnections int `json:"max_connections"`
}

// Snapshot is one poll.
type Snapshot struct {
	// At is the server's clock at the poll.
	At       time.Time `json:"at"`
	Flavour  Flavour   `json:"flavour"`
	Version  string    `json:"version"`
	ReadOnly bool      `json:"read_only,omitempty"`
	Load     Load      `json:"load"`
	Sessions []Session `json:"sessions"`
	// Boot names this run of the server; it changes with a restart, after which
	// identities may repeat. Kill ends nothing if the server has restarted since
	// the last poll.
	Boot string `json:"boot,omitempty"`
	// TransactionsStale is for how long the server has not told anything new of
	// its transactions, because somebody reads information_schema.INNODB_TRX more
	// often than every tenth of a second; zero is as it should be.
	TransactionsStale time.Duration `json:"transactions_stale,omitempty"`
	// Work is about how long the server has worked for this poll: as long as it has
	// lately taken for such a one.
	Work time.Duration `json:"work,omitempty"`
	// Degraded says in words what this poll could not see, and what follows.
	Degraded []string `json:"degraded,omitempty"`
}

// Act is how a victim is ended.
type Act string

// The acts.
const (
	// ActLeave ends the judgement: the session is left alone.
	ActLeave      Act = "leave"
	ActWarn       Act = "warn"
	ActQuery      Act = "kill_query"
	ActConnection Act = "kill_connection"
)

// Result is what became of an attempt to kill.
type Result string

// The results.
const (
	// Killed: the server took the kill for the very statement that was judged.
	Killed Result = "killed"
	// Gone: that statement had ended already. Nothing was killed.
	Gone Result = "gone"
	// Denied: privileges do not suffice; the error says which.
	Denied Result = "denied"
	// Uncertain: the connection broke before the answer. The next poll tells.
	Uncertain Result = "unknown"
)

// Killing is what Kill reports.
type Killing struct {
	Result Result `json:"result"`
	// Window is how long after the identity was read again the kill was
	// executed, as the server measured it; zero where the server checks the
	// identity itself.
	Window time.Duration `json:"window,omitempty"`
	// Age is the statement's at the kill, by the server's word; zero where it was
	// not asked for.
	Age time.Duration `json:"age,omitempty"`
	// Err is why it is not known to be killed or gone.
	Err error `json:"-"`
}

// Victim is a statement that is to be killed, and how.
type Victim struct {
	Statement StatementID
	Act       Act
	// Before is when the kill has to be begun by, by the killer's clock; later it
	// is [ErrStale]. The zero value is any time.
	Before time.Time
	// Age is what the statement has to have reached, by the server's clock at the
	// kill; it is not killed while it is younger. Zero is any age.
	Age time.Duration
	// Wait is how long that takes yet, from the poll that listed the statement. Kill
	// waits for it: the kill is with the server when its time comes.
	Wait time.Duration
}

// Server is the database as the killer sees it. The real ones are made by
// [Connect]; tests have a simulated one. It is used by one goroutine at a time.
type Server interface {
	// Poll reads every session, and of those that are idle maybe what it remembers.
	// Its cost is bounded; it takes no lock that statements wait for.
	Poll(ctx context.Context) (*Snapshot, error)
	// Renew has the next Poll read the idle sessions too.
	Renew()
	// Kill ends each victim's statement, or its connection, if it is still the
	// one that runs; of an idle session Query and Event are those of its last
	// statement. It never ends anything else. What became of each is in the order
	// of the victims; several may be killed at once.
	Kill(ctx context.Context, victims []Victim) []Killing
	// Close gives the held connections back.
	Close() error
}
