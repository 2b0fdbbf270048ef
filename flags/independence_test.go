package flags_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/underpin-db/underpin/flags"
)

// unlikely is how improbable a fair hash has to be before a test fails. The keys
// are fixed, so a test that passes once passes always.
const unlikely = 1e-4

// pValue is the chance of a fair table being as uneven as this one. Its margins
// are fixed by the count of keys.
func pValue(seen []float64, expected, freedom float64) float64 {
	chi := 0.0
	for _, n := range seen {
		chi += (n - expected) * (n - expected) / expected
	}
	return distuv.ChiSquared{K: freedom}.Survival(chi)
}

// tabulate counts in which of cells × cells the places under two salts fall.
func tabulate(t *testing.T, n, cells int, first, second string) []float64 {
	t.Helper()
	seen := make([]float64, cells*cells)
	one, other := flags.NewSalt(first), flags.NewSalt(second)
	for i := range n {
		a, err := one.Bucket(i)
		if err != nil {
			t.Fatal(err)
		}
		b, err := other.Bucket(i)
		if err != nil {
			t.Fatal(err)
		}
		seen[int(a)*cells/flags.Buckets*cells+int(b)*cells/flags.Buckets]++
	}
	return seen
}

func TestEveryBasisPointIsReached(t *testing.T) {
	const n = 400_000
	seen := make([]float64, flags.Buckets)
	salt := flags.NewSalt("new-checkout")
	for i := range n {
		place, err := salt.Bucket(i)
		if err != nil {
			t.Fatal(err)
		}
		seen[place]++
	}
	require.Greater(t, pValue(seen, float64(n)/flags.Buckets, flags.Buckets-1), unlikely)
}

// Who is in the share of one flag says nothing about another, nor about the
// split behind the ramp of the same flag.
func TestFlagsAreIndependent(t *testing.T) {
	const n, cells = 100_000, 20
	for _, pair := range [][2]string{
		{"new-checkout", "new-search"}, {"a", "b"}, {"flag-1", "flag-2"}, {"flag", "flag/split"}, {"żółć", "żółw"}, {"", "x"},
	} {
		p := pValue(tabulate(t, n, cells, pair[0], pair[1]), float64(n)/(cells*cells), cells*cells-1)
		require.Greater(t, p, unlikely, "%v", pair)
	}
	require.Less(t, pValue(tabulate(t, n, cells, "a", "a"), float64(n)/(cells*cells), cells*cells-1), unlikely,
		"the test sees a flag that depends on another")
}
