package desired

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/mysql"
	"ariga.io/atlas/sql/schema"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Options says what only the author can know. The zero value knows nothing.
type Options struct {
	// Renamed maps what got another name to that name: "users" to "people", or
	// "users.name" to "full_name".
	Renamed map[string]string
	// Dropped names what is to go: "users" or "users.name".
	Dropped []string
}

// Diff returns the DDL, statement by statement, that leads from the live schema
// of db's database to the desired one. Renames come first: what follows them
// names things by their new names. It yields [Errors] for mistakes and for
// what its author has to decide. The same schemas give the same statements.
func Diff(ctx context.Context, db *sql.DB, sources []Source, opts Options) ([]string, error) {
	d, pairs, err := newDiffer(ctx, db, sources, opts)
	if err != nil {
		return nil, err
	}
	if err := d.likeness(ctx, pairs); err != nil {
		return nil, err
	}
	if err := d.differences(ctx, pairs); err != nil {
		return nil, err
	}
	return d.result()
}

// newDiffer asks for what is needed of every table, and pairs the desired ones with
// the live ones.
func newDiffer(ctx context.Context, db *sql.DB, sources []Source, opts Options) (d *differ, pairs []*pair, err error) {
	tables, err := parse(sources)
	if err != nil {
		return nil, nil, err
	}
	d = &differ{db: db, opts: opts, used: map[string]bool{}}
	if d.driver, err = mysql.Open(db); err != nil {
		return nil, nil, fmt.Errorf("ask the server for its settings: %w", err)
	}
	if err := db.QueryRowContext(ctx, queryDatabase).Scan(&d.database); err != nil {
		return nil, nil, fmt.Errorf("ask for the database: %w", err)
	}
	if d.live, err = d.liveTables(ctx); err != nil {
		return nil, nil, err
	}
	return d, d.pairs(tables), nil
}

// differ collects statements and what has to be decided.
type differ struct {
	db       *sql.DB
	database string
	driver   migrate.Driver
	opts     Options
	live     map[string]string // names by lower case
	used     map[string]bool   // options that were needed
	errs     Errors

	renames, creates, alters, drops []string
}

const queryDatabase = `/* underpin plan */ SELECT DATABASE()`

const queryLive = `/* underpin plan */ SELECT TABLE_NAME
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_TYPE = 'BASE TABLE'
  AND TABLE_NAME NOT LIKE '\_underpin\_%'
ORDER BY TABLE_NAME`

// liveTables returns the tables by their names in lower case.
func (d *differ) liveTables(ctx context.Context) (map[string]string, error) {
	list, err := d.names(ctx, queryLive)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	out := map[string]string{}
	for _, name := range list {
		out[strings.ToLower(name)] = name
	}
	return out, nil
}

// names returns the names that a query lists.
func (d *differ) names(ctx context.Context, query string) (out []string, err error) {
	err = mysqlx.EachRow(ctx, d.db, query, nil, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		out = append(out, name)
		return err
	})
	return out, err
}

// pairs finds the live table of each desired one. What there is no pair for is
// to be created or dropped.
func (d *differ) pairs(list []*wanted) (out []*pair) {
	for _, w := range list {
		name, ok := d.live[strings.ToLower(w.name)]
		if old := d.renamedTo(w.name); !ok && old != "" {
			d.renames = append(d.renames, "RENAME TABLE "+mysqlx.Quote(old)+" TO "+mysqlx.Quote(w.name))
			name, ok = old, true
		}
		if !ok {
			d.creates = append(d.creates, w.text)
			continue
		}
		out = append(out, &pair{want: w, live: name})
	}
	for _, name := range slices.Sorted(maps.Values(d.live)) {
		if slices.Contains(d.opts.Dropped, name) {
			d.used[name] = true
			d.drops = append(d.drops, "DROP TABLE "+mysqlx.Quote(name))
		}
	}
	return out
}

// differences finds what leads from one table of each pair to the other.
func (d *differ) differences(ctx context.Context, pairs []*pair) error {
	pairs = slices.DeleteFunc(pairs, func(p *pair) bool { return p.alike })
	pairs, err := d.visible(ctx, pairs)
	if err != nil || len(pairs) == 0 {
		return err
	}
	return d.withScratch(ctx, pairs, d.compareAll)
}

// result is what was found, or what has to be decided first.
func (d *differ) result() ([]string, error) {
	d.unused()
	if len(d.errs) > 0 {
		return nil, d.errs
	}
	return slices.Concat(d.renames, d.creates, d.alters, d.drops), nil
}

// pair is a desired table and the live one that it is compared with.
type pair struct {
	want *wanted
	live string
	text string // what SHOW CREATE TABLE says of the live one
	// alike says that the server writes both in the same way, so that there is
	// no difference.
	alike bool
}

// renamedTo returns the live table that is declared to have got a name.
func (d *differ) renamedTo(name string) string {
	for _, from := range slices.Sorted(maps.Keys(d.opts.Renamed)) {
		if !strings.Contains(from, ".") && strings.EqualFold(d.opts.Renamed[from], name) {
			if live, ok := d.live[strings.ToLower(from)]; ok {
				d.used[from] = true
				return live
			}
		}
	}
	return ""
}

// compareAll inspects pairs, all at once, and compares each.
func (d *differ) compareAll(ctx context.Context, list []scratched) error {
	var names []string
	for _, p := range list {
		names = append(names, p.live, p.name)
	}
	s, err := d.driver.InspectSchema(ctx, "", &schema.InspectOptions{Mode: schema.InspectTables, Tables: names})
	if err != nil {
		return fmt.Errorf("inspect the tables %s: %w", mysqlx.QuoteList("", names), err)
	}
	for _, p := range list {
		from, ok1 := s.Table(p.live)
		to, ok2 := s.Table(p.name)
		if !ok1 || !ok2 {
			return fmt.Errorf("inspect table %s: it is not there any more: somebody is altering it", p.live)
		}
		if err := d.compare(ctx, p, from, to); err != nil {
			return err
		}
	}
	return nil
}

// compare finds what leads from a live table to its scratch.
func (d *differ) compare(ctx context.Context, s scratched, from, to *schema.Table) error {
	p := s.pair
	to.Name, from.Name = p.want.name, p.want.name
	written, err := d.written(ctx, s)
	if err != nil {
		return err
	}
	if d.renameColumns(p, from, to) > 0 {
		written.known = false // the live text has the old names
	}
	drops, adds, err := d.constraints(p, from, written)
	if err != nil {
		return err
	}
	neutral(from, to)
	changes, err := d.driver.TableDiff(from, to)
	if err != nil {
		return fmt.Errorf("compare table %s with what is desired: %w", p.want.name, err)
	}
	unknown := written.unexplained(changes)
	changes = d.decided(p, changes)
	d.alters = append(d.alters, drops...)
	if err := d.alter(ctx, to, changes, written); err != nil {
		return fmt.Errorf("write the DDL for table %s: %w", p.want.name, err)
	}
	d.inServersWords(p, written, unknown)
	d.alters = append(d.alters, adds...)
	return nil
}

// alter writes changes of a table as one statement: columns in the server's words,
// where they can be had, and what is left in those of Atlas, which does not write
// all that it compares (ZEROFILL, DOUBLE(9,2)).
func (d *differ) alter(ctx context.Context, to *schema.Table, changes []schema.Change, w writings) error {
	alter := "ALTER TABLE " + mysqlx.Quote(to.Name) + " "
	var clauses, others []string
	for _, c := range changes {
		if clause, ok := w.clause(c); ok {
			clauses = append(clauses, clause)
			continue
		}
		planned, err := d.driver.PlanChanges(ctx, to.Name, []schema.Change{&schema.ModifyTable{T: to, Changes: []schema.Change{c}}}, unqualified)
		if err != nil {
			return err
		}
		for _, c := range planned.Changes {
			if clause, ok := strings.CutPrefix(c.Cmd, alter); ok {
				clauses = append(clauses, clause)
			} else {
				others = append(others, c.Cmd)
			}
		}
	}
	if len(clauses) > 0 {
		d.alters = append(d.alters, alter+strings.Join(clauses, ", "))
	}
	d.alters = append(d.alters, others...)
	return nil
}

// unqualified leaves the database's name out of statements.
func unqualified(o *migrate.PlanOptions) { o.SchemaQualifier = new(string) }

// neutral takes out what is compared elsewhere or does not matter.
func neutral(from, to *schema.Table) {
	to.ForeignKeys, from.ForeignKeys = nil, nil
	for _, t := range []*schema.Table{from, to} {
		t.Attrs = slices.DeleteFunc(t.Attrs, func(a schema.Attr) bool {
			switch a.(type) {
			case *schema.Check, *mysql.AutoIncrement, *mysql.CreateStmt:
				return true
			}
			return false
		})
	}
}

// renameColumns gives columns of the live table the names that they are
// declared to have got, and returns how many there were.
func (d *differ) renameColumns(p *pair, from, to *schema.Table) (renamed int) {
	for _, c := range from.Columns {
		key := p.live + "." + c.Name
		name, ok := d.opts.Renamed[key]
		if _, wanted := to.Column(name); !ok || !wanted {
			continue
		}
		d.used[key] = true
		d.alters = append(d.alters, fmt.Sprintf("ALTER TABLE %s RENAME COLUMN %s TO %s", mysqlx.Quote(p.want.name), mysqlx.Quote(c.Name), mysqlx.Quote(name)))
		c.Name = name
		renamed++
	}
	return renamed
}

// decided keeps the changes that nobody has to decide, and asks about the rest.
func (d *differ) decided(p *pair, changes []schema.Change) []schema.Change {
	return slices.DeleteFunc(changes, func(c schema.Change) bool {
		drop, ok := c.(*schema.DropColumn)
		if !ok {
			return false
		}
		key := p.live + "." + drop.C.Name
		if slices.Contains(d.opts.Dropped, key) {
			d.used[key] = true
			return false
		}
		d.errs = append(d.errs, p.want.at.because("column "+key, "it is not in the desired schema: is it to go, or has it got another name?",
			fmt.Sprintf("say --dropped %s, or --renamed %s=NEW_NAME", key, key)))
		return true
	})
}

// unused refuses a decision that nothing asked for: it is likely a slip.
func (d *differ) unused() {
	for _, from := range slices.Sorted(maps.Keys(d.opts.Renamed)) {
		if !d.used[from] {
			d.errs = append(d.errs, &Error{Object: "--renamed " + from + "=" + d.opts.Renamed[from], Problem: "nothing in the schemas fits it", Hint: "correct the names: TABLE=TABLE or TABLE.COLUMN=COLUMN"})
		}
	}
	for _, name := range d.opts.Dropped {
		if !d.used[name] {
			d.errs = append(d.errs, &Error{Object: "--dropped " + name, Problem: "nothing in the schemas fits it", Hint: "correct the name: TABLE or TABLE.COLUMN, missing in the desired schema"})
		}
	}
	slices.SortStableFunc(d.errs, func(a, b *Error) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Object, b.Object))
	})
}
