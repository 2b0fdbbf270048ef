package history

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/migrate"
)

func text(s string) *string { return &s }

func name(s string) Value { return Source(text(s)) }

func seedRow(key uint64) Row {
	return Row{Value: name(fmt.Sprintf("Seed Number %d", key)), Mail: fmt.Sprintf("%d@example.com", key), Visits: 3}
}

func at(begin, end int64) Span { return Span{Begin: begin, End: end, By: "r1"} }

// table is the end of a run that a test may spoil before it is judged.
type table map[uint64]Row

// with returns the table with one row replaced.
func (t table) with(key uint64, change func(*Row)) table {
	out := maps.Clone(t)
	r := out[key]
	change(&r)
	out[key] = r
	return out
}

func (t table) without(key uint64) table {
	out := maps.Clone(t)
	delete(out, key)
	return out
}

// story is a right history of eight seeded rows, of which 7 and 8 are never
// touched, and the table that it ends with.
func story() (*Book, table) {
	b := NewBook(8, seedRow)
	end := table{}
	for key := uint64(1); key <= 8; key++ {
		end[key] = Row{Value: seedRow(key).Value.In(migrate.TargetShape), Mail: seedRow(key).Mail, Visits: 3}
	}
	// Row 1: an old-shape release writes, then a new-shape one, whose name does
	// not survive the round trip.
	b.Rename(1, at(10, 20), Acknowledged, name("Ann Tok1"))
	b.Read(1, at(15, 18), Row{Value: name("Ann Tok1"), Mail: "1@example.com", Visits: 3})
	b.Rename(1, at(30, 40), Acknowledged, Target(text("Mary Ann Tok2"), text("Lee")))
	b.Read(1, at(50, 60), Row{Value: name("Mary Ann Tok2 Lee"), Mail: "1@example.com", Visits: 3})
	end[1] = Row{Value: Target(text("Mary Ann Tok2"), text("Lee")), Mail: "1@example.com", Visits: 3}
	// Row 2: visits and e-mail.
	b.Visit(2, at(10, 20), Acknowledged)
	b.Visit(2, at(12, 30), Acknowledged)
	b.Mail(2, at(40, 50), Acknowledged, "tok3@example.com")
	b.Read(2, at(60, 61), Row{Value: seedRow(2).Value, Mail: "tok3@example.com", Visits: 5})
	end[2] = Row{Value: end[2].Value, Mail: "tok3@example.com", Visits: 5}
	// Row 3 is deleted, row 9 inserted.
	b.Rename(3, at(10, 20), Acknowledged, Value{})
	b.Read(3, at(30, 31), Row{})
	delete(end, 3)
	b.Read(9, at(1, 2), Row{})
	b.Insert(9, at(10, 20), Acknowledged, Row{Value: name("New Tok4"), Mail: "tok4@example.com"})
	end[9] = Row{Value: Target(text("New"), text("Tok4")), Mail: "tok4@example.com"}
	// Row 4: the first write was killed and took effect; row 5: likewise and
	// did not. Row 10 is the insert of a killed process.
	b.Rename(4, at(10, 50), Unknown, name("Killed Tok5"))
	b.Read(4, at(20, 30), Row{Value: name("Killed Tok5"), Mail: "4@example.com", Visits: 3})
	end[4] = Row{Value: name("Killed Tok5").In(migrate.TargetShape), Mail: "4@example.com", Visits: 3}
	b.Rename(5, at(10, 50), Unknown, name("Killed Tok6"))
	b.Visit(5, at(10, 50), Unknown)
	b.Read(5, at(60, 61), seedRow(5))
	b.Insert(0, at(10, Never), Unknown, Row{Value: name("Killed Tok7"), Mail: "tok7@example.com"})
	b.Visit(10, at(200, 210), Acknowledged) // by somebody who came across it
	end[10] = Row{Value: name("Killed Tok7").In(migrate.TargetShape), Mail: "tok7@example.com", Visits: 1}
	// Row 6 is read only.
	b.Read(6, at(60, 61), seedRow(6))
	return b, end
}

func judge(b *Book, end table) Verdict { return b.Judge(1000, maps.All(end)) }

func TestARightHistoryIsRight(t *testing.T) {
	b, end := story()
	v := judge(b, end)
	require.Empty(t, v.Lost)
	require.Empty(t, v.Wrong)
	require.Empty(t, v.Different)
	require.EqualValues(t, len(end), v.Rows)
	require.EqualValues(t, 8, v.Acknowledged)
	require.EqualValues(t, 4, v.Unknown)
}

// fault is one fault that is planted into the right history.
type fault struct {
	fault string
	in    func(Verdict) []Problem
	key   uint64
	plant func(b *Book, end table) table
}

func lost(v Verdict) []Problem      { return v.Lost }
func wrong(v Verdict) []Problem     { return v.Wrong }
func different(v Verdict) []Problem { return v.Different }

// lostValues are values that the table does not hold at the end.
func lostValues() []fault {
	return []fault{
		{"the last write of a name is lost", lost, 1, func(_ *Book, end table) table {
			return end.with(1, func(r *Row) { r.Value = name("Ann Tok1").In(migrate.TargetShape) })
		}},
		{"the mirror of an old-shape release wipes a finer name", lost, 1, func(_ *Book, end table) table {
			return end.with(1, func(r *Row) { r.Value = name("Mary Ann Tok2 Lee").In(migrate.TargetShape) })
		}},
		{"a name is mapped wrongly", lost, 9, func(_ *Book, end table) table {
			return end.with(9, func(r *Row) { r.Value = Target(text("New"), nil) })
		}},
		{"the last write of an e-mail is lost", lost, 2, func(_ *Book, end table) table {
			return end.with(2, func(r *Row) { r.Mail = "2@example.com" })
		}},
		{"a visit is lost", lost, 2, func(_ *Book, end table) table {
			return end.with(2, func(r *Row) { r.Visits = 4 })
		}},
		{"a visit is counted twice", lost, 2, func(_ *Book, end table) table {
			return end.with(2, func(r *Row) { r.Visits = 6 })
		}},
		{"an unknown visit is counted twice", lost, 5, func(_ *Book, end table) table {
			return end.with(5, func(r *Row) { r.Visits = 5 })
		}},
	}
}

// lostRows are rows that are there or not there at the end against what was written.
func lostRows() []fault {
	return []fault{
		{"a delete is undone", lost, 3, func(_ *Book, end table) table {
			return end.with(3, func(r *Row) { *r = seedRow(3) })
		}},
		{"an inserted row is gone", lost, 9, func(_ *Book, end table) table { return end.without(9) }},
		{"an insert of a killed process that was visited is gone", lost, 10, func(_ *Book, end table) table { return end.without(10) }},
		{"a visit to a deleted row", wrong, 3, func(b *Book, end table) table {
			b.Visit(3, at(50, 60), Acknowledged)
			return end
		}},
		{"a killed write that was seen is gone", lost, 4, func(_ *Book, end table) table {
			return end.with(4, func(r *Row) { r.Value = seedRow(4).Value })
		}},
		{"a killed write shows after it was overwritten", lost, 5, func(b *Book, end table) table {
			b.Rename(5, at(70, 80), Acknowledged, name("After Tok8"))
			return end.with(5, func(r *Row) { r.Value = name("Killed Tok6").In(migrate.TargetShape) })
		}},
	}
}

// staleReads are reads of a value at a time when it cannot be seen.
func staleReads() []fault {
	return []fault{
		{"a stale read", wrong, 1, func(b *Book, end table) table {
			b.Read(1, at(50, 60), Row{Value: name("Ann Tok1"), Mail: "1@example.com", Visits: 3})
			return end
		}},
		{"a stale read of the other shape", wrong, 1, func(b *Book, end table) table {
			b.Read(1, at(50, 60), Row{Value: name("Ann Tok1").In(migrate.TargetShape), Mail: "1@example.com", Visits: 3})
			return end
		}},
		{"a read of the seed after a write", wrong, 1, func(b *Book, end table) table {
			b.Read(1, at(21, 25), seedRow(1))
			return end
		}},
		{"a read of something nobody wrote", wrong, 6, func(b *Book, end table) table {
			b.Read(6, at(21, 25), Row{Value: name("Nobody"), Mail: "6@example.com", Visits: 3})
			return end
		}},
		{"a read from the future", wrong, 1, func(b *Book, end table) table {
			b.Read(1, at(21, 25), Row{Value: name("Mary Ann Tok2 Lee"), Mail: "1@example.com", Visits: 3})
			return end
		}},
		{"a read that goes back behind another", wrong, 1, func(b *Book, end table) table {
			b.Rename(1, at(100, 200), Acknowledged, name("Slow Tok9"))
			b.Read(1, at(110, 120), Row{Value: name("Slow Tok9"), Mail: "1@example.com", Visits: 3})
			b.Read(1, at(130, 140), Row{Value: name("Mary Ann Tok2 Lee"), Mail: "1@example.com", Visits: 3})
			return end.with(1, func(r *Row) { r.Value = name("Slow Tok9").In(migrate.TargetShape) })
		}},
		{"a finer name read as if it had been split", wrong, 1, func(b *Book, end table) table {
			b.Read(1, at(50, 60), Row{Value: name("Mary Ann Tok2 Lee").In(migrate.TargetShape), Mail: "1@example.com", Visits: 3})
			return end
		}},
	}
}

// wrongReads are reads that miss something.
func wrongReads() []fault {
	return []fault{
		{"a read that misses a row", wrong, 6, func(b *Book, end table) table {
			b.Read(6, at(50, 60), Row{})
			return end
		}},
		{"a read of a deleted row", wrong, 3, func(b *Book, end table) table {
			b.Read(3, at(50, 60), seedRow(3))
			return end
		}},
		{"a write that finds no row", wrong, 1, func(b *Book, end table) table {
			b.Glimpse(1, at(50, 60), Value{})
			return end
		}},
		{"a read of too few visits", wrong, 2, func(b *Book, end table) table {
			b.Read(2, at(60, 61), Row{Value: seedRow(2).Value, Mail: "tok3@example.com", Visits: 4})
			return end
		}},
		{"a read of an old e-mail", wrong, 2, func(b *Book, end table) table {
			b.Read(2, at(60, 61), Row{Value: seedRow(2).Value, Mail: "2@example.com", Visits: 5})
			return end
		}},
	}
}

// untouched are rows that nobody wrote.
func untouched() []fault {
	return []fault{
		{"an untouched row is mapped wrongly", different, 7, func(_ *Book, end table) table {
			return end.with(7, func(r *Row) { r.Value = Target(nil, nil) })
		}},
		{"an untouched row is gone", different, 8, func(_ *Book, end table) table { return end.without(8) }},
		{"an untouched row has another e-mail", different, 8, func(_ *Book, end table) table {
			return end.with(8, func(r *Row) { r.Mail = "" })
		}},
		{"a row that was only read is mapped wrongly", different, 6, func(_ *Book, end table) table {
			return end.with(6, func(r *Row) { r.Value = Target(nil, nil) })
		}},
		{"an untouched row's time stamp has moved", different, 8, func(_ *Book, end table) table {
			return end.with(8, func(r *Row) { r.Stamp++ })
		}},
		{"a row that was only read has moved", different, 6, func(_ *Book, end table) table {
			return end.with(6, func(r *Row) { r.Stamp++ })
		}},
		{"a row comes from nowhere", different, 11, func(_ *Book, end table) table {
			return end.with(11, func(r *Row) { *r = Row{Value: name("From Nowhere")} })
		}},
	}
}

// TestPlantedFaultsAreFound plants one fault at a time into the right history.
func TestPlantedFaultsAreFound(t *testing.T) {
	for _, c := range slices.Concat(lostValues(), lostRows(), staleReads(), wrongReads(), untouched()) {
		t.Run(c.fault, func(t *testing.T) {
			b, end := story()
			v := judge(b, c.plant(b, end))
			found := c.in(v)
			require.NotEmpty(t, found)
			for _, p := range found {
				require.Equal(t, c.key, p.Key, p)
			}
			require.Len(t, found, len(v.Lost)+len(v.Wrong)+len(v.Different), "nothing else is blamed: %+v", v)
		})
	}
}

// TestMapping holds the judge's own mapping against examples whose answers
// were taken from both servers.
func TestMapping(t *testing.T) {
	for _, c := range []struct {
		name, first, last *string
		back              *string
	}{
		{nil, nil, nil, text("")},
		{text(""), text(""), text(""), text("")},
		{text("Cher"), text("Cher"), text(""), text("Cher")},
		{text("Ann Lee"), text("Ann"), text("Lee"), text("Ann Lee")},
		{text("Ann  Lee "), text("Ann"), text("Lee"), text("Ann Lee")},
		{text(" Ann Lee"), text(""), text("Ann Lee"), text("Ann Lee")},
		{text("  "), text(""), text(""), text("")},
		{text("Ann Mary  Lee Poe"), text("Ann"), text("Mary  Lee Poe"), text("Ann Mary  Lee Poe")},
		{text("Zoë 🙂"), text("Zoë"), text("🙂"), text("Zoë 🙂")},
	} {
		got := Source(c.name).In(migrate.TargetShape)
		require.Equal(t, Target(c.first, c.last), got, Source(c.name))
		require.Equal(t, Source(c.back), got.In(migrate.SourceShape), got)
	}
	require.Equal(t, name("Tok"), Target(text("Tok"), nil).In(migrate.SourceShape))
	require.Equal(t, name("Tok"), Target(nil, text("Tok")).In(migrate.SourceShape))
}

// TestEveryLinearizableHistoryIsRight makes histories by choosing the moment of
// every effect, and demands that none is blamed; then it undoes the last
// acknowledged write and demands that it is.
func TestEveryLinearizableHistoryIsRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := NewBook(1, seedRow)
		now, current, last := int64(10), seedRow(1).Value, Acknowledged
		for i := range rapid.IntRange(1, 30).Draw(t, "operations") {
			moment := now + rapid.Int64Range(1, 5).Draw(t, "gap")
			before := rapid.Int64Range(0, 1).Draw(t, "before")
			after := rapid.Int64Range(0, 30).Draw(t, "after")
			span := Span{Begin: max(moment-before*(moment-now), now+1), End: moment + after, By: "r1"}
			switch rapid.SampledFrom([]string{"read", "write", "killed", "vain"}).Draw(t, "kind") {
			case "read":
				// Readers are many: their spans overlap those of the writer.
				span.Begin -= rapid.Int64Range(0, 20).Draw(t, "earlier")
				b.Read(1, span, Row{Value: current, Mail: seedRow(1).Mail, Visits: 3})
				now = moment
			case "write":
				current, last = name(fmt.Sprintf("Tok%d", i)), Acknowledged
				b.Rename(1, span, Acknowledged, current)
				now = span.End
			case "killed":
				current, last = name(fmt.Sprintf("Tok%d", i)), Unknown
				b.Rename(1, span, Unknown, current)
				now = span.End
			case "vain":
				b.Rename(1, span, Unknown, name(fmt.Sprintf("Vain%d", i)))
				now = span.End
			}
		}
		spoil := last == Acknowledged && rapid.Bool().Draw(t, "spoil")
		end := table{1: {Value: current, Mail: seedRow(1).Mail, Visits: 3}}
		if spoil {
			end = table{1: {Value: name("Nobody"), Mail: seedRow(1).Mail, Visits: 3}}
		}
		v := judge(b, end)
		require.Empty(t, v.Wrong)
		require.Equal(t, spoil, len(v.Lost)+len(v.Different) > 0, "%+v", v)
	})
}
