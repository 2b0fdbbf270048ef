package plan

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"

	driver "github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// A merge is a change whose target is there already and gets the columns that
// forward assigns from expand: the source's rows become columns of the target's
// rows with the same key. Nothing in the target is overwritten, because the
// columns are new, and whether a source row is there has to be told from them
// alone (see [migrate.Mapping.Merge]), which is what most of the checks here are
// about.

// merges reports whether the change is a merge.
func (b *builder) merges() bool {
	if b.columnChange() || len(b.file.Forward) == 0 {
		return false
	}
	added := map[string]bool{}
	for _, d := range b.expand {
		for _, e := range d.Effects {
			switch {
			case e.Kind == TableExists:
				return false
			case e.Kind == ColumnExists && e.Table == b.file.Target.Table.Text:
				added[strings.ToLower(e.Name)] = true
			}
		}
	}
	return !slices.ContainsFunc(b.file.Forward, func(a Assign) bool { return !added[strings.ToLower(a.Column.Text)] })
}

// merge is the same for the mapping.
func (b *builder) merge() migrate.Choice {
	if b.merges() {
		return migrate.Yes
	}
	return migrate.No
}

// withDefaults puts the defaults of assigned columns into a merge's target: with
// another default, rows that have no source row would look as if they had one.
func (b *builder) withDefaults(target migrate.Table) migrate.Table {
	if !b.merges() {
		return target
	}
	for i := range target.Columns {
		c, _ := b.target.column(target.Columns[i].Name)
		if assigns(b.forward, c.Name) {
			target.Columns[i].Default = c.blank()
		}
	}
	return target
}

// blank is the text of a column's default; empty for NULL, which MariaDB spells
// out.
func (c column) blank() string {
	if c.Null == migrate.Nullable && strings.EqualFold(c.deflt, "NULL") {
		return ""
	}
	return c.deflt
}

// fills reports whether one of the assignments is to the column.
func fills(list []migrate.Assignment, name string) bool {
	return slices.ContainsFunc(list, func(a migrate.Assignment) bool { return strings.EqualFold(a.Column, name) })
}

// checkMergeForeign refuses foreign keys that change rows of source or target
// under the library's hands, or that keep releases which know the target alone
// from deleting its rows. One that deletes each source row with the row that it
// is merged into is right: both shapes lose it in one statement, so there is
// nothing that a mirror would have to see. It goes with the source.
func (b *builder) checkMergeForeign(ctx context.Context) error {
	bound := false
	keys, err := readOutgoing(ctx, b.db, b.live.source.name)
	if err != nil {
		return err
	}
	for _, k := range keys {
		switch binds := b.binds(k); {
		case binds && k.onDelete == RuleCascade:
			bound = true
		case binds:
			b.refuseRestricting(k)
		case k.acts():
			b.refuseCascade(k)
		}
	}
	if keys, err = readOutgoing(ctx, b.db, b.live.target.name); err != nil {
		return err
	}
	key := b.keyNames(b.live.target, b.file.Target)
	for _, k := range keys {
		moves := foreignKey{onUpdate: k.onUpdate}.acts() && slices.ContainsFunc(k.columns, func(c string) bool { return containsFold(key, c) })
		if moves || k.onDelete == RuleCascade && !bound {
			b.refuseCascade(k)
		}
	}
	return b.checkMergeReferences(ctx)
}

// checkMergeReferences refuses foreign keys that point at the source of a merge.
// Whatever points at its key can point at the target's, which has the same values
// and more, so nothing has to wait for the change.
func (b *builder) checkMergeReferences(ctx context.Context) error {
	references, err := b.names(ctx, queryReferences, b.live.source.name)
	if err != nil {
		return err
	}
	for _, name := range references {
		b.refuse(CodeReferenced, b.live.source.name, b.file.Source.Table.Position,
			"the foreign key "+name+" points at it, and would keep releases that know "+b.live.target.name+" alone from taking a row away",
			"let it point at the key of "+b.live.target.name+", or drop it, as a change of its own")
	}
	return nil
}

func (b *builder) refuseCascade(k foreignKey) {
	b.refuse(CodeCascade, k.table, b.file.Source.Table.Position,
		"the foreign key "+k.words()+" changes its rows by a cascade, which no transaction of the library sees", remedyCascade)
}

func (b *builder) refuseRestricting(k foreignKey) {
	source, target := b.live.source.name, b.live.target.name
	b.refuse(CodeRestricts, source+"."+k.name, b.file.Source.Table.Position,
		fmt.Sprintf("the foreign key keeps rows of %[1]s from being deleted while %[2]s has a row, and releases that write the target shape know %[1]s alone", target, source),
		"make it ON DELETE CASCADE, or drop it, as a change of its own; it goes with "+source+" in the end")
}

// binds reports whether a foreign key binds each source row to the target row
// that it is merged into.
func (b *builder) binds(k foreignKey) bool {
	return k.elsewhere == "" && k.parent == b.live.target.name &&
		slices.EqualFunc(k.columns, b.keyNames(b.live.source, b.file.Source), strings.EqualFold) &&
		slices.EqualFunc(k.refers, b.keyNames(b.live.target, b.file.Target), strings.EqualFold)
}

// keyNames returns the columns of a table's key before anything was checked.
func (b *builder) keyNames(t *table, ref TableRef) []string {
	if len(ref.Key) == 0 {
		i, _ := t.index("PRIMARY")
		return i.columns
	}
	var out []string
	for _, k := range ref.Key {
		out = append(out, k.Text)
	}
	return out
}

// checkMergedKeys checks the keys of a merge, beside what is asked of all.
func (b *builder) checkMergedKeys() {
	for _, c := range b.targetKey {
		if was, ok := b.targetBefore.column(c.Name); !ok || was != c {
			b.refuse(CodeKeyChanged, b.file.Target.Table.Text+"."+c.Name, b.file.Target.Table.Position,
				"expand adds or changes it, and it is part of the key", "leave key columns as they are")
		}
	}
	for _, c := range b.sourceKey {
		if c.AutoIncrement {
			b.refuse(CodeKeyNumbered, b.file.Source.Table.Text+"."+c.Name, b.file.Source.Table.Position,
				"the server numbers it, so that a row's number need not be that of its row in "+b.file.Target.Table.Text,
				"take AUTO_INCREMENT away first, as a change of its own; or name the column that holds the target's key, which has to be unique, under key")
		}
	}
}

// checkMerged checks that the target's new columns tell of every source row that
// it is there and of none that it is not, and that rows of the source can be
// written anew.
func (b *builder) checkMerged(dropped map[string]bool) {
	source, target := b.file.Source.Table, b.file.Target.Table
	if b.file.Where.Text != "" {
		b.refuse(CodeWhere, b.file.Where.Text, b.file.Where.Position, "a merge takes every row of its source", "leave where out")
	}
	for _, d := range b.contract {
		if d.Kind != DropTable {
			b.refuse(CodeContractDrops, oneLine(d.SQL), d.at.Position,
				fmt.Sprintf("a merge takes the rows of %s as a whole: one that stays behind would be deleted with what it had", source.Text),
				"drop the table, or nothing")
		}
	}
	for _, c := range b.target.columns {
		if _, old := b.targetBefore.column(c.Name); !old && c.required() {
			b.refuse(CodeTargetRequired, target.Text+"."+c.Name, b.positionOfTable(target.Text),
				"it is NOT NULL without a default, so an INSERT of a release that writes the source shape fails",
				"let it take NULL, or give it a default, in expand")
		}
	}
	for _, a := range b.forward {
		b.checkBlank(a)
	}
	if !slices.ContainsFunc(b.forward, b.marks) {
		b.refuse(CodeIndistinct, source.Text, source.Position,
			fmt.Sprintf("a row of it could leave every new column of %s NULL or at its default, as if there were no row", target.Text),
			fmt.Sprintf("assign a nullable column of %s a NOT NULL column as it is, or a mark: add `has_%s TINYINT NULL` under expand and `has_%s: 1` under forward", target.Text, source.Text, source.Text))
	}
	b.checkSourceRows(dropped)
	b.warnOfUniques()
}

// literal is how MariaDB shows a default that is a literal. MySQL marks what is
// none.
var literal = regexp.MustCompile(`(?i)^(b?'([^'\\]|\\.|'')*'|[-+]?[0-9.]+(e[-+]?[0-9]+)?)$`)

// checkBlank refuses a new column for which it is not plain what an INSERT that
// leaves it out stores there.
func (b *builder) checkBlank(a assignment) {
	c, object, at := a.to, b.file.Target.Table.Text+"."+a.to.Name, b.positionOfTable(b.file.Target.Table.Text)
	has, fixed := c.hasDefault, !strings.Contains(c.extra, "default_generated")
	if b.server.Flavour == MariaDB {
		has = c.hasDefault && !strings.EqualFold(c.deflt, "NULL")
		fixed = !has || literal.MatchString(c.deflt)
	}
	switch {
	case c.generated:
	case c.onUpdate:
		b.refuse(CodeNondeterministic, object, at, "the server sets it anew on every UPDATE of the row, and those of older releases are some",
			"leave ON UPDATE out here, and add it as a change of its own in the end")
	case c.required(): // refused as such
	case c.Null == migrate.Nullable && has:
		b.refuse(CodeBlank, object, at, "it takes NULL and has a default, so that there are two ways to say that there is no row",
			"leave the default out, or make the column NOT NULL; a default can be set as a change of its own in the end")
	case !fixed:
		b.refuse(CodeBlank, object, at, "its default is not a literal, so a row that leaves it out looks as if it had a value",
			"let the column take NULL, or make the default a literal; it can be changed as a change of its own in the end")
	}
}

// marks reports whether an assignment tells of every source row that it is there:
// it is never NULL, in a column that otherwise is.
func (b *builder) marks(a assignment) bool {
	if a.to.Null != migrate.Nullable {
		return false
	}
	if c, ok := b.after.column(a.bare); ok {
		return c.Null == migrate.NotNull
	}
	node, r := parseExpression(a.line.Value.Text)
	value, ok := node.(*driver.ValueExpr)
	return r == nil && ok && value.Kind() != driver.KindNull
}

// warnOfUniques says which uniqueness ends with the source.
func (b *builder) warnOfUniques() {
	for _, i := range b.after.indexes {
		if !i.unique || slices.EqualFunc(i.columns, b.sourceKey, func(n string, k column) bool { return strings.EqualFold(n, k.Name) }) {
			continue
		}
		b.warn(CodeUniqueEnds, b.file.Source.Table.Text+"."+i.name, b.file.Source.Table.Position,
			"rows are unique in it for as long as the source is written, and no longer",
			fmt.Sprintf("add a unique index to %s as a change of its own, in read_new, before new_only", b.file.Target.Table.Text))
	}
}

// checkStrays refuses a source of which rows have no target row to go to.
func (b *builder) checkStrays(ctx context.Context) error {
	if !b.merges() {
		return nil
	}
	keys, err := b.strays(ctx)
	if mysqlx.Classify(err) == mysqlx.ClassKilled {
		b.warn(CodeSampleFailed, b.file.Source.Table.Text, b.file.Source.Table.Position,
			fmt.Sprintf("looking for rows without one in %s took longer than %s", b.file.Target.Table.Text, b.opts.StatementLimit),
			"plan again when the server is less busy, or with a higher limit; the backfill will list such rows")
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for rows of %s that have none in %s: %w", b.live.source.name, b.live.target.name, explain(err))
	}
	if len(keys) > 0 {
		b.refuse(CodeStray, b.file.Source.Table.Text, b.file.Source.Table.Position,
			fmt.Sprintf("rows of it have no row in %s to be merged into, among them those with key %s", b.file.Target.Table.Text, strings.Join(keys, ", ")),
			fmt.Sprintf("delete them, or insert rows with these keys into %s", b.file.Target.Table.Text))
	}
	return nil
}

// strays returns the keys of a few rows of the source that have no target row.
func (b *builder) strays(ctx context.Context) (keys []string, err error) {
	list, on := make([]string, len(b.sourceKey)), make([]string, len(b.sourceKey))
	for i, k := range b.sourceKey {
		list[i] = k.asText("s." + mysqlx.Quote(k.Name))
		on[i] = "t." + mysqlx.Quote(b.targetKey[i].Name) + " = s." + mysqlx.Quote(k.Name)
	}
	query := fmt.Sprintf("SELECT %s\nFROM %s AS s\nLEFT JOIN %s AS t\n  ON %s\nWHERE t.%s IS NULL\nLIMIT %d", strings.Join(list, ", "),
		mysqlx.Quote(b.live.source.name), mysqlx.Quote(b.live.target.name), strings.Join(on, "\n  AND "), mysqlx.Quote(b.targetKey[0].Name), maxExamples)
	err = mysqlx.EachRow(ctx, b.db, limited(query, b.server.Flavour, b.opts.StatementLimit), nil, func(rows *sql.Rows) error {
		cells, dest := make([]sql.NullString, len(list)), make([]any, len(list))
		parts := make([]string, len(list))
		for i := range cells {
			dest[i] = &cells[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		for i, c := range cells {
			parts[i] = c.String
		}
		keys = append(keys, "("+strings.Join(parts, ", ")+")")
		return nil
	})
	return keys, err
}

// MergeWords says what code has to know of a merge.
func MergeWords(m migrate.Mapping) string {
	source, target := "`"+m.Source.Name+"`", "`"+m.Target.Name+"`"
	var blank, marks []string
	for _, a := range m.Forward {
		c, _ := m.Target.Column(a.Column)
		value := "NULL"
		if c.Null == migrate.NotNull {
			value = "its default"
		}
		blank = append(blank, "`"+c.Name+"` "+value)
		if len(a.Value.Columns()) == 0 {
			marks = append(marks, fmt.Sprintf("`%s` is %s wherever a row stands for one, and a release that writes such a row writes that too.", c.Name, a.Value))
		}
	}
	words := []string{
		"A row of " + target + " stands for no row of " + source + " while it has " + strings.Join(blank, ", ") + "; with anything else it stands for one, " +
			"which is written for releases that read " + source + ", and deleted when the row is made so again.",
		"Code that reads " + source + " reads from " + target + " with an outer join, so that a row that is not there looks the same in both shapes.",
		"A row of " + source + " without one of " + target + " is refused at the write: insert that one before or in the same unit, and delete it after or in the same unit.",
		"Statements on " + target + " that neither write these columns nor delete rows are not of this change.",
	}
	return strings.Join(slices.Insert(words, 1, marks...), " ")
}

// readMerged is the query that reads, in the source shape, what the target's row
// holds.
func readMerged(m migrate.Mapping) string {
	source, target := mysqlx.Quote(m.Source.Name), mysqlx.Quote(m.Target.Name)
	var list, on, where []string
	for _, a := range m.Forward {
		list = append(list, shape.SourceValue(m, a))
	}
	for i, k := range m.Target.Key {
		on = append(on, source+"."+mysqlx.Quote(m.Source.Key[i].Name)+" = "+target+"."+mysqlx.Quote(k.Name))
		where = append(where, target+"."+mysqlx.Quote(k.Name)+" = ?")
	}
	return fmt.Sprintf("SELECT %s FROM %s LEFT JOIN %s ON %s WHERE %s",
		strings.Join(list, ", "), target, source, strings.Join(on, " AND "), strings.Join(where, " AND "))
}
