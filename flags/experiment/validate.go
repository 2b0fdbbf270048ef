package experiment

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/flags"
)

// Bounds of a definition and of what is recorded.
const (
	MaxBranches = 100
	MaxMetrics  = 100
	MaxSegments = 5
	MaxUnit     = 255 // bytes of a unit's key
	MaxSegment  = 64  // bytes of a segment's value; a longer one is cut
	MaxBefore   = 90 * 24 * time.Hour
)

// Invalid is everything that is wrong with a definition.
type Invalid struct {
	Name     string
	Problems []string // "field: what is wrong"
}

// Error lists the problems, separated by semicolons.
func (e *Invalid) Error() string {
	return fmt.Sprintf("experiment %q: %s", e.Name, strings.Join(e.Problems, "; "))
}

var (
	plainName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
	nameRule  = "use 1 to 64 of A-Z a-z 0-9 _ . -"
)

// Validate returns an [*Invalid] with everything that is wrong with the
// definition.
func (e Experiment) Validate() error {
	bad := &Invalid{Name: e.Name}
	e = e.normalised()
	e.checkHead(bad)
	e.checkBranches(bad)
	e.checkMetrics(bad)
	if len(bad.Problems) > 0 {
		return bad
	}
	return nil
}

func (e *Invalid) name(field, text string) {
	if !plainName.MatchString(text) {
		e.add(field, "%q: %s", text, nameRule)
	}
}

func (e *Invalid) add(field, format string, args ...any) {
	e.Problems = append(e.Problems, field+": "+fmt.Sprintf(format, args...))
}

// between adds a problem unless n lies in the bounds.
func (e *Invalid) between(field string, n, least, most int) {
	if n < least || n > most {
		e.add(field, "there are %d: give %d to %d", n, least, most)
	}
}

func (e Experiment) checkHead(bad *Invalid) {
	bad.name("name", e.Name)
	if strings.TrimSpace(e.Hypothesis) == "" {
		bad.add("hypothesis", "say what is expected, before it is known")
	}
	if err := flags.ValidName(e.Flag); err != nil {
		bad.add("flag", "%v", err)
	}
	if e.Group != "" {
		bad.name("group", e.Group)
	}
	if e.Share == 0 || e.Share > flags.All {
		bad.add("share", "%s is not above 0%% and up to 100%%", e.Share)
	}
	bad.between("segments", len(e.Segments), 0, MaxSegments)
	for i, s := range e.Segments {
		bad.name(fmt.Sprintf("segments[%d]", i), s)
		if slices.Index(e.Segments, s) != i {
			bad.add(fmt.Sprintf("segments[%d]", i), "%q is there twice", s)
		}
	}
	if e.Alpha < 0 || e.Alpha >= 0.5 {
		bad.add("alpha", "%v is not between 0 and 0.5", e.Alpha)
	}
	if d := time.Duration(e.Before); d < 0 || d > MaxBefore {
		bad.add("before", "%s is not between 0 and %s", d, MaxBefore)
	}
}

func (e Experiment) checkBranches(bad *Invalid) {
	bad.between("branches", len(e.Branches), 2, MaxBranches)
	sum, names := 0, e.branchNames()
	for i, b := range e.Branches {
		field := fmt.Sprintf("branches[%d]", i)
		bad.name(field+".name", b.Name)
		if slices.Index(names, b.Name) != i {
			bad.add(field+".name", "%q is there twice", b.Name)
		}
		sum += int(b.Share)
	}
	if sum != int(flags.All) {
		bad.add("branches", "their shares sum to %d.%02d%% and not to 100%%", sum/100, sum%100)
	}
}

func (e Experiment) checkMetrics(bad *Invalid) {
	bad.between("metrics", len(e.Metrics), 1, MaxMetrics)
	var names []string
	for i, m := range e.Metrics {
		field := fmt.Sprintf("metrics[%d]", i)
		bad.name(field+".name", m.Name)
		bad.name(field+".event", m.Event)
		if slices.Contains(names, m.Name) {
			bad.add(field+".name", "%q is there twice", m.Name)
		}
		names = append(names, m.Name)
		if !slices.Contains([]Kind{Proportion, Mean, Ratio, Percentile}, m.Kind) {
			bad.add(field+".kind", "%q is none of proportion, mean, ratio, percentile", m.Kind)
		}
		if !slices.Contains([]Better{BetterHigher, BetterLower}, m.Better) {
			bad.add(field+".better", "%q is neither higher nor lower", m.Better)
		}
		m.checkParts(field, bad)
	}
}

// checkParts checks what only some kinds have.
func (m Metric) checkParts(field string, bad *Invalid) {
	switch {
	case m.Kind == Ratio:
		bad.name(field+".per", m.Per)
	case m.Per != "":
		bad.add(field+".per", "only a ratio has one")
	}
	switch {
	case m.Kind == Percentile:
		if !(m.Percentile > 0 && m.Percentile < 100) {
			bad.add(field+".percentile", "%v is not between 0 and 100", m.Percentile)
		}
	case m.Percentile != 0:
		bad.add(field+".percentile", "only a percentile has one")
	}
}
