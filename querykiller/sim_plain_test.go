//go:build !race

package querykiller_test

const simSchedules = 100_000
