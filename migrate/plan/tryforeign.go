package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

const (
	remedyCascade = "make the foreign key RESTRICT and let the application do it"
	remedyCarried = "drop the foreign key first, as a change of its own, and add it to the new table afterwards"
)

// tryForeign finds out what becomes of the source's foreign keys. Where contract
// drops the source the target takes them over, and otherwise they stay where they
// are, which is right as long as they do not change rows behind the library's back.
func (b *builder) tryForeign(ctx context.Context, s *scratch) error {
	if b.merges() {
		return nil // they were looked at with the tables, and go with the source
	}
	keys, err := readOutgoing(ctx, b.db, b.live.source.name)
	if err != nil || len(keys) == 0 {
		return err
	}
	drops := slices.ContainsFunc(b.contract, func(d *ddl) bool { return d.Kind == DropTable })
	switch {
	case b.columnChange():
		b.checkRowCascades(keys)
		return nil
	case !drops:
		for _, k := range slices.DeleteFunc(keys, func(k foreignKey) bool { return !k.acts() }) {
			b.refuse(CodeCascade, k.table, b.file.Source.Table.Position,
				"the foreign key "+k.words()+" changes its rows by a cascade, which no transaction of the library sees", remedyCascade)
		}
		return nil
	}
	f := &Foreign{Source: b.live.source.name, Target: b.file.Target.Table.Text}
	for _, k := range keys {
		carried, ok := b.carried(k, f)
		if !ok {
			continue
		}
		if fits, err := b.tryParent(ctx, s, f, carried); err != nil || !fits {
			return err
		}
		if err := b.checkOrphans(ctx, k); err != nil {
			return err
		}
		f.Keys = append(f.Keys, carried)
	}
	if len(f.Keys) == 0 || b.stopped() {
		return nil
	}
	b.foreign = f
	if err := b.checkForeignNames(ctx, f); err != nil {
		return err
	}
	return b.judgeForeign(ctx, s)
}

// checkRowCascades refuses a cascade that changes a column of the mapping or of
// the key under the library's hands. One that deletes a row takes both shapes of
// it along, and one that changes other columns is nobody's business here.
func (b *builder) checkRowCascades(keys []foreignKey) {
	touched := map[string]bool{}
	for _, a := range slices.Concat(b.forward, b.backward) {
		touched[strings.ToLower(a.to.Name)] = true
		for _, c := range a.columns {
			touched[strings.ToLower(c)] = true
		}
	}
	for _, c := range b.sourceKey {
		touched[strings.ToLower(c.Name)] = true
	}
	for _, k := range keys {
		deletes := foreignKey{onDelete: k.onDelete}
		changes := foreignKey{onUpdate: k.onUpdate}.acts() || deletes.acts() && k.onDelete != RuleCascade
		if changes && slices.ContainsFunc(k.columns, func(c string) bool { return touched[strings.ToLower(c)] }) {
			b.refuse(CodeCascade, k.table, b.file.Source.Table.Position,
				"the foreign key "+k.words()+" changes columns of the mapping or the key by a cascade, which no transaction of the library sees", remedyCascade)
		}
	}
}

// carried returns a key as the target takes it over, or refuses it.
func (b *builder) carried(k foreignKey, f *Foreign) (out CarriedKey, ok bool) {
	out = CarriedKey{
		Name: k.name, Columns: k.columns, As: carriedName(k.name, f.Source, f.Target),
		Parent: k.parent, Refers: k.refers, OnDelete: k.onDelete, OnUpdate: k.onUpdate,
	}
	no := func(code Code, remedy, reason string, args ...any) (CarriedKey, bool) {
		b.refuse(code, f.Source, b.file.Source.Table.Position, "the foreign key "+k.words()+" "+fmt.Sprintf(reason, args...), remedy)
		return out, false
	}
	switch {
	case k.elsewhere != "":
		return no(CodeReferenced, remedyCarried, "refers to a table in database %s, which is not looked into", k.elsewhere)
	case strings.EqualFold(k.parent, f.Source):
		return no(CodeReferenced, remedyCarried, "refers to the table itself: "+whyNotItself)
	case k.match != "":
		return no(CodeReferenced, remedyCarried, "says MATCH %s, which the server keeps and does not do", k.match)
	case !slices.Contains(carriedRules, k.onDelete) || !slices.Contains(carriedRules, k.onUpdate):
		return no(CodeCascade, remedyCarried, "has a rule that the server keeps and does not do: ON DELETE %s ON UPDATE %s", k.onDelete, k.onUpdate)
	}
	for _, name := range k.columns {
		into, found := b.holdsCopy(name, out.Acts())
		was, _ := b.after.column(name)
		switch {
		case was.generated:
			return no(CodeReferenced, remedyCarried, "stands on column %s, which the server computes in each table by itself", name)
		case !found && out.Acts():
			return no(CodeCascade, remedyCascade, "cascades, and table %s has no column that holds %s as it is, with the same type, on which the same cascade would work", f.Target, name)
		case !found:
			b.warn(CodeReferenced, f.Source, b.file.Source.Table.Position,
				"the foreign key "+k.words()+" is not taken over, because "+f.Target+" has no column that holds "+name+" as it is; from new_only on, rows of "+f.Source+" that have gone stale keep rows of "+k.parent+" from being deleted",
				"drop it first, as a change of its own")
			return out, false
		}
		out.Into = append(out.Into, into)
	}
	if !slices.ContainsFunc(b.target.indexes, func(i index) bool { return i.usable && leads(i.columns, out.Into) }) {
		return no(CodeReferenced, "give it one in its CREATE TABLE", "needs an index of %s that begins with (%s)", f.Target, strings.Join(out.Into, ", "))
	}
	if out.Acts() {
		if why := b.remirrored(out); why != "" {
			return no(CodeCascade, remedyCascade, "cascades, and %s", why)
		}
	}
	return out, true
}

// leads reports whether an index begins with these columns, in this order.
func leads(columns, first []string) bool {
	return len(columns) >= len(first) && slices.EqualFunc(columns[:len(first)], first, strings.EqualFold)
}

// holdsCopy returns the column of the target that holds a column of the source
// as it is; of the same type, if that is asked for.
func (b *builder) holdsCopy(name string, exact bool) (into string, ok bool) {
	was, _ := b.after.column(name)
	same := func(is column) bool {
		return !exact || is.ColumnType == was.ColumnType && is.Charset == was.Charset && is.Collation == was.Collation
	}
	for i, c := range b.sourceKey {
		if strings.EqualFold(c.Name, name) {
			return b.targetKey[i].Name, same(b.targetKey[i])
		}
	}
	for _, a := range b.forward {
		if strings.EqualFold(a.bare, name) && same(a.to) {
			return a.to.Name, true
		}
	}
	return "", false
}

// remirrored says why a pair whose row on one side was deleted or changed by a
// cascade could come out otherwise when it is mirrored anew; empty is: it cannot.
func (b *builder) remirrored(k CarriedKey) string {
	if b.where.value != "" {
		return "where chooses among the rows"
	}
	if k.OnUpdate.acts() {
		for _, c := range b.sourceKey {
			if containsFold(k.Columns, c.Name) {
				return "column " + c.Name + " is part of the key: a cascade would move rows out of the way of the copy"
			}
		}
	}
	for _, side := range []struct {
		table   *table
		key     []column
		assign  []assignment
		answers []assignment
	}{{b.target, b.targetKey, b.forward, b.backward}, {b.after, b.sourceKey, b.backward, b.forward}} {
		for _, c := range side.table.columns {
			isKey := slices.ContainsFunc(side.key, func(x column) bool { return x.Name == c.Name })
			if !isKey && !c.generated && !copiedBothWays(c.Name, side.assign, side.answers) {
				return fmt.Sprintf("column %s is not copied as it is in both directions: a row that a cascade deletes in one table, and a unit still needs, is mirrored anew and would lose it", c.Name)
			}
		}
	}
	return ""
}

// copiedBothWays reports whether a column is assigned another one as it is, and
// that one this.
func copiedBothWays(name string, assign, answers []assignment) bool {
	return slices.ContainsFunc(assign, func(a assignment) bool {
		return strings.EqualFold(a.to.Name, name) && a.bare != "" && slices.ContainsFunc(answers, func(back assignment) bool {
			return strings.EqualFold(back.to.Name, a.bare) && strings.EqualFold(back.bare, name)
		})
	})
}

// tryParent has the server take every form of a key on the scratch tables, with a
// scratch of the parent, so that no lock is taken on the parent itself. It
// reports whether the server took them.
func (b *builder) tryParent(ctx context.Context, s *scratch, f *Foreign, k CarriedKey) (fits bool, err error) {
	if err := s.exec(ctx, "/* underpin plan */ CREATE TABLE "+mysqlx.Quote(s.parent)+" LIKE "+mysqlx.Quote(k.Parent)); err != nil {
		return false, fmt.Errorf("copy the shape of %s to a scratch table: %w", k.Parent, explain(err))
	}
	forms := []foreignKey{f.declared(k, migrate.TargetShape)}
	for _, side := range []migrate.Shape{migrate.TargetShape, migrate.SourceShape} {
		if c, ok := f.follower(k, side); ok {
			forms = append(forms, c)
		}
	}
	for _, form := range forms {
		tried := form
		tried.name, tried.table, tried.parent = s.parent, s.of(form.table), s.parent
		for _, statement := range []Statement{rebinding(tried.table, nil, []foreignKey{tried}), rebinding(tried.table, []foreignKey{tried}, nil)} {
			err := s.exec(ctx, "/* underpin plan */ "+statement.SQL)
			if err == nil {
				continue
			}
			words, ok := rejected(err)
			if !ok {
				return false, fmt.Errorf("try foreign key %s on a scratch table: %w", k.Name, explain(err))
			}
			b.refuse(CodeReferenced, form.table, b.file.Source.Table.Position,
				"the foreign key "+k.Name+" to "+k.Parent+" cannot be taken over as "+form.definition()+": "+strings.ReplaceAll(s.unscratch(words), s.parent, k.Parent), remedyCarried)
			return false, nil
		}
	}
	return true, s.exec(ctx, "/* underpin plan */ DROP TABLE "+mysqlx.Quote(s.parent))
}

// checkOrphans looks for rows without a parent, which are there if somebody wrote
// with foreign_key_checks off. A key that cascades has to stand on the target
// while the rows are copied, so it refuses them; others are carried as they are.
func (b *builder) checkOrphans(ctx context.Context, k foreignKey) error {
	at := b.file.Source.Table.Position
	fit := Fit{What: "there is no row of " + k.parent + " that it refers to", Query: limited(b.live.source.orphans(k), b.server.Flavour, b.opts.StatementLimit)}
	rows, err := Unfit(ctx, b.db, fit)
	switch {
	case mysqlx.Classify(err) == mysqlx.ClassKilled && ctx.Err() == nil:
		b.warn(CodeRowsUnfit, k.table, at, fmt.Sprintf("whether every row of %s has the row of %s that %s refers to was not found out within %s", k.table, k.parent, k.name, b.opts.StatementLimit),
			"look for them, at a quiet time; the backfill quarantines those that a cascading key does not take")
	case err != nil || len(rows) == 0:
		return err
	case k.acts():
		b.refuse(CodeRowsUnfit, k.table, at, fmt.Sprintf("rows lack the row of %s that %s refers to, and the new table would not take them: %s", k.parent, k.name, strings.Join(rows, "; ")),
			"mend them first: give them a parent, or delete them")
	default:
		b.warn(CodeRowsUnfit, k.table, at, fmt.Sprintf("rows lack the row of %s that %s refers to, and are carried as they are: %s", k.parent, k.name, strings.Join(rows, "; ")),
			"mend them, unless that is meant")
	}
	return nil
}

// orphans is the query for rows without the parent that a key refers to, each
// shown by its key.
func (t *table) orphans(k foreignKey) string {
	var joined, present []string
	for i, c := range k.columns {
		joined = append(joined, "p."+mysqlx.Quote(k.refers[i])+" = c."+mysqlx.Quote(c))
		present = append(present, "c."+mysqlx.Quote(c)+" IS NOT NULL")
	}
	return fmt.Sprintf("SELECT %s\nFROM %s AS c\nWHERE %s\n  AND NOT EXISTS (\n    SELECT 1\n    FROM %s AS p\n    WHERE %s)",
		t.shownKey("c."), mysqlx.Quote(t.name), strings.Join(present, "\n  AND "), mysqlx.Quote(k.parent), strings.Join(joined, "\n      AND "))
}

// checkForeignNames refuses a name that another foreign key of the database has.
func (b *builder) checkForeignNames(ctx context.Context, f *Foreign) error {
	taken, err := takenNames(ctx, b.db)
	if err != nil {
		return err
	}
	ours := map[string]bool{}
	for _, k := range f.Keys {
		forms := []foreignKey{f.declared(k, migrate.TargetShape)}
		for _, side := range []migrate.Shape{migrate.SourceShape, migrate.TargetShape} {
			if c, ok := f.follower(k, side); ok {
				forms = append(forms, c)
			}
		}
		for _, c := range forms {
			name := strings.ToLower(c.name)
			table, is := taken[name]
			if is && !strings.EqualFold(table, f.Target) || ours[name] {
				b.refuse(CodeTargetExists, c.table, b.file.Source.Table.Position,
					fmt.Sprintf("it would get a foreign key %s for %s, and another one has that name", c.name, k.Name), "drop one of the two, and add it under another name, as changes of their own")
			}
			ours[name] = true
		}
	}
	return nil
}

// judgeForeign says what the statements cost that move the keys.
func (b *builder) judgeForeign(ctx context.Context, s *scratch) error {
	for _, st := range slices.Concat(b.foreign.Following(), b.foreign.Passing(), b.foreign.Returning()) {
		c, ok, err := b.judge(ctx, s, st, b.file.Source.Table.Position)
		if err != nil || !ok {
			return err
		}
		b.keepCost(c)
	}
	return nil
}

// follows reports whether a cascading key of the target needs an index from the
// first row on.
func (b *builder) follows(i DeferredIndex) bool {
	at := slices.IndexFunc(b.target.indexes, func(x index) bool { return x.name == i.Name })
	return b.foreign != nil && at >= 0 && slices.ContainsFunc(b.foreign.Keys, func(k CarriedKey) bool {
		return k.Acts() && leads(b.target.indexes[at].columns, k.Into)
	})
}
