package preflight

import (
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/plan"
)

// Status is what one check came to.
type Status string

// The statuses. Unknown is never fine: it asks for care.
const (
	OK      Status = "ok"
	Care    Status = "care"
	No      Status = "no"
	Unknown Status = "unknown"
)

// Verdict is what all checks come to.
type Verdict string

// The verdicts.
const (
	Go         Verdict = "go"
	GoWithCare Verdict = "go with care"
	NoGo       Verdict = "no"
)

// Report is what a preflight found. Its lists have the order of the plan, and
// within that of the names; two runs that find the same report the same.
type Report struct {
	Verdict Verdict `json:"verdict"`
	// Reasons are the checks that are not ok, the worst first, a line each.
	Reasons  []string    `json:"reasons"`
	Server   plan.Server `json:"server"`
	Database string      `json:"database"`
	Tables   []Table     `json:"tables"`
	Steps    []Forecast  `json:"steps"`
	Blockers []Blocker   `json:"blockers"`
	Replicas []Follower  `json:"replicas"`
	Checks   []Check     `json:"checks"`
}

// Check is one look at one thing.
type Check struct {
	// Code is stable, for scripts; Object is what it is about: a table, a
	// replica, a setting, a privilege.
	Code   Code   `json:"code"`
	Object string `json:"object"`
	// What says in words what was found.
	What string `json:"what"`
	// Value and Limit are numbers with a unit; nil where there is none.
	Value  *Quantity `json:"value,omitempty"`
	Limit  *Quantity `json:"limit,omitempty"`
	Status Status    `json:"status"`
	// Remedy says what to do; empty where all is fine.
	Remedy string `json:"remedy,omitempty"`
}

// Quantity is a number with its unit.
type Quantity struct {
	Number float64 `json:"number"`
	Unit   Unit    `json:"unit"`
}

// Unit is the unit of a [Quantity].
type Unit string

// The units.
const (
	Bytes   Unit = "bytes"
	Seconds Unit = "seconds"
	Rows    Unit = "rows"
)

// Code names a check.
type Code string

// The checks.
const (
	CodeReadOnly      Code = "read_only"
	CodeTable         Code = "table"
	CodeStatistics    Code = "statistics"
	CodeDisk          Code = "disk"
	CodeTemporary     Code = "temporary_files"
	CodeDuration      Code = "duration"
	CodeStatement     Code = "statement"
	CodeWritesWait    Code = "writes_wait"
	CodeRowVersions   Code = "row_versions"
	CodeBlocker       Code = "metadata_lock"
	CodeReplica       Code = "replica"
	CodeReplicas      Code = "replicas_seen"
	CodeBinlog        Code = "binlog"
	CodeBinlogKept    Code = "binlog_retention"
	CodePrivilege     Code = "privilege"
	CodeOnlineLog     Code = "innodb_online_alter_log_max_size"
	CodeLockWait      Code = "lock_wait_timeout"
	CodeSQLMode       Code = "sql_mode"
	CodeForeignKeys   Code = "foreign_key_checks"
	CodePacket        Code = "max_allowed_packet"
	CodeSemiSync      Code = "semi_sync"
	CodeSampleCleanup Code = "scratch"
)

// Table is a user table that the plan touches.
type Table struct {
	Table string `json:"table"`
	// Rows is an estimate unless Exact; RowsFrom says where it comes from.
	Rows     uint64 `json:"rows"`
	Exact    bool   `json:"exact"`
	RowsFrom string `json:"rows_from"`
	// StatisticsAge is how old the server's statistics are, in seconds; nil
	// where it does not say.
	StatisticsAge *int64 `json:"statistics_age_seconds,omitempty"`
	DataBytes     uint64 `json:"data_bytes"`  // estimate
	IndexBytes    uint64 `json:"index_bytes"` // estimate
	RowBytes      uint64 `json:"row_bytes"`   // average, data only
	Partitions    int    `json:"partitions,omitempty"`
}

// Forecast is what one step of the plan will take.
type Forecast struct {
	Phase migrate.Phase `json:"phase,omitempty"`
	Table string        `json:"table"`
	// What is the statement, or the copy in words.
	What string `json:"what"`
	// Class is how the server carries the statement out.
	Class ddl.Class `json:"class"`
	// Locks says what the step locks and for how long.
	Locks string `json:"locks"`
	// Time is nil where it is unknown; Why then says why.
	Time *Span  `json:"time,omitempty"`
	Why  string `json:"why,omitempty"`
	// Sample is what Time was measured on.
	Sample Sample `json:"sample"`
	// Bytes is the disk that the step needs while it runs, beyond what is used
	// now; Sort is what of it may lie in temporary files; Binlog is what it
	// writes to the binary log. All are estimates.
	Bytes  uint64 `json:"bytes"`
	Sort   uint64 `json:"sort_bytes"`
	Binlog uint64 `json:"binlog_bytes"`
	// err is what Why says in words, and given how the caller thinks that the
	// statement is carried out: both for the judgement.
	err   error
	given ddl.Class
}

// Span is an expected time with its range, in seconds: ±30 %, but no less than
// ±1 s. Low is 0 where all that is known is that it takes less than High.
type Span struct {
	Low      float64 `json:"low_seconds"`
	Expected float64 `json:"expected_seconds"`
	High     float64 `json:"high_seconds"`
}

// Sample is a measurement: so many rows, so many seconds, of which Fixed do not
// depend on the rows. Of a copy it may be below zero: what the first rows were
// quicker than those behind them, which find a log to be made room in.
type Sample struct {
	Rows    uint64  `json:"rows"`
	Seconds float64 `json:"seconds"`
	Fixed   float64 `json:"fixed_seconds"`

	// once is how many of the rows were in one table, where they were done again
	// and again; zero is all of them.
	once uint64
}

// Blocker is a session that holds, or may hold, the metadata lock of a table.
type Blocker struct {
	// Table is empty where it is not known which table is meant.
	Table      string `json:"table,omitempty"`
	Connection uint64 `json:"connection"`
	User       string `json:"user"`
	Host       string `json:"host"`
	// Age is how long its transaction has been open, in seconds.
	Age float64 `json:"age_seconds"`
	// Lock is the kind of metadata lock, where known.
	Lock string `json:"lock,omitempty"`
	// Statement is its last one, without literals.
	Statement string `json:"statement,omitempty"`
	// Guess is set where the server shows open transactions only.
	Guess bool `json:"guess,omitempty"`
}

// Follower is a replica.
type Follower struct {
	Name    string `json:"name"`
	Server  string `json:"server_id,omitempty"`
	Version string `json:"version,omitempty"`
	// Lag is nil where it is unknown.
	Lag      *int64 `json:"lag_seconds,omitempty"`
	ReadOnly string `json:"read_only,omitempty"`
	// Trouble says what stands in the way of an answer.
	Trouble string `json:"trouble,omitempty"`
}
