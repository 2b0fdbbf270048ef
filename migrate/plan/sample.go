package plan

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

const (
	// maxExamples bounds the examples kept of each kind.
	maxExamples = 5
	// windows is how many places of the key are looked at.
	windows = 20
)

// tally collects what became of the rows.
type tally struct {
	sample Sample
	seen   map[string]bool
}

// takeSample sends rows of the source through the mapping, and makes findings
// of what does not fit or does not come back.
func (b *builder) takeSample(ctx context.Context) error {
	s := newSampler(b)
	t := &tally{seen: map[string]bool{}, sample: Sample{Coverage: Sampled}}
	for _, a := range b.forward {
		t.sample.Misfits = append(t.sample.Misfits, Misfit{Column: a.to.Name})
	}
	err := s.windows(ctx, t)
	if err != nil {
		words, ok := rejected(err)
		if mysqlx.Classify(err) == mysqlx.ClassKilled {
			b.warn(CodeSampleFailed, b.file.Source.Table.Text, b.file.Source.Table.Position,
				fmt.Sprintf("reading rows took longer than %s a statement; %d rows were looked at", b.opts.StatementLimit, t.sample.Rows),
				"plan again when the server is less busy, or with a higher limit")
			err, ok = nil, false
		}
		if ok {
			b.refuse(CodeSampleFailed, b.file.Source.Table.Text, b.file.Source.Table.Position,
				"the mapping fails on some row: "+words, "make the expressions total: guard them with CASE or NULLIF")
			return nil
		}
		if err != nil {
			return fmt.Errorf("send a sample of %s through the mapping: %w", b.live.source.name, explain(err))
		}
	}
	t.sample.Misfits = slices.DeleteFunc(t.sample.Misfits, func(m Misfit) bool { return m.Nulls+m.Values == 0 })
	b.sample = t.sample
	b.judgeSample()
	return nil
}

// judgeSample makes findings of a sample.
func (b *builder) judgeSample() {
	for _, m := range b.sample.Misfits {
		object := "forward." + m.Column
		at := b.file.Source.Table.Position
		for _, a := range b.forward {
			if a.to.Name == m.Column {
				at = a.line.Value.Position
			}
		}
		keys := make([]string, len(m.Keys))
		for i, k := range m.Keys {
			keys[i] = "(" + strings.Join(k, ", ") + ")"
		}
		where := fmt.Sprintf("in the sample of %d rows, among them those with key %s", b.sample.Rows, strings.Join(keys, ", "))
		if m.Nulls > 0 {
			b.refuse(CodeForwardNull, object, at, fmt.Sprintf("it yields NULL for a NOT NULL column for %d rows %s", m.Nulls, where),
				"let the column take NULL, or guard the expression with COALESCE")
		}
		if m.Values > 0 {
			b.refuse(CodeForwardMisfit, object, at, fmt.Sprintf("it yields a value that the column does not take for %d rows %s", m.Values, where),
				"widen the column, or shorten the value in the expression")
		}
	}
	for _, r := range []struct {
		trip RoundTrip
		text string
	}{
		{b.sample.Source, "source rows that do not come back from the target as they were: %[2]d of %[1]d sampled"},
		{b.sample.Target, "target rows that do not come back from the source as they were: %[2]d of %[1]d sampled"},
	} {
		if r.trip.Changed > 0 {
			b.warn(CodeLossy, "backward", b.file.Source.Table.Position, fmt.Sprintf(r.text, b.sample.Rows, r.trip.Changed),
				"look at the examples; a step back, or a write by an older release, changes such rows")
		}
	}
}

// windows looks at rows in several places of the key: the first, the last,
// and some between. A table that is small enough is looked at as a whole.
func (s *sampler) windows(ctx context.Context, t *tally) error {
	up, down := s.order(""), s.order(" DESC")
	limit := s.opts.SampleRows
	if s.live.source.facts.Rows <= uint64(limit) {
		looked, err := s.look(ctx, t, "", nil, up, limit+1)
		if err == nil && looked <= limit && s.where.value == "" {
			t.sample.Coverage = Complete
		}
		return err
	}
	each := max(limit/windows, 1)
	for _, order := range []string{up, down} {
		if _, err := s.look(ctx, t, "", nil, order, each); err != nil {
			return err
		}
	}
	starts, err := s.starts(ctx, windows-2)
	if err != nil {
		return err
	}
	for _, at := range starts {
		if _, err := s.look(ctx, t, at.where, at.args, up, each); err != nil {
			return err
		}
	}
	return nil
}

// order returns the ORDER BY over the key.
func (s *sampler) order(suffix string) string {
	parts := make([]string, len(s.sourceKey))
	for i, k := range s.sourceKey {
		parts[i] = mysqlx.Quote(k.Name) + suffix
	}
	return strings.Join(parts, ", ")
}

// look sends the rows of one window through the mapping. It returns how many
// came out.
func (s *sampler) look(ctx context.Context, t *tally, where string, args []any, order string, limit int) (n int, err error) {
	query := limited(s.query(where, order, limit), s.server.Flavour, s.opts.StatementLimit)
	width := len(s.sourceKey) + 2*len(s.backward) + 3*len(s.forward)
	cells, dest := make([]sql.NullString, width), make([]any, width)
	for i := range cells {
		dest[i] = &cells[i]
	}
	err = mysqlx.EachRow(ctx, s.db, query, args, func(rows *sql.Rows) error {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		n++
		s.count(t, cells)
		return nil
	})
	return n, err
}

// count adds one row to the tally. Cells are in the order of sampler.top.
func (s *sampler) count(t *tally, cells []sql.NullString) {
	key := make([]string, len(s.sourceKey))
	for i := range key {
		key[i] = cells[i].String
	}
	id := fmt.Sprintf("%q", key)
	if t.seen[id] || len(t.seen) >= s.opts.SampleRows {
		return
	}
	t.seen[id] = true
	t.sample.Rows++
	cells = cells[len(key):]

	n := len(s.backward)
	var before, after []Value
	for j, a := range s.backward {
		before = append(before, value(a.to.Name, cells[2*j]))
		after = append(after, value(a.to.Name, cells[2*j+1]))
	}
	trip(&t.sample.Source, key, before, after)

	cells = cells[2*n:]
	before, after = nil, nil
	for i, a := range s.forward {
		t.misfit(i, cells[3*i].String, key)
		before = append(before, value(a.to.Name, cells[3*i+1]))
		after = append(after, value(a.to.Name, cells[3*i+2]))
	}
	trip(&t.sample.Target, key, before, after)
}

// misfit counts a value by its fit code.
func (t *tally) misfit(i int, code string, key []string) {
	m := &t.sample.Misfits[i]
	switch code {
	case fmt.Sprint(codeFits):
		return
	case fmt.Sprint(codeNull):
		m.Nulls++
	default:
		m.Values++
	}
	if len(m.Keys) < maxExamples {
		m.Keys = append(m.Keys, key)
	}
}

// value returns a cell as a value.
func value(column string, cell sql.NullString) Value {
	if !cell.Valid {
		return Value{Column: column}
	}
	text := cell.String
	return Value{Column: column, Text: &text}
}

// trip counts a row that does not come back as it was.
func trip(r *RoundTrip, key []string, before, after []Value) {
	same := slices.EqualFunc(before, after, func(x, y Value) bool {
		return x.Text == nil && y.Text == nil || x.Text != nil && y.Text != nil && *x.Text == *y.Text
	})
	if same {
		return
	}
	r.Changed++
	if len(r.Examples) < maxExamples {
		r.Examples = append(r.Examples, Example{Key: key, Before: before, After: after})
	}
}
