package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/plan"
)

// ErrWouldCopy says that the server can execute a DDL statement only by copying
// the table while writers wait.
var ErrWouldCopy = errors.New("the server could do this only by copying the table while writers wait")

// Error numbers with which both servers refuse an ALGORITHM or LOCK clause.
const (
	errAlgorithmNotSupported       = 1845
	errAlgorithmNotSupportedReason = 1846
)

// executeDDL executes one statement without ever queueing long for its metadata
// lock: everything that comes after a waiting DDL waits with it. It asks for
// the gentlest algorithm first and has the server refuse, rather than fall back,
// when it cannot. A lost connection is resolved by looking at the schema.
func (s *step) executeDDL(ctx context.Context, statement plan.Statement) error {
	began := time.Now()
	attempts := statement.Attempts()
	if s.e.cfg.Copying == AllowCopying {
		attempts = append(attempts, plan.Attempt{SQL: statement.SQL})
	}
	var err error
	for _, a := range attempts {
		err = s.executePatiently(ctx, statement, a.SQL)
		if n := mysqlx.Number(err); n == errAlgorithmNotSupported || n == errAlgorithmNotSupportedReason {
			continue
		}
		break
	}
	switch n := mysqlx.Number(err); {
	case n == errAlgorithmNotSupported || n == errAlgorithmNotSupportedReason:
		return fmt.Errorf("%w: %s: %w; allow it with --allow-copy at a quiet time, or plan it as a change of its own", ErrWouldCopy, statement.SQL, err)
	case err != nil:
		return fmt.Errorf("execute %s: %w", statement.SQL, err)
	}
	s.e.report(Event{Change: s.change.Name, Phase: s.change.Setting.Phase, What: "ddl", Message: statement.SQL, Millis: time.Since(began).Milliseconds()})
	return nil
}

// executePatiently tries a statement until it gets its lock, with jitter
// between the tries, in which those who waited behind it get through.
func (s *step) executePatiently(ctx context.Context, statement plan.Statement, text string) error {
	backoff := mysqlx.Backoff{Attempts: s.e.cfg.DDLAttempts, Base: 250 * time.Millisecond, Max: 5 * time.Second}
	again := func(err error) bool {
		class := mysqlx.Classify(err)
		return class == mysqlx.ClassLockWait || class == mysqlx.ClassDeadlock || class == mysqlx.ClassConnection
	}
	var blockers string
	err := backoff.Retry(ctx, again, func(ctx context.Context) error {
		// After a lost connection, or a kill of the engine, the statement may
		// have taken effect, or may still be running.
		if progress, err := plan.Taken(ctx, s.e.cfg.DB, statement); err == nil && progress == plan.AllTaken {
			return nil
		}
		err := s.executeOnce(ctx, statement, text)
		if mysqlx.Classify(err) == mysqlx.ClassLockWait {
			blockers = s.e.lockHolders(ctx, statement.Table)
			s.e.report(Event{Change: s.change.Name, Phase: s.change.Setting.Phase, What: "waiting",
				Message: fmt.Sprintf("the metadata lock of table %s is taken: %s", statement.Table, blockers)})
		}
		return err
	})
	if mysqlx.Classify(err) == mysqlx.ClassLockWait {
		return fmt.Errorf("%w; in the way: %s; end that transaction, or try again when it has ended", err, blockers)
	}
	return err
}

// setting is a session variable for one statement.
type setting struct {
	variable string
	value    int
}

// executeOnce runs a statement on a connection of its own, whose waits are
// bounded; cancelling ctx kills the statement at the server.
func (s *step) executeOnce(ctx context.Context, statement plan.Statement, text string) error {
	session, err := mysqlx.NewSession(ctx, s.e.cfg.DB)
	if err != nil {
		return err
	}
	defer session.Close()
	settings := []setting{
		{"lock_wait_timeout", int(s.e.cfg.DDLLockWait.Seconds())},
		{"innodb_lock_wait_timeout", int(s.e.cfg.DDLLockWait.Seconds())},
	}
	for _, off := range statement.Session {
		settings = append(settings, setting{off, 0})
	}
	for _, v := range settings {
		if _, err := session.Exec(ctx, mysqlx.Marker("ddl")+fmt.Sprintf("SET SESSION %s = %d", v.variable, v.value)); err != nil {
			return fmt.Errorf("set %s for a statement: %w", v.variable, err)
		}
	}
	_, err = session.Exec(ctx, mysqlx.Marker("ddl "+s.change.Name)+text)
	for _, v := range settings {
		// A connection on which this fails is broken and leaves the pool. DEFAULT
		// would leave foreign_key_checks off on MySQL 9.7.
		_, _ = session.Exec(context.WithoutCancel(ctx), mysqlx.Marker("ddl")+fmt.Sprintf("SET SESSION %[1]s = @@GLOBAL.%[1]s", v.variable))
	}
	return err
}
