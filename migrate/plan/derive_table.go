package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// formerKey is the index that keeps naming the rows as before in a table that
// gets another primary key, until the change is done.
const formerKey = "former_key"

// rebuilds reports whether a statement asks for a table that the server can make
// of the old one only by copying it, and that no column beside the old one can
// stand for: another key, other partitions, another character set throughout,
// another type of a column that an index of several columns stands on.
func (d *deriver) rebuilds(ctx context.Context, table string, specs []*ast.AlterTableSpec, at Scalar) (bool, error) {
	for _, spec := range specs {
		if slices.Contains([]ast.AlterTableType{ast.AlterTableDropPrimaryKey, ast.AlterTablePartition, ast.AlterTableRemovePartitioning}, spec.Tp) || converts(spec) {
			return true, nil
		}
	}
	t, changed, err := d.retyped(ctx, table, specs, at)
	if err != nil {
		return false, err
	}
	replaced := map[string]string{}
	for _, was := range changed {
		replaced[was.Name] = d.into(t.name + "." + was.Name)
	}
	for from, to := range renamed(specs) {
		replaced[from] = to
	}
	if len(replaced) == 0 {
		return false, nil
	}
	if t == nil {
		if t, err = readWhole(ctx, d.db, table); err != nil {
			return false, ignoreMissing(err)
		}
	}
	for from, to := range replaced {
		c := &clause{at: at, table: t}
		if was, r := c.replaceable(from, to); r != nil && was.Name != "" && r.code != CodeBothSides {
			return true, nil
		}
	}
	return false, nil
}

// ignoreMissing drops the error that says that there is no such table: another
// step says so with its place.
func ignoreMissing(err error) error {
	if errors.Is(err, errNoTable) {
		return nil
	}
	return err
}

// renamed returns the columns that operations rename, old to new.
func renamed(specs []*ast.AlterTableSpec) map[string]string {
	out := map[string]string{}
	for _, s := range specs {
		switch s.Tp {
		case ast.AlterTableRenameColumn:
			out[s.OldColumnName.Name.O] = s.NewColumnName.Name.O
		case ast.AlterTableChangeColumn:
			out[s.OldColumnName.Name.O] = s.NewColumns[0].Name.Name.O
		}
	}
	return out
}

// converts reports whether an operation converts all columns to a character set.
func converts(spec *ast.AlterTableSpec) bool {
	return spec.Tp == ast.AlterTableOption && slices.ContainsFunc(spec.Options, func(o *ast.TableOption) bool {
		return o.Tp == ast.TableOptionCharset && o.UintValue == ast.TableOptionCharsetWithConvertTo
	})
}

// rebuild derives a table that is as the statement would leave the old one, with
// the rows of both kept in step.
func (d *deriver) rebuild(ctx context.Context, name string, specs []*ast.AlterTableSpec, at Scalar) error {
	t, err := readWhole(ctx, d.db, name)
	if errors.Is(err, errNoTable) {
		return d.refusal(at, refuse(CodeSourceMissing, "correct the name", "there is no table %s", name))
	}
	if err != nil {
		return err
	}
	m := &moved{old: t, key: t.primaryKey(), names: renamed(specs)}
	r, err := d.shape(ctx, m, specs, at)
	if err == nil && r == nil {
		r = m.keeps()
	}
	if err == nil && r == nil {
		r = m.unwritable()
	}
	if err == nil && r == nil {
		r, err = d.collide(ctx, m)
	}
	if err != nil {
		return err
	}
	if r != nil {
		return d.refusal(at, r)
	}
	return d.tableChange(ctx, m, at)
}

// shape finds out what the operations make of a table. Where its primary key is
// no key of the new table, that gets an index which is.
func (d *deriver) shape(ctx context.Context, m *moved, specs []*ast.AlterTableSpec, at Scalar) (r *refusal, err error) {
	if len(m.key) == 0 {
		return refuse(CodeNoKey, "add a primary key first", "table %s has no primary key, so its rows cannot be told apart", m.old.name), nil
	}
	if r, err := d.referred(ctx, m); r != nil || err != nil {
		return r, err
	}
	list, err := specList(specs)
	if err != nil {
		return nil, err
	}
	if m.new, r, err = d.tried(ctx, m.old, at, list); err != nil || r == nil && m.new.isKey(m.newKey()) {
		return r, err
	}
	dropsKey := func(s *ast.AlterTableSpec) bool { return s.Tp == ast.AlterTableDropPrimaryKey }
	if r != nil && !slices.ContainsFunc(specs, dropsKey) {
		return r, nil
	}
	// The server may have refused it for want of the index as well: a column that
	// it numbers needs one.
	former := "ADD UNIQUE INDEX " + mysqlx.Quote(formerKey) + " (" + mysqlx.QuoteList("", m.newKey()) + "), "
	if m.new, r, err = d.tried(ctx, m.old, at, former+list); r != nil || err != nil {
		return r, err
	}
	if len(m.new.primaryKey()) == 0 {
		return refuse(CodeDDLForbidden, "name the new key in the same statement: DROP PRIMARY KEY, ADD PRIMARY KEY (…)",
			"rows are named by the primary key, by underpin, by replicas and by the code, and the table would be left without one"), nil
	}
	return nil, nil
}

// collide looks for rows that are different by the old table's unique keys and
// the same by one of the new table's. Where that takes too long it is left to
// the backfill, which names such rows as it meets them.
func (d *deriver) collide(ctx context.Context, m *moved) (*refusal, error) {
	server, _, err := readServer(ctx, d.db)
	if err != nil {
		return nil, err
	}
	for _, i := range m.new.indexes {
		values, changed := m.stored(i)
		if !i.unique || !changed {
			continue
		}
		fit := m.old.repeated(values)
		fit.Query = limited(fit.Query, server.Flavour, d.opts.StatementLimit)
		rows, err := Unfit(ctx, d.db, fit)
		if mysqlx.Classify(err) == mysqlx.ClassKilled {
			m.unseen = append(m.unseen, i.name)
			continue
		}
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			return refuse(CodeRowsUnfit, "mend them first: change or delete all but one of each",
				"rows would be the same by the new table's unique key %s (%s): %s", i.name, strings.Join(i.columns, ", "), strings.Join(rows, "; ")), nil
		}
	}
	return nil, nil
}

// tableChange keeps the derivation of a table that takes the place of another.
func (d *deriver) tableChange(ctx context.Context, m *moved, at Scalar) error {
	to := d.into(m.old.name)
	f := d.mapping(d.name("rebuild", m.old.name, "as", to), m.old.name, to, at)
	f.Expand = []Scalar{{Text: m.create(to)}}
	for _, was := range m.old.columns {
		if was.generated || containsFold(m.key, was.Name) {
			continue
		}
		f.Forward = append(f.Forward, copied(was.Name, m.newName(was.Name), at))
		f.Backward = append(f.Backward, copied(m.newName(was.Name), was.Name, at))
	}
	f.Contract = []Scalar{{Text: "DROP TABLE " + mysqlx.Quote(m.old.name)}}
	former := !slices.EqualFunc(m.new.primaryKey(), m.newKey(), strings.EqualFold)
	if former {
		for _, k := range m.newKey() {
			f.Target.Key = append(f.Target.Key, Scalar{Text: k})
		}
	}
	p, err := Build(ctx, d.db, f, d.opts)
	if err != nil {
		return err
	}
	why := fmt.Sprintf(
		"the rows move to table %[2]s and both are kept in step: a release with the library first, then one that knows %[2]s only; "+
			"%[1]s gives the name back afterwards, if it matters, with a view for the code that knows the other", command("RENAME TABLE %s TO %s", to, m.old.name), to)
	if len(m.unseen) > 0 {
		why += fmt.Sprintf("; whether rows are the same by its unique key %s was not found out within %s: the backfill names those that are", strings.Join(m.unseen, ", "), d.opts.StatementLimit)
	}
	d.out = append(d.out, Derivation{File: f, Plan: p, Why: why})
	if former && m.new.spares(formerKey) {
		drop := d.file(d.name("drop index", to, formerKey), []Scalar{{Text: "DROP INDEX " + formerKey + " ON " + mysqlx.Quote(to)}})
		d.out = append(d.out, Derivation{File: drop, After: f.Change.Text, Why: fmt.Sprintf(
			"index %s keeps naming the rows by the former key; nobody needs it once %s is closed", formerKey, f.Change.Text)})
	}
	return nil
}

// copied assigns one column another as it is.
func copied(from, to string, at Scalar) Assign {
	return Assign{Column: Scalar{Text: to, Position: at.Position}, Value: Scalar{Text: mysqlx.Quote(from), Position: at.Position}}
}
