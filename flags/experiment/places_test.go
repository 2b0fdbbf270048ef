package experiment

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/flags"
)

// shares draws shares that sum to at most sum.
func shares(t *rapid.T, names []string, sum int, label string) (out []Branch) {
	left := sum
	for i, name := range names {
		n := rapid.IntRange(0, left).Draw(t, label)
		if i == len(names)-1 && sum == flags.Buckets {
			n = left
		}
		left -= n
		out = append(out, Branch{name, flags.Share(n)})
	}
	return out
}

func countOf(runs []Run) map[string]int {
	have := map[string]int{}
	for _, r := range runs {
		have[r.Owner] += int(r.To) - int(r.From)
	}
	return have
}

// Everybody gets what is wanted, and no more places change hands than have to.
func TestAllotMovesAsFewAsPossible(t *testing.T) {
	names := []string{"a", "b", "c"}
	rapid.Check(t, func(t *rapid.T) {
		var runs []Run
		var before []Branch
		for step := range rapid.IntRange(1, 4).Draw(t, "steps") {
			wanted := shares(t, names, flags.Buckets, "share")
			next, ok := allot(runs, wanted)
			require.True(t, ok)
			have := countOf(next)
			for _, w := range wanted {
				require.Equal(t, int(w.Share), have[w.Name])
			}
			for i := 1; i < len(next); i++ {
				require.LessOrEqual(t, next[i-1].To, next[i].From, "runs overlap or are out of order")
			}
			if step > 0 {
				moved, least := 0, 0
				for p := range uint16(flags.Buckets) {
					if ownerOf(runs, p) != ownerOf(next, p) {
						moved++
					}
				}
				for i := range wanted {
					least += max(int(before[i].Share)-int(wanted[i].Share), 0)
				}
				require.Equal(t, least, moved)
			}
			runs, before = next, wanted
		}
	})
}

func TestAllotLeavesOthersAloneAndRefusesTooMuch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		others := shares(t, []string{"x", "y"}, flags.Buckets-1, "others")
		runs, ok := allot(nil, others)
		require.True(t, ok)
		used := int(others[0].Share + others[1].Share)
		n := rapid.IntRange(1, flags.Buckets).Draw(t, "n")
		next, ok := allot(runs, []Branch{{"new", flags.Share(n)}})
		require.Equal(t, n <= flags.Buckets-used, ok)
		if !ok {
			return
		}
		for p := range uint16(flags.Buckets) {
			if o := ownerOf(runs, p); o != "" {
				require.Equal(t, o, ownerOf(next, p))
			}
		}
	})
}

func definition(name string, e Experiment) record {
	e.Name = name
	part, _ := allot(nil, []Branch{{name, e.Share}})
	branches, _ := allot(nil, e.Branches)
	return record{Definition: e, Layout: Layout{part, branches}}
}

// The vectors are the contract: another branch would be a moved user.
func TestDrawVectors(t *testing.T) {
	d := newDrawer(definition("checkout-button", Experiment{
		Share: 5000, Branches: []Branch{{"control", 5000}, {"green", 3000}, {"blue", 2000}},
	}))
	got := map[string]string{}
	for _, unit := range []string{"1", "2", "3", "ann@example.com", "żółć", "7c9e6679-7425-40de-944b-e07fc1f90ae7", "4", "5", "6", "7", "8", "9"} {
		got[unit] = d.draw(unit)
	}
	require.Equal(t, map[string]string{
		"1": "", "2": "", "3": "control", "4": "", "5": "control", "6": "blue", "7": "", "8": "", "9": "control",
		"ann@example.com": "control", "żółć": "control", "7c9e6679-7425-40de-944b-e07fc1f90ae7": "",
	}, got)
}

// Taking part and the branch are independent of each other, of other experiments
// and of the flags' own shares.
func TestDrawIsFairAndIndependent(t *testing.T) {
	const n = 40_000
	half := []Branch{{"a", 5000}, {"b", 5000}}
	one := newDrawer(definition("one", Experiment{Share: 5000, Branches: half}))
	two := newDrawer(definition("two", Experiment{Share: 10000, Branches: half}))
	counts := map[string]float64{}
	for i := range n {
		unit := fmt.Sprint("user-", i)
		place, err := flags.Bucket("one", unit)
		require.NoError(t, err)
		counts[fmt.Sprintf("%s %s %t", one.draw(unit), two.draw(unit), place < flags.Buckets/2)]++
	}
	chi := 0.0
	for _, first := range []struct {
		name  string
		share float64
	}{{"", 0.5}, {"a", 0.25}, {"b", 0.25}} {
		for _, rest := range []string{"a true", "a false", "b true", "b false"} {
			want := n * first.share / 4
			d := counts[first.name+" "+rest] - want
			chi += d * d / want
		}
	}
	require.Len(t, counts, 12)
	require.Less(t, chi, 31.3, "with 11 degrees of freedom it is exceeded once in a thousand fair hashes")
}

func TestLookupsDoNotAllocate(t *testing.T) {
	d := newDrawer(definition("one", Experiment{Share: 10000, Branches: []Branch{{"a", 5000}, {"b", 5000}}}))
	unit := "user-1"
	require.LessOrEqual(t, testing.AllocsPerRun(1000, func() { _ = d.draw(unit) }), 2.0)
}
