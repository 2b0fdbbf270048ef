package demo

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/underpin-db/underpin/migrate"
)

// letters stand for the phases in the bar, and their shades tell neighbours
// apart.
func letters() map[migrate.Phase]string {
	return map[migrate.Phase]string{
		migrate.Planned: "p", migrate.Expanded: "e", migrate.DualWriting: "d", migrate.Backfilling: "b",
		migrate.Verified: "v", migrate.ReadingNew: "r", migrate.OnlyNew: "n", migrate.Contracted: "c",
	}
}

// draw draws the run: phases over time, what happened in them, and how many
// requests were answered.
func draw(w io.Writer, t *timeline, pace *tempo, width int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	const left = 12
	n := width - left
	length := time.Duration(t.ended - t.start)
	column := func(at int64) int {
		return min(max(int(int64(n)*(at-t.start)/max(int64(length), 1)), 0), n-1)
	}
	fmt.Fprintln(w)
	fmt.Fprintf(w, "%-*s%s\n", left, "phase", t.bar(n, column))
	fmt.Fprintf(w, "%-*s%s\n", left, "", strings.TrimRight(t.marksIn(n, column), " "))
	rates := pace.columns(length, n)
	top := 0.0
	for _, r := range rates {
		top = max(top, r)
	}
	fmt.Fprintf(w, "%-*s%s\n", left, "requests/s", spark(rates, top))
	fmt.Fprintf(w, "%-*s%s\n", left, "", axis(n, length))
	fmt.Fprintf(w, "\n%-*s%s\n", left, "", legend(t.phases))
	fmt.Fprintf(w, "%-*s%s\n", left, "", fmt.Sprintf("%s killed   %s refused   %s rolled back   %s new release   peak %.0f requests/s",
		signKill, signRefusal, signRollback, signRelease, top))
}

// bar draws the visits. A visit too short for a column of its own gets one all
// the same.
func (t *timeline) bar(n int, column func(int64) int) string {
	name := letters()
	cells := make([]string, n)
	at := 0
	for i, v := range t.phases {
		end := max(column(t.until(i)), at+1)
		if i == len(t.phases)-1 {
			end = n
		}
		for c := at; c < end && c < n; c++ {
			cells[c] = "─"
			if c == at {
				cells[c] = name[v.phase]
			}
		}
		at = max(at, min(end, n-(len(t.phases)-1-i)))
	}
	return strings.Join(cells, "")
}

// marksIn draws the marks; one that would hide another moves to the right.
func (t *timeline) marksIn(n int, column func(int64) int) string {
	cells := make([]string, n)
	for i := range cells {
		cells[i] = " "
	}
	for _, m := range t.marks {
		c := column(m.at)
		for c < n-1 && cells[c] != " " {
			c++
		}
		cells[c] = string(m.sign)
	}
	return strings.Join(cells, "")
}

// spark draws numbers as bars.
func spark(values []float64, top float64) string {
	bars := []rune(" ▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, v := range values {
		i := 0
		if top > 0 && v > 0 {
			i = max(1, int(v/top*float64(len(bars)-1)+0.5))
		}
		b.WriteRune(bars[i])
	}
	return b.String()
}

// axis writes the seconds under the picture.
func axis(n int, length time.Duration) string {
	cells := []rune(strings.Repeat(" ", n+8))
	step := 10
	for length.Seconds()/float64(step) > 8 {
		step *= 2
	}
	for s := 0; float64(s) < length.Seconds(); s += step {
		at := int(float64(n) * float64(s) / length.Seconds())
		copy(cells[at:], []rune(fmt.Sprintf("%d s", s)))
	}
	return strings.TrimRight(string(cells), " ")
}

// legend explains the letters that were used.
func legend(phases []visit) string {
	name := letters()
	var out []string
	seen := map[migrate.Phase]bool{}
	for _, v := range phases {
		if !seen[v.phase] {
			seen[v.phase] = true
			out = append(out, name[v.phase]+" "+string(v.phase))
		}
	}
	return strings.Join(out, "   ")
}
