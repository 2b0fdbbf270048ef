package mysqlx

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/go-sql-driver/mysql"
)

// Class says what an error of the server asks of the caller.
type Class string

// The classes.
const (
	// ClassNone: there is no error.
	ClassNone Class = ""
	// ClassOther: the statement is at fault, or something unforeseen happened.
	ClassOther Class = "other"
	// ClassDeadlock: the whole transaction has been rolled back. Retry all of it.
	ClassDeadlock Class = "deadlock"
	// ClassLockWait: the statement has been rolled back, the transaction is
	// open. Roll it back and retry all of it.
	ClassLockWait Class = "lock wait"
	// ClassKilled: somebody ended the statement, or its time limit did.
	ClassKilled Class = "killed"
	// ClassConnection: the connection broke. What was in flight has an unknown
	// outcome; what came before it is rolled back.
	ClassConnection Class = "connection lost"
	// ClassUnavailable: the server refused the connection or the write for
	// now: too many connections, shutting down, read-only.
	ClassUnavailable Class = "server unavailable"
	// ClassDuplicate: a unique key holds the value already.
	ClassDuplicate Class = "duplicate key"
	// ClassPrivilege: the user lacks a grant.
	ClassPrivilege Class = "missing privilege"
	// ClassSchema: a table or column is not there, or has changed under an
	// open snapshot.
	ClassSchema Class = "schema"
	// ClassValue: a value does not fit its column.
	ClassValue Class = "value does not fit"
	// ClassCanceled: the caller's own context ended.
	ClassCanceled Class = "canceled"
)

// classes is what each error number means; the comment says when it is seen.
// Numbers from 1900 to 2000 and from 4000 on are MariaDB's where so marked.
var classes = map[uint16]Class{
	1213: ClassDeadlock, // InnoDB chose this transaction as the victim
	1020: ClassDeadlock, // MariaDB, innodb_snapshot_isolation: the row changed since the snapshot; rolls back all
	1614: ClassDeadlock, // XA: the transaction branch was rolled back by a deadlock
	3101: ClassDeadlock, // MySQL, group replication: another member's write won the certification; rolls back all, at COMMIT

	1205: ClassLockWait, // innodb_lock_wait_timeout or lock_wait_timeout passed
	3572: ClassLockWait, // NOWAIT on MySQL

	1317: ClassKilled, // KILL QUERY, or KILL CONNECTION in time to answer
	1927: ClassKilled, // MariaDB: connection was killed
	3024: ClassKilled, // MySQL: max_execution_time
	1969: ClassKilled, // MariaDB: max_statement_time
	1028: ClassKilled, // a sort was aborted by a kill

	1053: ClassUnavailable, // shutdown in progress
	1040: ClassUnavailable, // max_connections reached
	1203: ClassUnavailable, // max_user_connections reached
	1226: ClassUnavailable, // a resource limit of the account
	1290: ClassUnavailable, // --read-only, --super-read-only
	1792: ClassUnavailable, // read-only transaction, as a replica promoted away gives
	1836: ClassUnavailable, // read-only mode
	3032: ClassUnavailable, // offline mode
	1021: ClassUnavailable, // disk full
	1114: ClassUnavailable, // table full, as a full tmpdir gives

	2006: ClassConnection, // server has gone away, as proxies pass it on
	2013: ClassConnection, // lost connection during query, likewise
	4031: ClassConnection, // MySQL: the client was idle beyond wait_timeout
	1158: ClassConnection, // the server could not read from the network
	1159: ClassConnection, // network read timeout at the server
	1160: ClassConnection, // the server could not write to the network
	1161: ClassConnection, // network write timeout at the server

	1062: ClassDuplicate, // duplicate entry
	1586: ClassDuplicate, // duplicate entry, with the key's name
	1022: ClassDuplicate, // duplicate key on write

	1044: ClassPrivilege, // access denied to a database
	1045: ClassPrivilege, // access denied: wrong password
	1142: ClassPrivilege, // command denied on a table
	1143: ClassPrivilege, // command denied on a column
	1227: ClassPrivilege, // a global privilege is missing
	1401: ClassPrivilege, // XA RECOVER, our only XA statement, without XA_RECOVER_ADMIN
	1370: ClassPrivilege, // on a routine
	1698: ClassPrivilege, // access denied, plugin

	1146: ClassSchema, // no such table
	1054: ClassSchema, // no such column
	1412: ClassSchema, // the table was altered after this snapshot was taken
	1615: ClassSchema, // a prepared statement has to be prepared again
	1051: ClassSchema, // unknown table in DROP
	1049: ClassSchema, // unknown database

	1048: ClassValue, // column cannot be null
	1264: ClassValue, // out of range
	1265: ClassValue, // data truncated
	1292: ClassValue, // incorrect value
	1364: ClassValue, // no default
	1366: ClassValue, // incorrect value for the charset or type
	1406: ClassValue, // data too long
	1690: ClassValue, // arithmetic out of range
	3140: ClassValue, // MySQL: invalid JSON
	3819: ClassValue, // MySQL: check constraint
	4025: ClassValue, // MariaDB: check constraint
	1452: ClassValue, // foreign key: no parent
	1451: ClassValue, // foreign key: still referenced
}

// ErrUnknownOutcome says that the connection broke while a COMMIT or a DDL was
// under way: it may have taken effect or not. Ask the server before anything
// else; a blind retry may do it twice, giving up may lose it.
var ErrUnknownOutcome = errors.New("outcome unknown: the connection broke before the server answered")

// Classify returns what an error asks of the caller. It looks through wrapping.
func Classify(err error) Class {
	if err == nil {
		return ClassNone
	}
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		if c, ok := classes[my.Number]; ok {
			return c
		}
		return ClassOther
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return ClassCanceled
	}
	if isConnectionError(err) {
		return ClassConnection
	}
	return ClassOther
}

// isConnectionError recognises the ways in which database/sql, the driver and
// the network stack report a broken connection. sql.ErrConnDone is what a
// connection that has been closed because it was broken answers from then on;
// nothing was sent.
func isConnectionError(err error) bool {
	for _, known := range []error{
		driver.ErrBadConn, sql.ErrConnDone, mysql.ErrInvalidConn, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, ErrUnknownOutcome,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	var ne net.Error
	return errors.As(err, &ne)
}

// Number returns the server's error number, or 0 if the server did not answer
// with one.
func Number(err error) uint16 {
	var my *mysql.MySQLError
	if errors.As(err, &my) {
		return my.Number
	}
	return 0
}

// RetryUnit reports whether the whole unit of work may be tried again: it has
// been rolled back, or can be, and nothing of it is durable. A broken
// connection qualifies only where the caller knows that no COMMIT was under
// way; [Commit] turns the other case into [ErrUnknownOutcome].
func RetryUnit(err error) bool {
	if errors.Is(err, ErrUnknownOutcome) {
		return false
	}
	switch Classify(err) {
	case ClassDeadlock, ClassLockWait, ClassConnection, ClassUnavailable:
		return true
	}
	return false
}

// committer is the part of *sql.Tx that Commit needs.
type committer interface{ Commit() error }

// Commit commits and tells an unknown outcome from a refusal.
func Commit(tx committer) error { return CommitOutcome(tx.Commit()) }

// CommitOutcome turns the error of a statement that commits into what is known
// of the outcome, as [Commit] does: for a COMMIT that is part of something else.
func CommitOutcome(err error) error {
	switch Classify(err) {
	case ClassNone:
		return nil
	case ClassConnection, ClassCanceled:
		return fmt.Errorf("%w (commit): %w", ErrUnknownOutcome, err)
	case ClassKilled:
		// A KILL that reaches the server during COMMIT is answered before or
		// after the transaction became durable; the answer does not say which.
		return fmt.Errorf("%w (commit was killed): %w", ErrUnknownOutcome, err)
	}
	return fmt.Errorf("commit: %w", err)
}
