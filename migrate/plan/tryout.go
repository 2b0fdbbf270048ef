package plan

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// tryOut carries the DDL out on scratch tables, resolves the mapping over what
// that yields, and lets the server check every expression.
func (b *builder) tryOut(ctx context.Context) error {
	return withScratch(ctx, b.db, b.database, b.file, func(s *scratch) error {
		for _, step := range []func(context.Context, *scratch) error{
			b.tryExpand, b.resolveKeys, b.resolveMapping, b.prepareMapping, b.tryForeign, b.judgeUndo, b.tryContract, b.tryDeferred,
		} {
			if err := step(ctx, s); err != nil {
				return err
			}
			if b.stopped() {
				return nil
			}
		}
		return nil
	})
}

// tryExpand makes the scratch tables and reads what expand makes of them.
func (b *builder) tryExpand(ctx context.Context, s *scratch) error {
	there := []string{s.live.source}
	if b.merges() {
		there = append(there, s.live.target)
	}
	for _, live := range there {
		if err := s.copy(ctx, live); err != nil {
			return fmt.Errorf("copy the shape of %s to a scratch table: %w", live, explain(err))
		}
	}
	if err := b.takeBack(ctx, s); err != nil || b.stopped() {
		return err
	}
	var err error
	if b.before, err = readTable(ctx, s.conn, s.source); err != nil {
		return err
	}
	if b.merges() {
		if b.targetBefore, err = readTable(ctx, s.conn, s.target); err != nil {
			return err
		}
	}
	for _, d := range b.expand {
		if err := b.try(ctx, s, d); err != nil || b.stopped() {
			return err
		}
	}
	if b.after, err = readTable(ctx, s.conn, s.source); err != nil {
		return err
	}
	b.target = b.after
	if !b.columnChange() {
		if b.target, err = readTable(ctx, s.conn, s.target); err != nil {
			return err
		}
	}
	b.checkLoosened(b.file.Source.Table.Text, b.before, b.after)
	if b.merges() {
		b.checkLoosened(b.file.Target.Table.Text, b.targetBefore, b.target)
	}
	b.checkExpanded()
	return nil
}

// try judges one statement and carries it out on the scratch; what the server
// has against it becomes a finding.
func (b *builder) try(ctx context.Context, s *scratch, d *ddl) error {
	c, ok, err := b.judge(ctx, s, d.Statement, d.at.Position)
	if err != nil || !ok {
		return err
	}
	list, err := d.on(s.of(d.Table))
	if err != nil {
		return err
	}
	err = b.carryOut(ctx, s, c, list[0], d.at.Position)
	for _, more := range list[1:] {
		if err == nil {
			err = s.exec(ctx, "/* underpin plan */ "+more)
		}
	}
	if err == nil {
		return nil
	}
	words, ok := rejected(err)
	if !ok {
		return fmt.Errorf("try %q on a scratch table: %w", d.SQL, explain(err))
	}
	b.refuse(CodeDDLRejected, d.SQL, d.at.Position, s.unscratch(words), "correct the statement")
	return nil
}

// takeBack removes from the scratch of a live table what statements of expand
// have added to the live one already, so that expand can be tried from the
// beginning and compared with what is there.
func (b *builder) takeBack(ctx context.Context, s *scratch) error {
	for i := len(b.expand) - 1; i >= 0; i-- {
		d := b.expand[i]
		if d.Kind == CreateTable || s.of(d.Table) != s.source && !b.merges() {
			continue
		}
		progress, err := Taken(ctx, b.db, d.Statement)
		if err != nil {
			return err
		}
		if progress == PartlyTaken {
			b.refuse(CodePartlyExpanded, d.SQL, d.at.Position, "some of what it adds is there already, and some is not",
				"split the statement, or drop what is there and not in use")
			return nil
		}
		on := d.Statement
		on.Table = s.of(d.Table)
		reverse, ok := reverse(on)
		if progress != AllTaken || !ok {
			continue
		}
		if err := s.exec(ctx, "/* underpin plan */ "+reverse.SQL); err != nil {
			words, ok := rejected(err)
			if !ok {
				return fmt.Errorf("take back %q on a scratch table: %w", d.SQL, explain(err))
			}
			b.refuse(CodePartlyExpanded, d.SQL, d.at.Position, "what it adds is there already and in use; "+words, "choose other names")
		}
	}
	return nil
}

// checkLoosened refuses an expand that makes an existing column stricter.
func (b *builder) checkLoosened(name string, before, after *table) {
	for _, was := range before.columns {
		is, ok := after.column(was.Name)
		if !ok || is == was {
			continue
		}
		if why := tightens(was, is); why != "" {
			b.refuse(CodeDDLTightens, name+"."+was.Name, b.positionOfTable(name), why,
				"expand may only loosen a column: running releases do not expect more")
		}
	}
}

// tightens says what a MODIFY makes stricter or changes; empty if it only
// loosens.
func tightens(was, is column) string {
	switch {
	case is.DataType != was.DataType || is.unsigned() != was.unsigned() || is.scale != was.scale || is.fraction != was.fraction:
		return fmt.Sprintf("its type changes from %s to %s", was.ColumnType, is.ColumnType)
	case is.length < was.length || is.precision < was.precision:
		return fmt.Sprintf("it becomes shorter, from %s to %s", was.ColumnType, is.ColumnType)
	case is.Charset != was.Charset || is.Collation != was.Collation:
		return fmt.Sprintf("its collation changes from %s to %s", was.Collation, is.Collation)
	case was.Null == migrate.Nullable && is.Null == migrate.NotNull:
		return "it no longer takes NULL"
	case is.required() && !was.required():
		return "it loses its default"
	case is.generated != was.generated || is.onUpdate != was.onUpdate || is.AutoIncrement != was.AutoIncrement:
		return fmt.Sprintf("what the server does to it changes from %q to %q", was.extra, is.extra)
	}
	return ""
}

// checkExpanded compares what of expand is in the live schema already with
// what expand makes.
func (b *builder) checkExpanded() {
	compare := func(live, made *table, name string, added func(string) bool) {
		for _, c := range live.columns {
			want, ok := made.column(c.Name)
			if ok && want == c || !added(c.Name) {
				continue
			}
			reason := fmt.Sprintf("the live table has it as %s %s, and expand would not", c.ColumnType, c.Null)
			if ok {
				reason = fmt.Sprintf("the live table has it as %s %s, and expand makes it %s %s", c.ColumnType, c.Null, want.ColumnType, want.Null)
			}
			b.refuse(CodeExpandDiffers, name+"."+c.Name, b.positionOfTable(name), reason, "drop what is there and not in use, or make expand say the same")
		}
	}
	beyond := func(before *table) func(string) bool {
		return func(name string) bool {
			_, old := before.column(name)
			return !old
		}
	}
	compare(b.live.source, b.after, b.file.Source.Table.Text, beyond(b.before))
	switch {
	case b.live.target == nil || b.columnChange():
		return
	case b.merges():
		compare(b.live.target, b.target, b.live.target.name, beyond(b.targetBefore))
		return
	}
	if len(b.live.target.columns) < len(b.target.columns) {
		b.warn(CodePartlyExpanded, b.live.target.name, b.positionOfTable(b.live.target.name), "only part of expand is done", "")
	}
	compare(b.live.target, b.target, b.live.target.name, func(string) bool { return true })
}

// positionOfTable returns where expand first changes a table.
func (b *builder) positionOfTable(name string) Position {
	for _, d := range b.expand {
		if d.Table == name {
			return d.at.Position
		}
	}
	return b.file.Source.Table.Position
}

// prepareMapping lets the server check every expression over the scratch.
func (b *builder) prepareMapping(ctx context.Context, s *scratch) error {
	check := func(value migrate.Expression, over, object string, written Scalar) error {
		query := "/* underpin plan */ SELECT " + value.Over("r") + " FROM " + mysqlx.Quote(over) + " AS r LIMIT 0"
		err := s.conn.Query(ctx, query, nil, func(*sql.Rows) error { return nil })
		if err == nil {
			return nil
		}
		words, ok := rejected(err)
		if !ok {
			return fmt.Errorf("check the expression of %s: %w", object, explain(err))
		}
		b.refuse(CodeExpressionRejected, object+": "+written.Text, written.Position, s.unscratch(words), "correct the expression")
		return nil
	}
	for _, set := range []struct {
		list []assignment
		over string
	}{{b.forward, s.source}, {b.backward, s.of(s.live.target)}} {
		for _, a := range set.list {
			if err := check(a.value, set.over, a.to.Name, a.line.Value); err != nil {
				return err
			}
		}
	}
	if b.where.value != "" {
		return check(b.where.value, s.source, "where", b.file.Where)
	}
	return nil
}

// judgeUndo says what taking expand back costs, as the table is after it.
func (b *builder) judgeUndo(ctx context.Context, s *scratch) error {
	for _, st := range undo(b.expand) {
		c, ok, err := b.judge(ctx, s, st, b.positionOfTable(st.Table))
		if err != nil || !ok {
			return err
		}
		b.keepCost(c)
	}
	return nil
}

// warnOfCosts warns of statements that are not carried out without being asked
// for by flag.
func (b *builder) warnOfCosts(context.Context) error {
	for _, d := range slices.Concat(b.expand, b.contract) {
		of := b.live.source.facts
		if t := b.live.target; t != nil && d.Table == t.name {
			of = t.facts
		} else if d.Table != b.live.source.name {
			continue // expand creates it: there is nothing in it to be copied
		}
		b.checkCosts([]Statement{d.Statement}, d.at.Position, of)
	}
	return nil
}

// tryContract carries contract out on the scratch.
func (b *builder) tryContract(ctx context.Context, s *scratch) error {
	for _, d := range b.contract {
		if err := b.try(ctx, s, d); err != nil {
			return err
		}
	}
	return nil
}
