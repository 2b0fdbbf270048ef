package stats

import (
	"cmp"
	"slices"
)

// Holm returns the p-values adjusted so that the chance of even one false
// positive among all of them is at most the level they are compared with,
// however they depend on each other: Holm, "A simple sequentially rejective
// multiple test procedure", Scandinavian Journal of Statistics 6, 1979. It is
// valid for sequential p-values too, as it uses nothing but that each is a
// p-value (Johari et al. 2022).
func Holm(p []float64) []float64 {
	out := make([]float64, len(p))
	worst := 0.0
	for rank, i := range order(p) {
		worst = max(worst, min(p[i]*float64(len(p)-rank), 1))
		out[i] = worst
	}
	return out
}

// BenjaminiHochberg returns the p-values adjusted so that the expected share of
// false positives among those below a level is at most that level, if the tests
// are independent or positively dependent: Benjamini and Hochberg, "Controlling
// the false discovery rate", JRSS B 57, 1995; Benjamini and Yekutieli 2001.
func BenjaminiHochberg(p []float64) []float64 {
	out := make([]float64, len(p))
	best := 1.0
	for rank, i := range slices.Backward(order(p)) {
		best = min(best, p[i]*float64(len(p))/float64(rank+1))
		out[i] = best
	}
	return out
}

// order returns the places of p from the smallest to the largest value.
func order(p []float64) []int {
	places := make([]int, len(p))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	return places
}
