package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
)

// count says "1 row" and "124 000 rows".
func count[N int | uint64 | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		noun = stem + "ie"
	}
	return grouped(n) + " " + noun + "s"
}

// grouped writes a number with its thousands apart.
func grouped[N int | uint64 | int64](n N) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + " " + digits[i:]
	}
	return digits
}

// ago writes a length of time as people say it.
func ago(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", max(d.Milliseconds(), 0))
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// percent writes a share of basis points.
func percent(basisPoints uint16) string {
	return strconv.FormatFloat(float64(basisPoints)/100, 'f', -1, 64) + " %"
}

// size writes a number of bytes.
func size(bytes uint64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	value, i := float64(bytes), 0
	for value >= 1024 && i < len(units)-1 {
		value, i = value/1024, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", value, units[i])
}

// short is the beginning of a hash, as people quote it.
func short(hash string) string { return hash[:min(12, len(hash))] }

// cut shortens text to a number of cells and puts it on one line.
func cut(text string, cells int) string {
	return runewidth.Truncate(strings.Join(strings.Fields(text), " "), cells, "…")
}
