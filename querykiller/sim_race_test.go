//go:build race

package querykiller_test

// simSchedules is less under the race detector, which is many times slower.
const simSchedules = 5_000
