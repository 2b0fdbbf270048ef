package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/plan"
)

// Errors that are decisions about a DDL statement. Nothing has been changed.
var (
	// ErrWouldCopy says that the server does a statement only by copying the
	// table, or while those who use it wait.
	ErrWouldCopy = errors.New("the server does this only by copying the table or while others wait")
	// ErrCostsMore says that a statement has come to cost more than the plan
	// says: the table or the server has changed since.
	ErrCostsMore = errors.New("it costs more than the plan says")
	// ErrWayRefused says that the server refuses to do a statement in the way
	// that it was expected to.
	ErrWayRefused = errors.New("the server refuses to do it in this way")
)

// executeDDL executes one statement without ever queueing long for its metadata
// lock: everything that comes after a waiting DDL waits with it. The way in
// which it is done is looked up for the table as it is now, and asserted: the
// server refuses rather than falls back. A harder way is then taken only if the
// plan says so, or --allow-copy allows the hardest. A lost connection is resolved by looking
// at the schema.
func (s *step) executeDDL(ctx context.Context, statement plan.Statement) error {
	began := time.Now()
	cost, err := plan.CostOf(ctx, s.e.cfg.DB, statement)
	if err != nil {
		return fmt.Errorf("find out what %s costs: %w", statement.SQL, err)
	}
	for {
		if err := s.permitted(statement, cost); err != nil {
			return err
		}
		err := s.executePatiently(ctx, statement, cost.Asserted)
		why, refused := ddl.ClauseRefused(err)
		if err != nil && !refused {
			return fmt.Errorf("execute %s: %w", cost.Asserted, err)
		}
		if err == nil {
			break
		}
		next, more := cost.Next()
		if !more || !s.foreseen(statement, next) {
			return wayRefused(cost, why, err)
		}
		s.e.report(Event{Change: s.change.Name, Phase: s.change.Setting.Phase, What: "note",
			Message: fmt.Sprintf("%s refuses to do it %s: %s; going on with what is allowed, %s: %s", cost.Server, cost.Class, why, next.Class, next.Words)})
		cost = next
	}
	s.e.report(Event{Change: s.change.Name, Phase: s.change.Setting.Phase, What: "ddl", Message: cost.Asserted, Millis: time.Since(began).Milliseconds()})
	return nil
}

// permitted refuses a statement that needs leave which nobody has given.
func (s *step) permitted(statement plan.Statement, cost plan.Cost) error {
	if s.e.cfg.Copying == AllowCopying {
		return nil
	}
	if !cost.Class.Gentle() {
		return fmt.Errorf("%w: %s: %s does it by %s: %s; allow it with --allow-copy at a quiet time, or plan it as a change of its own",
			ErrWouldCopy, statement.SQL, cost.Server, cost.Class, cost.Words)
	}
	if planned, known := s.plan.Cost(statement); known && cost.Class.HarderThan(planned.Class) {
		return fmt.Errorf("%w: %s: planned as %s on %s, and now it is %s on %s: %s; look why (row versions used up, an index, another server), and allow it with --allow-copy",
			ErrCostsMore, statement.SQL, planned.Class, planned.Server, cost.Class, cost.Server, cost.Words)
	}
	return nil
}

// foreseen reports whether a way of doing a statement is no harder than what was
// planned, or allowed.
func (s *step) foreseen(statement plan.Statement, cost plan.Cost) bool {
	planned, known := s.plan.Cost(statement)
	return s.e.cfg.Copying == AllowCopying || known && !cost.Class.HarderThan(planned.Class)
}

// wayRefused says what the server refused, and what is left to do.
func wayRefused(cost plan.Cost, why string, err error) error {
	left := "no other way is known: carry it out by hand, and apply goes on from there"
	if next, ok := cost.Next(); ok {
		left = fmt.Sprintf("the next way is %s: %s; apply with --allow-copy to allow it, or carry the statement out by hand, and apply goes on from there", next.Class, next.Words)
	}
	return fmt.Errorf("%w: %s was to be %s on %s: %s: %w; %s", ErrWayRefused, cost.SQL, cost.Class, cost.Server, why, err, left)
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
			tables := append([]string{statement.Table}, statement.Parents...)
			blockers = s.e.lockHolders(ctx, tables...)
			s.e.report(Event{Change: s.change.Name, Phase: s.change.Setting.Phase, What: "waiting",
				Message: fmt.Sprintf("the metadata lock of table %s is taken: %s", strings.Join(tables, ", or "), blockers)})
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
