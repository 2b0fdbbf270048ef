package usage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Element is a table, a column of a table, or an index of a table: the one of
// Column and Index that is set says which; neither, the table itself.
type Element struct {
	// Schema is the database. Defaults to [Options.Schema].
	Schema string `json:"schema"`
	Table  string `json:"table"`
	Column string `json:"column,omitempty"`
	Index  string `json:"index,omitempty"`
}

// String names the element for a reader.
func (e Element) String() string {
	table := mysqlx.Quote(e.Schema) + "." + mysqlx.Quote(e.Table)
	switch {
	case e.Column != "":
		return "column " + table + "." + mysqlx.Quote(e.Column)
	case e.Index != "":
		return "index " + mysqlx.Quote(e.Index) + " of " + table
	}
	return "table " + table
}

// Options says how to look. The zero value looks at everything the server
// remembers.
type Options struct {
	// Schema is the database of elements that name none. Defaults to the
	// pool's own.
	Schema string
	// Since is the moment from which on statements count. Those last seen
	// before are listed in [Report.Past]. The zero time counts all.
	Since time.Time
	// Own are statements that Underpin itself sends, values written as ? or
	// as literals. Digests of the same shape, and on MySQL those whose sample
	// begins with Underpin's marker, are listed in [Report.Own], unless a
	// session is known to have sent one without it. MariaDB keeps neither
	// samples nor, by default, senders: there the shape alone decides, so
	// statements that an application could send as well do not belong here.
	Own []string
	// Baseline are counters from before, in the result of an earlier look. If
	// given, an increase is a use.
	Baseline *Counters
	// Window is how long the process list is sampled where the server keeps
	// no digests. Defaults to 2 s. Elsewhere there is one look.
	Window time.Duration
	// Every is the pause between two samples. Defaults to 50 ms.
	Every time.Duration
}

func (o Options) withDefaults() Options {
	if o.Window <= 0 {
		o.Window = 2 * time.Second
	}
	if o.Every <= 0 {
		o.Every = 50 * time.Millisecond
	}
	return o
}

// Kind is what uses an element.
type Kind string

// The kinds.
const (
	View              Kind = "view"
	Trigger           Kind = "trigger"
	Routine           Kind = "routine"
	Event             Kind = "event"
	ForeignKey        Kind = "foreign key"
	GeneratedColumn   Kind = "generated column"
	CheckConstraint   Kind = "check constraint"
	Default           Kind = "default expression"
	IndexPart         Kind = "index part"
	Partition         Kind = "partition expression"
	Digest            Kind = "statement digest"
	Running           Kind = "running statement"
	PreparedStatement Kind = "prepared statement"
	TableIO           Kind = "table I/O"
	IndexIO           Kind = "index I/O"
)

// How is the way in which an element is used.
type How string

// The ways.
const (
	// Names: it is named, and the name was resolved.
	Names How = "names it"
	// Star: every column is meant, by * or by a missing list of columns.
	Star How = "star"
	// Unresolved: its name is there, with a qualifier that is not understood.
	Unresolved How = "unresolved"
	// Unparsed: the text does not parse, and its words name the element.
	Unparsed How = "unparsed, names it"
	// Changes: a statement that defines or changes the schema names it.
	Changes How = "changes it"
	// Hint: an index is named by a hint.
	Hint How = "hint"
	// Counted: a counter has grown since the baseline.
	Counted How = "counted"
)

// Session is who sent a statement, as far as the server tells.
type Session struct {
	User     string `json:"user,omitempty"`
	Host     string `json:"host,omitempty"`
	Release  string `json:"release,omitempty"`
	Instance string `json:"instance,omitempty"`
	Program  string `json:"program,omitempty"`
}

// Use is one thing that uses an element.
type Use struct {
	Element Element `json:"element"`
	Kind    Kind    `json:"kind"`
	How     How     `json:"how"`
	// Name is the object's, quoted, or the digest, or the connection's number.
	Name string `json:"name"`
	// Why says more: the view it goes through, the reason for a doubt.
	Why string `json:"why,omitempty"`
	// Text is the statement or definition with every literal as ?, cut short.
	Text string `json:"text,omitempty"`
	// Sessions are some that were seen to send it; others may have.
	Sessions []Session `json:"sessions,omitempty"`
	// FirstSeen, LastSeen and Count are the server's, since its start.
	FirstSeen time.Time `json:"first_seen,omitzero"`
	LastSeen  time.Time `json:"last_seen,omitzero"`
	Count     uint64    `json:"count,omitempty"`
}

// Blind is something that could not be looked at.
type Blind struct {
	// What was not seen, what it Means, and what to do about it.
	What   string `json:"what"`
	Means  string `json:"means"`
	Remedy string `json:"remedy"`
}

// Report is what a look has found. Its order does not change from one look to
// the next.
type Report struct {
	Elements []Element `json:"elements"`
	Since    time.Time `json:"since,omitzero"`
	Uses     []Use     `json:"uses,omitempty"`
	// Past are statements that were last seen before Since.
	Past []Use `json:"past,omitempty"`
	// Own are statements of Underpin's own.
	Own      []Use    `json:"own,omitempty"`
	Blind    []Blind  `json:"blind,omitempty"`
	Counters Counters `json:"counters"`
}

// Clear reports whether nothing was found and everything was seen.
func (r Report) Clear() bool { return len(r.Uses) == 0 && len(r.Blind) == 0 }

const selectServer = `/* underpin usage */
SELECT VERSION(), COALESCE(DATABASE(), ''), CURRENT_USER(), CONNECTION_ID(), @@GLOBAL.performance_schema`

// Look finds out who uses the elements. db is a pool of Underpin's own; its
// user should have PROCESS, SELECT on performance_schema, and, to see the
// definitions of all schemas, SELECT, SHOW VIEW, TRIGGER and EVENT on *.*.
// What a missing privilege hides is in Report.Blind. It takes no lock on user
// data. An error means that there is no answer; it may be called from several
// goroutines.
func Look(ctx context.Context, db *sql.DB, opts Options, elements ...Element) (Report, error) {
	if len(elements) == 0 {
		return Report{}, errors.New("look for uses: no element is named")
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("look for uses: %w", err)
	}
	defer conn.Close()
	l := &look{conn: conn, opts: opts.withDefaults(), catalog: catalog{}}
	for _, step := range []func(context.Context, []Element) error{
		l.begin, l.readPrivileges, l.readParts, l.readDefinitions, l.readStatements, l.readCounters,
	} {
		if err := step(ctx, elements); err != nil {
			return Report{}, fmt.Errorf("look for uses: %w", err)
		}
	}
	return l.finish(), nil
}

// flavour is the kind of server, as far as it matters here.
type flavour int

const (
	mySQL flavour = iota
	mariaDB
)

// look is the state of one look.
type look struct {
	conn    *sql.Conn
	opts    Options
	flavour flavour
	user    string // CURRENT_USER()
	own     uint64 // this connection
	// counting says that performance_schema is on and may be read.
	counting bool
	targets  []target
	catalog  catalog
	report   Report
}

// begin asks the server what it is, and completes the elements.
func (l *look) begin(ctx context.Context, elements []Element) error {
	var version, schema string
	err := l.conn.QueryRowContext(ctx, selectServer).Scan(&version, &schema, &l.user, &l.own, &l.counting)
	if err != nil {
		return err
	}
	l.flavour = flavourOf(version)
	if l.opts.Schema == "" {
		l.opts.Schema = schema
	}
	l.report.Since = l.opts.Since
	for _, e := range elements {
		if e.Schema == "" {
			e.Schema = l.opts.Schema
		}
		switch {
		case e.Schema == "":
			return mysqlx.ErrNoDatabase
		case e.Table == "" || (e.Column != "" && e.Index != ""):
			return fmt.Errorf("%v is not an element: name a table, and one column or one index of it at most", e)
		}
		l.targets = append(l.targets, target{Element: e})
		l.report.Elements = append(l.report.Elements, e)
	}
	return nil
}

// blind records what cannot be seen.
func (l *look) blind(what, means, remedy string) {
	l.report.Blind = append(l.report.Blind, Blind{what, means, remedy})
}
