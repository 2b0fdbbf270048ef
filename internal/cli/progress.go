package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
)

// plainEvery bounds how often a line about progress is written where there is
// no terminal.
const plainEvery = time.Second

// reporter tells what happens on the way, on standard error: bars on a
// terminal, plain lines elsewhere, nothing with --json. It is safe for
// concurrent use, and heeds the log level.
type reporter struct {
	style
	out   io.Writer
	level string

	mu     sync.Mutex
	bars   *mpb.Progress // nil where there is no terminal
	bar    map[string]*mpb.Bar
	told   map[string]time.Time // by what progresses, without a terminal
	waits  map[string]waitTold  // by what is waited for
	closed bool
}

// waitAgain is how soon a wait whose reason has changed is told again.
const waitAgain = 10 * time.Second

// waitTold is what was last told of a wait, and when.
type waitTold struct {
	text string
	at   time.Time
}

// newReporter returns a reporter that has to be closed.
func (a *app) newReporter() *reporter {
	r := &reporter{style: a.styleOf(a.stderr), out: a.stderr, level: a.settings.LogLevel,
		bar: map[string]*mpb.Bar{}, told: map[string]time.Time{}, waits: map[string]waitTold{}}
	if a.settings.JSON {
		r.level = logLevels[0]
	}
	if hasRows(a.stderr) && r.speaks("info") {
		r.bars = mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(40), mpb.WithAutoRefresh())
	}
	return r
}

// hasRows reports whether a stream is a terminal with room for bars.
func hasRows(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, rows, err := term.GetSize(int(f.Fd()))
	return err == nil && rows > 0
}

// speaks reports whether the log level takes in what belongs to a level.
func (r *reporter) speaks(level string) bool {
	return slices.Index(logLevels, r.level) >= slices.Index(logLevels, level)
}

// event hears what the engine does.
func (r *reporter) event(ev engine.Event) {
	switch ev.What {
	case "progress":
		r.progress(ev.Message, ev.Done, ev.Total)
	case "waiting":
		r.waiting(ev.Message)
	case "transition", "ddl":
		r.say("%s %s  %s", r.good("✓"), ev.Message, r.dim(ago(time.Duration(ev.Millis)*time.Millisecond)))
	default:
		r.say("  %s", ev.Message)
	}
}

// say writes one line.
func (r *reporter) say(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.write(fmt.Sprintf(format, args...))
}

func (r *reporter) write(text string) {
	if !r.speaks("info") {
		return
	}
	text = harmless(text) + "\n"
	if r.bars != nil && !r.closed {
		_, _ = r.bars.Write([]byte(text)) // fails only once the bars are done with
		return
	}
	fmt.Fprint(r.out, text)
}

// waiting tells what is waited for: at once, and once in a while again when its
// reason, which stands behind the first colon, has changed.
func (r *reporter) waiting(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	what, _, _ := strings.Cut(text, ":")
	last := r.waits[what]
	if (text == last.text || time.Since(last.at) < waitAgain) && !r.speaks("debug") {
		return
	}
	r.waits[what] = waitTold{text, time.Now()}
	r.write(fmt.Sprintf("%s %s", r.warn("…"), text))
}

// progress moves a bar, or writes a line once in a while.
func (r *reporter) progress(what string, done, total uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || !r.speaks("info") {
		return
	}
	if r.bars != nil {
		bar := r.barOf(what, total)
		bar.SetTotal(int64(total), false)
		bar.SetCurrent(int64(done))
		return
	}
	now := time.Now()
	if now.Sub(r.told[what]) < plainEvery {
		return
	}
	r.told[what] = now
	r.write(fmt.Sprintf("  %s  %s of about %s", what, grouped(done), count(total, "row")))
}

func (r *reporter) barOf(what string, total uint64) *mpb.Bar {
	if b, ok := r.bar[what]; ok {
		return b
	}
	b := r.bars.New(int64(total),
		mpb.BarStyle().Lbound("").Rbound("").Filler("━").Tip("━").Padding("─"),
		mpb.PrependDecorators(decor.Name("  "+what, decor.WCSyncSpaceR)),
		mpb.AppendDecorators(
			decor.NewPercentage(" %d"),
			decor.Any(func(s decor.Statistics) string {
				return fmt.Sprintf("  %s of about %s rows", grouped(s.Current), grouped(s.Total))
			}),
			decor.AverageSpeed(0, "  %.0f/s"),
		),
	)
	r.bar[what] = b
	return b
}

// stepsBack tells what a rollback will give up, before it begins.
func (r *reporter) stepsBack(steps []stepBack) {
	for _, s := range steps {
		loss := r.good(string(s.Loss))
		if s.Loss != migrate.LossNone {
			loss = r.warn(string(s.Loss))
		}
		r.say("  %s → %s  %s: %s", s.From, s.To, loss, s.Why)
	}
}

// close ends the bars where they are. It may be called more than once.
func (r *reporter) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.closed = true
	for _, b := range r.bar {
		b.Abort(false) // a no-op on one that is complete
	}
	if r.bars != nil {
		r.bars.Wait()
	}
}
