package desired

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/mysql"
	"ariga.io/atlas/sql/schema"
	"github.com/pingcap/tidb/pkg/parser/ast"

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
	tables, err := parse(sources)
	if err != nil {
		return nil, err
	}
	d := &differ{db: db, opts: opts, used: map[string]bool{}}
	if d.driver, err = mysql.Open(db); err != nil {
		return nil, fmt.Errorf("ask the server for its settings: %w", err)
	}
	if d.live, err = liveTables(ctx, db); err != nil {
		return nil, err
	}
	if err := d.tables(ctx, tables); err != nil {
		return nil, err
	}
	d.unused()
	if len(d.errs) > 0 {
		return nil, d.errs
	}
	return slices.Concat(d.renames, d.creates, d.alters, d.drops), nil
}

// differ collects statements and what has to be decided.
type differ struct {
	db     *sql.DB
	driver migrate.Driver
	opts   Options
	live   map[string]string // names by lower case
	used   map[string]bool   // options that were needed
	errs   Errors

	renames, creates, alters, drops []string
}

const queryLive = `/* underpin plan */ SELECT TABLE_NAME
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_TYPE = 'BASE TABLE'
  AND TABLE_NAME NOT LIKE '\_underpin\_%'
ORDER BY TABLE_NAME`

func liveTables(ctx context.Context, db *sql.DB) (out map[string]string, err error) {
	rows, err := db.QueryContext(ctx, queryLive)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = map[string]string{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("list the tables: %w", err)
		}
		out[strings.ToLower(name)] = name
	}
	return out, rows.Err()
}

// tables compares table by table.
func (d *differ) tables(ctx context.Context, list []*wanted) error {
	var differing []pair
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
		same, err := d.same(ctx, w, name)
		if err != nil {
			return err
		}
		if !same {
			differing = append(differing, pair{w, name})
		}
	}
	for _, name := range slices.Sorted(maps.Values(d.live)) {
		if slices.Contains(d.opts.Dropped, name) {
			d.used[name] = true
			d.drops = append(d.drops, "DROP TABLE "+mysqlx.Quote(name))
		}
	}
	if len(differing) == 0 {
		return nil
	}
	return d.withScratch(ctx, differing, d.compare)
}

// pair is a desired table and the live one that it is compared with.
type pair struct {
	want *wanted
	live string
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

// compare finds what leads from a live table to its scratch.
func (d *differ) compare(ctx context.Context, p pair, scratch string) error {
	s, err := d.driver.InspectSchema(ctx, "", &schema.InspectOptions{Mode: schema.InspectTables, Tables: []string{p.live, scratch}})
	if err != nil {
		return fmt.Errorf("inspect table %s: %w", p.live, err)
	}
	from, ok1 := s.Table(p.live)
	to, ok2 := s.Table(scratch)
	if !ok1 || !ok2 {
		return fmt.Errorf("inspect table %s: it is not there any more: somebody is altering it", p.live)
	}
	to.Name, from.Name = p.want.name, p.want.name
	d.renameColumns(p, from, to)
	constraints, err := d.constraints(p, from)
	if err != nil {
		return err
	}
	neutral(from, to)
	changes, err := d.driver.TableDiff(from, to)
	if err != nil {
		return fmt.Errorf("compare table %s with what is desired: %w", p.want.name, err)
	}
	changes = d.decided(p, changes)
	if len(changes) > 0 {
		planned, err := d.driver.PlanChanges(ctx, p.want.name, []schema.Change{&schema.ModifyTable{T: to, Changes: changes}}, unqualified)
		if err != nil {
			return fmt.Errorf("write the DDL for table %s: %w", p.want.name, err)
		}
		for _, c := range planned.Changes {
			d.alters = append(d.alters, c.Cmd)
		}
	}
	d.alters = append(d.alters, constraints...)
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
// declared to have got.
func (d *differ) renameColumns(p pair, from, to *schema.Table) {
	for _, c := range from.Columns {
		key := p.live + "." + c.Name
		name, ok := d.opts.Renamed[key]
		if _, wanted := to.Column(name); !ok || !wanted {
			continue
		}
		d.used[key] = true
		d.alters = append(d.alters, fmt.Sprintf("ALTER TABLE %s RENAME COLUMN %s TO %s", mysqlx.Quote(p.want.name), mysqlx.Quote(c.Name), mysqlx.Quote(name)))
		c.Name = name
	}
}

// decided keeps the changes that nobody has to decide, and asks about the rest.
func (d *differ) decided(p pair, changes []schema.Change) []schema.Change {
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

// constraints compares foreign keys and checks, by name and meaning.
func (d *differ) constraints(p pair, from *schema.Table) ([]string, error) {
	var out []string
	alter := "ALTER TABLE " + mysqlx.Quote(p.want.name) + " "
	live := map[string]bool{}
	for _, f := range from.ForeignKeys {
		live[strings.ToLower(f.Symbol)] = true
		if _, ok := p.want.foreign[strings.ToLower(f.Symbol)]; !ok {
			out = append(out, alter+"DROP FOREIGN KEY "+mysqlx.Quote(f.Symbol))
		}
	}
	for _, a := range from.Attrs {
		if c, ok := a.(*schema.Check); ok {
			live[strings.ToLower(c.Name)] = true
			if _, ok := p.want.checks[strings.ToLower(c.Name)]; !ok {
				out = append(out, alter+"DROP CONSTRAINT "+mysqlx.Quote(c.Name))
			}
		}
	}
	for _, set := range []map[string]*ast.Constraint{p.want.foreign, p.want.checks} {
		for _, name := range slices.Sorted(maps.Keys(set)) {
			if live[name] {
				continue // a constraint that is to mean something else needs another name
			}
			text, err := constraintText(set[name])
			if err != nil {
				return nil, err
			}
			out = append(out, alter+"ADD "+text)
		}
	}
	return out, nil
}

// constraintText writes a constraint as both servers understand it.
func constraintText(c *ast.Constraint) (string, error) {
	if c.Tp == ast.ConstraintCheck {
		expr, err := restored(c.Expr)
		return "CONSTRAINT " + mysqlx.Quote(c.Name) + " CHECK (" + expr + ")", err
	}
	return restored(c)
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
