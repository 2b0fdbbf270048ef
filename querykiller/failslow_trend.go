package querykiller

import "time"

// point is the mean of one interval between two snapshots.
type point struct {
	at             time.Time
	mean           float64 // seconds
	examined, rows float64
}

// interval returns what was counted between two samples, if that can be told.
func interval(from, to DigestSample, begin, end time.Time, least uint64) (point, bool) {
	same := from.Digest != "" && from.FirstSeen.Equal(to.FirstSeen)
	if !same || !end.After(begin) || to.Count < from.Count+least || to.Time < from.Time || to.Examined < from.Examined {
		return point{}, false
	}
	n := float64(to.Count - from.Count)
	return point{
		at:       begin.Add(end.Sub(begin) / 2),
		mean:     (to.Time - from.Time).Seconds() / n,
		examined: float64(to.Examined-from.Examined) / n,
		rows:     (float64(from.Rows) + float64(to.Rows)) / 2,
	}, true
}

// withTable is how near the growth of rows examined has to be to that of the
// table, as a ratio of the two relative growths.
const withTable = 0.5

// judgeTrend draws a line through the intervals.
func judgeTrend(d DigestSample, points []point, config FailSlowConfig) (Slowing, bool) {
	if len(points) < config.MinPoints {
		return Slowing{}, false
	}
	last := points[len(points)-1]
	mean := fit(points, func(p point) float64 { return p.mean })
	examined := fit(points, func(p point) float64 { return p.examined })
	rows := fit(points, func(p point) float64 { return p.rows })
	if mean.slope <= 0 || mean.fit < config.MinFit {
		return Slowing{}, false
	}
	days := (config.Budget.Seconds() - mean.at(last.at)) / mean.slope
	crosses := last.at
	if days > 0 {
		if days > config.Horizon.Hours()/24 {
			return Slowing{}, false
		}
		crosses = last.at.Add(time.Duration(days * 24 * float64(time.Hour)))
	}
	return Slowing{
		Schema: d.Schema, Digest: d.Digest, Text: d.Text, Table: d.Table,
		Mean: seconds(last.mean), PerDay: seconds(mean.slope), ExaminedPerDay: examined.slope, RowsPerDay: rows.slope,
		WithTable: d.Table != "" && growth(rows) > 0 && growth(examined) >= withTable*growth(rows),
		Crosses:   crosses, Fit: mean.fit,
	}, true
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// line is a straight line through points, by days since the first.
type line struct {
	first        time.Time
	level, slope float64
	fit          float64 // of 1: the share of the variation it explains
}

func (l line) at(t time.Time) float64 { return l.level + l.slope*t.Sub(l.first).Hours()/24 }

// growth is the slope in relation to the level in the beginning.
func growth(l line) float64 {
	if l.level <= 0 {
		return 0
	}
	return l.slope / l.level
}

// fit is the line of least squares.
func fit(points []point, of func(point) float64) line {
	l := line{first: points[0].at}
	n := float64(len(points))
	var sumX, sumY, sumXX, sumXY, sumYY float64
	for _, p := range points {
		x, y := p.at.Sub(l.first).Hours()/24, of(p)
		sumX, sumY, sumXX, sumXY, sumYY = sumX+x, sumY+y, sumXX+x*x, sumXY+x*y, sumYY+y*y
	}
	varX, varY, cov := n*sumXX-sumX*sumX, n*sumYY-sumY*sumY, n*sumXY-sumX*sumY
	if varX <= 0 {
		return line{first: l.first, level: sumY / n}
	}
	l.slope = cov / varX
	l.level = (sumY - l.slope*sumX) / n
	if varY > 0 {
		l.fit = cov * cov / (varX * varY)
	}
	return l
}
