package preflight

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/plan"
)

// ErrBusy says that somebody else runs a preflight on the same database.
var ErrBusy = errors.New("another preflight is running on this database: wait until it is done")

// The lock is held while there are scratch tables.
const (
	takeLock = `/* underpin preflight */ SELECT GET_LOCK(?, ?)`
	giveLock = `/* underpin preflight */ SELECT RELEASE_LOCK(?)`
)

// examiner is one run.
type examiner struct {
	db *sql.DB
	in Input
	// s is where everything is asked; its waits are bounded.
	s *mysqlx.Session
	r Report
	// vars are the server's global variables by lower-case name.
	vars map[string]string
	// tables are the facts of the tables by name, in the report's order.
	tables []*table
	// scratches are the scratch tables made so far, by the live table's name.
	scratches map[string]*scratch
	// renamed is what the steps rename.
	renamed renames
	// writes is how many rows a second the whole server writes; negative where
	// that is unknown.
	writes float64
	room   room
}

// Run looks at everything that speaks for or against carrying out the steps
// now. The pool has to be mysqlx.Open's, with four free connections. An error
// means that the server could not be asked; whatever is found, bad as it may
// be, is in the report. It is safe for concurrent use, but a second run on the
// same database returns [ErrBusy].
func Run(ctx context.Context, db *sql.DB, in Input) (report Report, err error) {
	in = in.withDefaults()
	if err := in.validate(); err != nil {
		return Report{}, err
	}
	e := &examiner{db: db, in: in, vars: map[string]string{}, scratches: map[string]*scratch{}, renamed: renamesOf(in.Steps), writes: -1}
	if e.s, err = mysqlx.NewSession(ctx, db); err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, e.s.Close()) }()
	defer e.unbound(context.WithoutCancel(ctx), e.s)
	if err := e.bound(ctx, e.s); err != nil {
		return Report{}, err
	}
	for _, look := range []func(context.Context) error{
		e.lookAtServer, e.lookAtTables, e.lookAtBlockers, e.lookAtReplicas, e.lookAtWrites,
		e.forecast, e.lookAtVersions, e.lookAtDisk, e.lookAtBinlog, e.lookAtSettings, e.lookAtPrivileges,
	} {
		if err := look(ctx); err != nil {
			return Report{}, err
		}
	}
	e.conclude()
	return e.r, nil
}

// bounds are the session's variables that bound what it waits for.
var bounds = []string{"lock_wait_timeout", "innodb_lock_wait_timeout"}

// bound bounds a session's waits.
func (e *examiner) bound(ctx context.Context, s *mysqlx.Session) error {
	for _, name := range bounds {
		if _, err := s.Exec(ctx, fmt.Sprintf("/* underpin preflight */ SET SESSION %s = %d", name, int(e.in.LockWait.Seconds()))); err != nil {
			return fmt.Errorf("bound the wait for locks: %w", err)
		}
	}
	return nil
}

// unbound gives a session its defaults back. A connection on which this fails
// is broken, and the pool drops it.
func (e *examiner) unbound(ctx context.Context, s *mysqlx.Session) {
	for _, name := range append([]string{"information_schema_stats_expiry"}, bounds...) {
		if name == "information_schema_stats_expiry" && e.r.Server.Flavour != plan.MySQL {
			continue
		}
		_, _ = s.Exec(ctx, "/* underpin preflight */ SET SESSION "+name+" = DEFAULT")
	}
}

const queryServer = `/* underpin preflight */ SELECT VERSION(), DATABASE()`

// lookAtServer reads what the server is and how it is set.
func (e *examiner) lookAtServer(ctx context.Context) error {
	if err := e.s.QueryRow(ctx, queryServer, nil, &e.r.Server.Version, &e.r.Database); err != nil {
		return fmt.Errorf("ask the server what it is: %w", err)
	}
	e.r.Server.Flavour = plan.MySQL
	if strings.Contains(strings.ToLower(e.r.Server.Version), "mariadb") {
		e.r.Server.Flavour = plan.MariaDB
	}
	all, err := e.list(ctx, "/* underpin preflight */ SHOW GLOBAL VARIABLES")
	if err != nil {
		return fmt.Errorf("read the server's settings: %w", err)
	}
	for _, row := range all {
		e.vars[strings.ToLower(row["Variable_name"])] = row["Value"]
	}
	if e.r.Server.Flavour == plan.MySQL {
		// Sizes as they are, not as they were up to a day ago.
		if _, err := e.s.Exec(ctx, "/* underpin preflight */ SET SESSION information_schema_stats_expiry = 0"); err != nil {
			return fmt.Errorf("ask for present statistics: %w", err)
		}
	}
	if name := e.readOnly(); name != "" {
		e.check(Check{Code: CodeReadOnly, Object: name, What: name + " is on: this server takes no writes", Status: No,
			Remedy: "give the address of the primary"})
		return nil
	}
	e.check(Check{Code: CodeReadOnly, Object: "read_only", What: "the server takes writes", Status: OK})
	return nil
}

// readOnly names the setting by which the server takes no writes.
func (e *examiner) readOnly() string {
	for _, name := range []string{"super_read_only", "read_only", "innodb_read_only"} {
		if e.on(name) {
			return name
		}
	}
	return ""
}

// check records one look.
func (e *examiner) check(c Check) { e.r.Checks = append(e.r.Checks, c) }

// conclude works out the verdict.
func (e *examiner) conclude() {
	e.r.Verdict, e.r.Reasons = Go, []string{}
	for _, status := range []Status{No, Care, Unknown} {
		for _, c := range e.r.Checks {
			if c.Status != status {
				continue
			}
			if status == No {
				e.r.Verdict = NoGo
			} else if e.r.Verdict == Go {
				e.r.Verdict = GoWithCare
			}
			e.r.Reasons = append(e.r.Reasons, c.reason())
		}
	}
}

// reason is the check in a line.
func (c Check) reason() string {
	text := fmt.Sprintf("%s: %s %s: %s", c.Status, c.Code, c.Object, c.What)
	if c.Remedy != "" {
		text += "; " + c.Remedy
	}
	return text
}

// list reads all rows of a query, by column name. NULL is left out.
func (e *examiner) list(ctx context.Context, query string, args ...any) ([]map[string]string, error) {
	return list(ctx, e.s, query, args...)
}

func list(ctx context.Context, s *mysqlx.Session, query string, args ...any) (out []map[string]string, err error) {
	err = s.Query(ctx, query, args, func(rows *sql.Rows) error {
		names, err := rows.Columns()
		if err != nil {
			return err
		}
		values, dest := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		row := map[string]string{}
		for i, name := range names {
			if values[i].Valid {
				row[name] = values[i].String
			}
		}
		out = append(out, row)
		return nil
	})
	return out, err
}

// on reads a variable that is on or off.
func (e *examiner) on(name string) bool {
	switch strings.ToUpper(e.vars[name]) {
	case "ON", "1", "YES", "TRUE":
		return true
	}
	return false
}

// number reads a variable that is a number; ok is false where it is none.
func (e *examiner) number(name string) (n float64, ok bool) {
	n, err := strconv.ParseFloat(e.vars[name], 64)
	return n, err == nil
}

func bytesOf[N uint64 | float64](n N) *Quantity { return &Quantity{float64(n), Bytes} }

func secondsOf(n float64) *Quantity { return &Quantity{n, Seconds} }
