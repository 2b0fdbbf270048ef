package backfill

// Point is a place in the work at which a test can make it fail or end the
// process. Every durable step has one before and one after it.
type Point string

// The points, in the order in which a run meets them.
const (
	PointWalked        Point = "spans walked"         // boundaries known, nothing stored
	PointSpansMade     Point = "spans made"           // inserted, not committed
	PointPlanned       Point = "planned"              // committed
	PointTaken         Point = "span taken"           // the lease is ours, durably
	PointFenced        Point = "fenced"               // inside the chunk: fence and span locked
	PointLocked        Point = "rows locked"          // inside: the authority's rows locked
	PointWritten       Point = "rows written"         // inside: reconciled
	PointAdvanced      Point = "cursor advanced"      // inside: the cursor written
	PointCommitted     Point = "chunk committed"      // durable
	PointRowFailed     Point = "row failed"           // one row does not fit; rolled back
	PointRowNoted      Point = "row noted"            // its quarantine written, not committed
	PointRowCommitted  Point = "row quarantined"      // durable
	PointSpanCommitted Point = "span done"            // the span's last chunk is durable
	PointRetried       Point = "quarantine looked at" // the quarantined rows of an earlier attempt were retried
)

// Points returns every point.
func Points() []Point {
	return []Point{
		PointWalked, PointSpansMade, PointPlanned, PointTaken, PointFenced, PointLocked, PointWritten, PointAdvanced,
		PointCommitted, PointRowFailed, PointRowNoted, PointRowCommitted, PointSpanCommitted, PointRetried,
	}
}

// at reports that the work has come to a point.
func (c Config) at(p Point) error {
	if c.Points == nil {
		return nil
	}
	return c.Points(p)
}
