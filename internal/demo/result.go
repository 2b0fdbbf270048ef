package demo

import (
	"fmt"
	"io"
	"strings"

	"github.com/underpin-db/underpin/internal/demo/history"
	"github.com/underpin-db/underpin/migrate"
)

// Result is what the demo found out. The first six zeros are the point of it.
type Result struct {
	Engine  string  `json:"engine"`
	Version string  `json:"version"`
	Rows    int     `json:"rows"`
	Seconds float64 `json:"seconds"`
	// Writes counts acknowledged writes of all processes, Reads reads that were
	// checked against them. Unknown counts writes that a kill cut short.
	Writes  uint64 `json:"acknowledged_writes"`
	Reads   uint64 `json:"checked_reads"`
	Unknown uint64 `json:"unknown_writes"`
	// Lost counts rows that do not hold what was last acknowledged, Wrong reads
	// that no write explains, Errors requests that a user would have seen fail.
	Lost   uint64 `json:"lost_writes"`
	Wrong  uint64 `json:"wrong_reads"`
	Errors uint64 `json:"app_errors"`
	// Verified counts the pairs that the verifications compared, Different
	// those that they found out of step, and rows nobody wrote that are not
	// what they were. Finer counts names that the old shape cannot tell apart.
	Verified  uint64 `json:"verified_rows"`
	Different uint64 `json:"different_rows"`
	Finer     uint64 `json:"finer_rows"`

	Refusals  []refusal `json:"refusals"`
	Kills     int       `json:"kills"`
	Rollbacks int       `json:"rollbacks"`
	// LongestStall is the longest time that any answered request took.
	LongestStall     float64       `json:"longest_stall_ms"`
	LongestStallWhat string        `json:"longest_stall"`
	Phase            migrate.Phase `json:"phase"`
	Phases           []phaseTime   `json:"phases"`
	// Examples are the first few of what went wrong.
	Examples []string `json:"examples,omitempty"`
}

// refusal is a transition that a gate refused.
type refusal struct {
	Phase  migrate.Phase `json:"phase"`
	Reason string        `json:"reason"`
}

// Clean reports whether nothing was lost, wrong or different, and the change
// was carried to its end.
func (r Result) Clean() bool {
	return r.Lost == 0 && r.Wrong == 0 && r.Errors == 0 && r.Different == 0 && r.Phase == migrate.Contracted &&
		r.Writes > 0 && r.Reads > 0 && r.Verified > 0
}

// judged adds what the book came to.
func (r *Result) judged(v history.Verdict) {
	r.Writes, r.Reads, r.Unknown = v.Acknowledged, v.Reads, v.Unknown
	r.Lost, r.Wrong = uint64(len(v.Lost)), uint64(len(v.Wrong))
	r.Different += uint64(len(v.Different))
	for _, set := range []struct {
		what string
		list []history.Problem
	}{{"lost write", v.Lost}, {"wrong read", v.Wrong}, {"different row", v.Different}} {
		for _, p := range set.list[:min(len(set.list), maxExamples)] {
			r.Examples = append(r.Examples, set.what+": "+p.String())
		}
	}
}

// table writes the result for people.
func (r Result) table(w io.Writer, width int) {
	row := func(name, format string, args ...any) {
		lines := wrap(fmt.Sprintf(format, args...), width-24)
		fmt.Fprintf(w, "  %-22s%s\n", name, strings.Join(lines, "\n"+strings.Repeat(" ", 24)))
	}
	fmt.Fprintln(w)
	row("server", "%s %s", r.Engine, r.Version)
	row("table", "%d rows at the start, %s after %.1f s", r.Rows, r.Phase, r.Seconds)
	row("acknowledged writes", "%d, and %d that a kill cut short", r.Writes, r.Unknown)
	row("lost writes", "%d", r.Lost)
	row("wrong reads", "%d of %d", r.Wrong, r.Reads)
	row("application errors", "%d", r.Errors)
	row("different rows", "%d of %d compared; %d names the old shape could not tell apart", r.Different, r.Verified, r.Finer)
	row("kills, rollbacks", "%d, %d", r.Kills, r.Rollbacks)
	row("longest stall", "%.0f ms: %s", r.LongestStall, r.LongestStallWhat)
	for i, f := range r.Refusals {
		name := ""
		if i == 0 {
			name = "refused"
		}
		row(name, "%s: %s", f.Phase, f.Reason)
	}
	for i, e := range r.Examples {
		name := ""
		if i == 0 {
			name = "WHAT WENT WRONG"
		}
		row(name, "%s", e)
	}
	fmt.Fprintln(w)
	if r.Clean() {
		fmt.Fprintln(w, "  Nothing was lost, no read was wrong, nobody saw an error.")
		return
	}
	fmt.Fprintln(w, "  THIS RUN IS NOT CLEAN.")
}
