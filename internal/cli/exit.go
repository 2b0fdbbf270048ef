package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/querykiller"
)

// exit is an exit code. docs/exit-codes.md is their documentation; a test holds
// that it says what this file says.
type exit int

// The exit codes.
const (
	exitDone     exit = 0
	exitRefused  exit = 1
	exitUsage    exit = 2
	exitFailed   exit = 3
	exitTimedOut exit = 4
)

// exits says in a line each what the codes mean.
func exits() []string {
	return []string{
		exitDone:     "done: what was asked for is so",
		exitRefused:  "refused by a gate, or differences found: nothing is broken, and the output says what to do",
		exitUsage:    "usage: a bad flag, a bad file, an unknown command or an unknown name",
		exitFailed:   "failed: the server, the connection or the surroundings; run it again once they are mended",
		exitTimedOut: "timed out waiting: what was waited for may still come",
	}
}

// outcome is the end of a command that has printed its result already. It only
// carries the exit code.
type outcome struct{ exit exit }

func (o outcome) Error() string { return exits()[o.exit] }

// usageError is a mistake in the command line or in a file that it names.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}

// refusedError is a refusal that is no result of its own: the command could not
// begin.
type refusedError struct {
	err  error
	hint string
}

func (e *refusedError) Error() string { return e.err.Error() }
func (e *refusedError) Unwrap() error { return e.err }

// timeoutError says that what was waited for did not come in time.
type timeoutError struct{ err error }

func (e *timeoutError) Error() string { return e.err.Error() }
func (e *timeoutError) Unwrap() error { return e.err }

// verdict is what an error means to the caller of the program.
type verdict struct {
	exit exit
	code string // stable, for scripts
	hint string
}

// rule is one line of the table that maps errors to exit codes.
type rule struct {
	is   func(error) bool
	exit exit
	code string
	says string // when it happens, for the documentation
	hint string // what to do, where the error itself does not say
}

// rules is the table. The first line that matches wins.
func rules() []rule {
	return []rule{
		// Before usage: the flag that names it is a usage error too.
		{is(migrate.ErrUnknownPhase), exitUsage, "unknown_phase", "a text names no phase", ""},
		{as[*usageError], exitUsage, "usage", "a flag, an argument or a setting is wrong", ""},
		{is(mysqlx.ErrNoDatabase), exitUsage, "no_database", "the DSN names no database", ""},
		{as[plan.Errors], exitUsage, "bad_file", "a change file or underpin.yaml has mistakes, each named with line and column", ""},
		{as[querykiller.ParseErrors], exitUsage, "bad_rules", "a file with rules for the query killer has mistakes, each named with line and column", ""},
		{is(control.ErrNoChange), exitUsage, "unknown_change", "the database knows no change of that name", "underpin status lists the changes of this database"},

		{as[*plan.RefusedError], exitRefused, "plan_refused", "the change cannot be planned as it stands; every finding says why and what to do", ""},
		{is(engine.ErrPlanChanged), exitRefused, "plan_changed", "the change file was edited after it had been applied in part", "undo the edit, or roll the change back to planned and apply it anew"},
		{is(engine.ErrNameUsed), exitRefused, "name_used", "a finished change has the name", "give the change another name"},
		{is(engine.ErrNoPlan), exitRefused, "no_plan", "the change was announced by an application, but no plan has been applied", "underpin apply with the change file"},
		{is(engine.ErrPaused), exitRefused, "paused", "somebody has paused the change", ""},
		{as[*control.HeldError], exitRefused, "held", "another process drives the change at this moment", ""},
		{is(engine.ErrWouldCopy), exitRefused, "would_copy", "DDL would copy the table while writers wait", ""},
		{is(engine.ErrCostsMore), exitRefused, "costs_more", "DDL costs more than the plan says", ""},
		{is(engine.ErrWayRefused), exitRefused, "way_refused", "the server refuses to do DDL in the way that was asserted", ""},
		{as[*refusedError], exitRefused, "refused", "what was asked for is not possible where the change stands", ""},

		{as[*timeoutError], exitTimedOut, "timed_out", "what was waited for did not come in time", ""},

		{is(control.ErrNotInitialised), exitFailed, "not_initialised", "the control tables are missing", ""},
		{is(control.ErrOlderSchema), exitFailed, "older_schema", "the control tables are older than this binary", ""},
		{is(control.ErrNewerSchema), exitFailed, "newer_schema", "the control tables are newer than this binary", ""},
		{is(control.ErrAuditBroken), exitFailed, "audit_broken", "the chain of the audit does not hold", "compare with a copy of the audit, and find out who writes to _underpin_audit"},
		{is(engine.ErrSchemaMoved), exitFailed, "schema_moved", "somebody else has changed the schema under the change", ""},
		{is(engine.ErrLeaseLost), exitFailed, "lease_lost", "another process has taken the change over", "underpin status names it"},
		{is(mysqlx.ErrUnknownOutcome), exitFailed, "unknown_outcome", "the connection broke while a statement was under way", "run the command again: it looks at the server first"},
		{number(1045, 1698), exitFailed, "access_denied", "the server does not let the user in", "check user and password, and from which hosts the user may connect"},
		{class(mysqlx.ClassPrivilege), exitFailed, "privilege", "the database user lacks a privilege", "underpin doctor says which privileges are missing and what each costs"},
		{class(mysqlx.ClassConnection), exitFailed, "connection", "the server cannot be reached, or the connection broke", "check host and port, and run the command again: what was done is recorded"},
		{class(mysqlx.ClassUnavailable), exitFailed, "unavailable", "the server takes no connections or no writes for now", "run the command again later: what was done is recorded"},
		{func(error) bool { return true }, exitFailed, "failed", "anything else", ""},
	}
}

// interrupted is the verdict on whatever error a signal brought about.
func interrupted() rule {
	return rule{nil, exitFailed, "interrupted", "a signal ended the command", "run the same command again: it goes on where it stopped"}
}

// number is an error that the server answers with one of these numbers.
func number(numbers ...uint16) func(error) bool {
	return func(err error) bool { return slices.Contains(numbers, mysqlx.Number(err)) }
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func as[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

func class(c mysqlx.Class) func(error) bool {
	return func(err error) bool { return mysqlx.Classify(err) == c }
}

// judge says what an error means.
func judge(ctx context.Context, err error) verdict {
	if errors.Is(context.Cause(ctx), errInterrupted) {
		r := interrupted()
		return verdict{r.exit, r.code, r.hint}
	}
	for _, r := range rules() {
		if r.is(err) {
			return verdict{r.exit, r.code, hintOf(err, r.hint)}
		}
	}
	return verdict{exit: exitFailed, code: "failed"}
}

// hintOf prefers the error's own hint to that of the table.
func hintOf(err error, fallback string) string {
	var usage *usageError
	if errors.As(err, &usage) && usage.hint != "" {
		return usage.hint
	}
	var refused *refusedError
	if errors.As(err, &refused) && refused.hint != "" {
		return refused.hint
	}
	return fallback
}

// failure is how an error is printed with --json.
type failure struct {
	Error string `json:"error"`
	Code  string `json:"code"`
	Exit  exit   `json:"exit"`
	Hint  string `json:"hint,omitempty"`
}

// finish prints the error that a command ended with, if there is one to print,
// and returns the exit code.
func (a *app) finish(ctx context.Context, err error) exit {
	var done outcome
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &done):
		return done.exit
	}
	v := judge(ctx, err)
	if a.settings.JSON {
		a.writeJSON(a.stderr, failure{Error: harmless(err.Error()), Code: v.code, Exit: v.exit, Hint: v.hint})
		return v.exit
	}
	text := err.Error()
	if v.code == interrupted().code {
		text = "interrupted"
	}
	s := a.styleOf(a.stderr)
	p := newPage(s)
	p.line("%s %s", s.bad("underpin:"), text)
	if v.hint != "" {
		p.line("  %s", v.hint)
	}
	p.writeTo(a.stderr)
	return v.exit
}
