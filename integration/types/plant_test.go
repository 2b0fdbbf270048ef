package types

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// plant is one difference in one row.
type plant struct {
	column Column // none for rows that are missing or extra
	near   Near
}

// class is what the counts are kept by.
func (p plant) class() class {
	return class{p.column.DDL, p.near.Kind}
}

type class struct {
	ddl  string
	kind Kind
}

// grow multiplies the rows until there are n, so that every value of every
// column stands in many.
func (w *world) grow(n int) {
	w.t.Helper()
	var columns []string
	for _, c := range w.columns {
		columns = append(columns, c.Name)
	}
	list := mysqlx.QuoteList("", columns)
	var have int
	require.NoError(w.t, w.db.QueryRowContext(w.t.Context(), "SELECT MAX(id) FROM src").Scan(&have))
	for have < n {
		w.exec(fmt.Sprintf("INSERT INTO src (id, %s) SELECT id + %d, %s FROM src WHERE id <= %d", list, have, list, n-have))
		have = min(2*have, n)
	}
}

// sow plants n differences in random rows below limit, every pair of every
// column in turn in one order or the other, and rows missing and extra. It
// returns what it planted by row.
func (w *world) sow(r *rand.Rand, n, limit int) map[int64]plant {
	w.t.Helper()
	var menu []plant
	for _, c := range w.columns {
		for _, near := range c.Pairs() {
			menu = append(menu, plant{c, near}, plant{c, Near{near.Kind, near.B, near.A}})
		}
	}
	if w.kind == migrate.TableChange {
		for range len(menu) / 20 {
			menu = append(menu, plant{near: Near{Kind: Missing}}, plant{near: Near{Kind: Extra}})
		}
	}
	sown := map[int64]plant{}
	groups := make([][]string, len(menu))
	for i, row := range r.Perm(limit)[:n] {
		sown[int64(row+1)] = menu[i%len(menu)]
		groups[i%len(menu)] = append(groups[i%len(menu)], fmt.Sprint(row+1))
	}
	tx, err := w.db.BeginTx(w.t.Context(), nil)
	require.NoError(w.t, err)
	defer tx.Rollback()
	for i, ids := range groups {
		if len(ids) == 0 {
			continue
		}
		for _, statement := range w.statements(menu[i], strings.Join(ids, ", ")) {
			_, err := tx.ExecContext(w.t.Context(), statement)
			require.NoError(w.t, err, statement)
		}
	}
	require.NoError(w.t, tx.Commit())
	return sown
}

// statements are the writes, behind the product's back, that plant a
// difference in rows.
func (w *world) statements(p plant, ids string) []string {
	switch p.near.Kind {
	case Missing:
		return []string{"DELETE FROM dst WHERE id IN (" + ids + ")"}
	case Extra:
		return []string{"DELETE FROM src WHERE id IN (" + ids + ")"}
	}
	source, target := "src."+mysqlx.Quote(p.column.Name), w.target+"."+mysqlx.Quote(w.twin(p.column.Name))
	update := "UPDATE src SET %s = %s, %s = %s WHERE src.id IN (" + ids + ")"
	if w.kind == migrate.TableChange {
		update = "UPDATE src JOIN dst ON dst.id = src.id SET %s = %s, %s = %s WHERE src.id IN (" + ids + ")"
	}
	var out []string
	if p.column.DDL == "JSON" {
		// MySQL takes 1 and 1.0 inside a document for equal, and does not write.
		out = append(out, fmt.Sprintf(update, source, "NULL", target, "NULL"))
	}
	return append(out, fmt.Sprintf(update, source, p.near.A, target, p.near.B))
}

// requireDifferent asserts by the fingerprints that what was planted is there:
// every row that was planted differs, in the planted column and in no other,
// and no other row does.
func (w *world) requireDifferent(sown map[int64]plant) {
	w.t.Helper()
	sources, targets := w.sources(), w.targets()
	for id, p := range sown {
		_, source := sources[id]
		_, target := targets[id]
		require.Equal(w.t, p.near.Kind != Extra, source, "row %d", id)
		require.Equal(w.t, p.near.Kind != Missing, target, "row %d", id)
	}
	for id, cells := range sources {
		for i, c := range w.columns {
			p := sown[id]
			switch {
			case p.near.Kind == Missing:
			case p.column.Name != c.Name:
				require.Equal(w.t, cells[i], targets[id][i], "row %d, column %s", id, c.Name)
			case p.near.Kind != Type: // those may have the same text
				require.NotEqual(w.t, cells[i], targets[id][i], "row %d, column %s, %v", id, c.Name, p.near)
			}
		}
	}
}

// harvest compares what was planted with what a verification of a mapping
// reports, and returns how many of each class were planted and found. Rows that
// are reported without a reason are returned as false.
func (w *world) harvest(m migrate.Mapping, sown map[int64]plant) (planted, found map[class]int, alarms []string) {
	w.t.Helper()
	report := w.verify(m)
	planted, found = map[class]int{}, map[class]int{}
	for _, p := range sown {
		planted[p.class()]++
	}
	for _, key := range report.Examples {
		var id int64
		_, err := fmt.Sscan(key, &id)
		require.NoError(w.t, err)
		if p, ok := sown[id]; ok {
			found[p.class()]++
		} else {
			alarms = append(alarms, key)
		}
	}
	require.EqualValues(w.t, len(report.Examples), report.Differ(), "the counts and the rows named agree")
	return planted, found, alarms
}

// tally prints planted and found per type and kind.
func tally(t testing.TB, planted, found map[class]int) {
	t.Helper()
	total, all := 0, 0
	for _, c := range slices.SortedFunc(maps.Keys(planted), func(a, b class) int {
		return strings.Compare(a.ddl+string(a.kind), b.ddl+string(b.kind))
	}) {
		name := c.ddl
		if name == "" {
			name = "(the row)"
		}
		t.Logf("%-60s %-26s %5d of %5d", name, c.kind, found[c], planted[c])
		total, all = total+found[c], all+planted[c]
	}
	t.Logf("found %d of %d", total, all)
}

// missed lists the classes of which not all was found.
func missed(planted, found map[class]int) []string {
	var out []string
	for c, n := range planted {
		if found[c] != n {
			out = append(out, fmt.Sprintf("%s %s: %d of %d", c.ddl, c.kind, found[c], n))
		}
	}
	slices.Sort(out)
	return out
}
