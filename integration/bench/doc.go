// Package bench measures what takes the whole system to measure: what a
// transition costs the writers that are under way. Every figure is a ratio or a
// difference within one run, because machines differ and are noisy. `make bench`
// runs it beside the benchmarks of the packages.
package bench
