package preflight

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// key is a table's name for maps.
func key(table string) string { return strings.ToLower(table) }

// cut shortens a statement for a line.
func cut(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// bytesText returns a size in binary units.
func bytesText(n uint64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"}
	v, i := float64(n), 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d bytes", n)
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + " " + units[i]
}

// secondsText returns a time in the unit that fits.
func secondsText(s float64) string {
	switch {
	case s < 1:
		return fmt.Sprintf("%.0f ms", s*1000)
	case s < 10:
		return fmt.Sprintf("%.1f s", s)
	case s < 120:
		return fmt.Sprintf("%.0f s", s)
	case s < 2*3600:
		return fmt.Sprintf("%.0f min", s/60)
	case s < 2*86400:
		return fmt.Sprintf("%.1f h", s/3600)
	case s < math.MaxInt64/float64(time.Second):
		return fmt.Sprintf("%.0f days", s/86400)
	}
	return "longer than anybody can wait"
}

// rowsText returns a number of rows in groups of three digits.
func rowsText(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + " " + digits[i:]
	}
	if n == 1 {
		return "1 row"
	}
	return digits + " rows"
}

// text is the expected time and its range; of a moment, how long that may be.
func (s Span) text() string {
	if s.Low <= 0 {
		return "under " + secondsText(s.High)
	}
	return fmt.Sprintf("%s (%s to %s)", secondsText(s.Expected), secondsText(s.Low), secondsText(s.High))
}

// String returns the quantity with its unit, as people write it.
func (q Quantity) String() string {
	switch q.Unit {
	case Bytes:
		return bytesText(uint64(min(q.Number, math.MaxInt64)))
	case Seconds:
		return secondsText(q.Number)
	default:
		return rowsText(uint64(min(q.Number, math.MaxInt64)))
	}
}
