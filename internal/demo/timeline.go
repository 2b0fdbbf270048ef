package demo

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
)

// timeline is what happened when, told while it happens and drawn at the end.
type timeline struct {
	out   io.Writer
	width int

	mu     sync.Mutex
	start  int64 // when the traffic began; 0 before
	phases []visit
	marks  []mark
	ended  int64
}

// visit is a stay in a phase.
type visit struct {
	phase migrate.Phase
	from  int64
}

// sign is how a mark is drawn.
type sign string

// The signs.
const (
	signKill     sign = "✖"
	signRefusal  sign = "■"
	signRollback sign = "◀"
	signRelease  sign = "▲"
)

// mark is something that happened at a moment.
type mark struct {
	sign sign
	at   int64
}

func newTimeline(out io.Writer, width int) *timeline {
	return &timeline{out: out, width: width}
}

// begin starts the clock: what went before is preparation.
func (t *timeline) begin() (start int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.start = clock()
	t.phases = []visit{{migrate.Planned, t.start}}
	return t.start
}

// say tells what happens, with the time.
func (t *timeline) say(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	const indent = "          "
	text := wrap(fmt.Sprintf(format, args...), t.width-len(indent))
	when := indent
	if t.start != 0 {
		when = fmt.Sprintf("%7.1f s ", since(t.start).Seconds())
	}
	fmt.Fprintf(t.out, "%s%s\n", when, strings.Join(text, "\n"+indent))
}

// mark keeps something for the picture and tells it.
func (t *timeline) mark(s sign, format string, args ...any) {
	t.mu.Lock()
	t.marks = append(t.marks, mark{s, clock()})
	t.mu.Unlock()
	t.say("%s "+format, append([]any{s}, args...)...)
}

// event takes what the engine reports.
func (t *timeline) event(e engine.Event) {
	switch e.What {
	case "transition":
		t.mu.Lock()
		if t.phases[len(t.phases)-1].phase != e.Phase {
			t.phases = append(t.phases, visit{e.Phase, clock()})
		}
		t.mu.Unlock()
		if e.Millis > 0 {
			t.say("  %s, in %d ms", e.Message, e.Millis)
			return
		}
		t.say("  %s", e.Message)
	case "ddl":
		t.say("  %s, in %d ms", e.Message, e.Millis)
	case "note":
		t.say("  %s", e.Message)
	}
}

// end ends the last visit.
func (t *timeline) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = clock()
}

// phaseTime is how long a visit to a phase lasted.
type phaseTime struct {
	Phase migrate.Phase `json:"phase"`
	MS    int64         `json:"ms"`
}

// times returns how long each visit lasted.
func (t *timeline) times() []phaseTime {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]phaseTime, len(t.phases))
	for i, v := range t.phases {
		out[i] = phaseTime{v.phase, time.Duration(t.until(i) - v.from).Milliseconds()}
	}
	return out
}

// until is when the i-th visit ended.
func (t *timeline) until(i int) int64 {
	if i+1 < len(t.phases) {
		return t.phases[i+1].from
	}
	return t.ended
}

// phaseAt returns the phase at a moment.
func (t *timeline) phaseAt(at int64) migrate.Phase {
	t.mu.Lock()
	defer t.mu.Unlock()
	phase := migrate.Planned
	for _, v := range t.phases {
		if v.from <= at {
			phase = v.phase
		}
	}
	return phase
}

// wrap breaks a text into lines of at most width characters.
func wrap(text string, width int) []string {
	var lines []string
	lead := text[:len(text)-len(strings.TrimLeft(text, " "))]
	line := lead
	for _, word := range strings.Fields(text) {
		if line != lead && len([]rune(line))+1+len([]rune(word)) > width {
			lines = append(lines, line)
			line = lead + "  "
		} else if line != lead {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
