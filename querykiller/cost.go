package querykiller

import (
	"cmp"
	"math"
	"time"
)

// DefaultUndoRate is how many modified rows a server is taken to undo in a
// second until that is measured. It is low on purpose: an estimate that is too
// long leaves a statement alone, one that is too short starts a rollback that
// hurts more than the statement.
const DefaultUndoRate = 10_000

// DefaultRollbackLimit is how long a rollback may take by estimate before the
// kill is refused.
const DefaultRollbackLimit = 30 * time.Second

// RollbackEstimate returns how long the server takes to undo the rows at a rate
// in rows a second; a rate that is not positive is [DefaultUndoRate]. It is
// rounded up, and does not overflow.
func RollbackEstimate(rows uint64, rate float64) time.Duration {
	if !(rate > 0) {
		rate = DefaultUndoRate
	}
	d := math.Ceil(float64(rows) / rate * float64(time.Second))
	if d >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(d)
}

// rollback estimates what it takes to undo the session's transaction: that is
// the most a kill of its statement can undo. nil is not known.
func (b *bench) rollback(c *candidate) *time.Duration {
	if !c.known("rows_modified") {
		return nil
	}
	d := RollbackEstimate(c.RowsModified, cmp.Or(b.State.UndoRate, b.Rules.UndoRate))
	return &d
}
