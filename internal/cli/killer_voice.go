package cli

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/underpin-db/underpin/querykiller"
)

// voice tells what a killer does: decisions on standard output and the rest on
// standard error, or with --json everything as a structured log on standard
// output. It is safe for concurrent use.
type voice struct {
	a      *app
	out    *reporter
	logger *slog.Logger
	every  time.Duration // between two lines about the state; 0 is none
	dryRun bool

	mu    sync.Mutex // guards what follows, and standard output
	began bool
	told  time.Time            // when the state was told last
	blind map[string]time.Time // what cannot be seen, and when that was told last
	seen  map[querykiller.Outcome]int
}

func (a *app) newVoice(o killerOptions) *voice {
	v := &voice{a: a, out: a.newReporter(), every: o.status, dryRun: o.dryRun, blind: map[string]time.Time{}, seen: map[querykiller.Outcome]int{}}
	if a.settings.JSON {
		v.logger = slog.New(slog.NewJSONHandler(lockedWriter{v}, nil))
	} else {
		v.logger = slog.New(lines{v.out, nil})
	}
	return v
}

func (v *voice) close() { v.out.close() }

// lockedWriter is standard output under the voice's lock.
type lockedWriter struct{ v *voice }

// Write implements io.Writer.
func (w lockedWriter) Write(b []byte) (int, error) {
	w.v.mu.Lock()
	defer w.v.mu.Unlock()
	return w.v.a.stdout.Write(b)
}

// sink is where decisions are told.
func (v *voice) sink() querykiller.Sink {
	if v.a.settings.JSON {
		return querykiller.NewLog(v.logger)
	}
	return v
}

// Name implements querykiller.Sink.
func (v *voice) Name() string { return "output" }

// Write implements querykiller.Sink: a line a decision.
func (v *voice) Write(_ context.Context, batch []querykiller.Decision) error {
	p := newPage(v.a.styleOf(v.a.stdout))
	for _, d := range batch {
		p.decision(d)
	}
	_, err := fmt.Fprint(lockedWriter{v}, harmless(p.b.String()))
	return err
}

// decision shows a decision on a line.
func (p *page) decision(d querykiller.Decision) {
	parts := []string{
		p.dim(d.At.UTC().Format("15:04:05.000Z")), p.outcome(string(d.Outcome)), p.bold(d.Rule), d.Reason,
		d.User + "@" + d.Host, fmt.Sprintf("session %d", d.Session),
	}
	if d.DeadAfter != nil {
		parts = append(parts, "gone after "+ago(*d.DeadAfter))
	}
	if d.Error != "" {
		parts = append(parts, p.bad(d.Error))
	}
	p.line("%s", strings.Join(append(parts, p.dim(cut(d.Text, mostStatement))), "  "))
}

// outcome shows what came of a decision.
func (p *page) outcome(o string) string {
	word := strings.ReplaceAll(o, "_", " ")
	switch out := querykiller.Outcome(o); {
	case out.Alarm():
		return p.bad(word)
	case out == querykiller.OutcomeDead, out == querykiller.OutcomeRollingBack:
		return p.good(word)
	case out == querykiller.OutcomeGone, out == querykiller.OutcomeDryRun:
		return p.dim(word)
	}
	return p.warn(word)
}

// trouble tells that a sink does not take decisions, or takes them again.
func (v *voice) trouble(t querykiller.Trouble) {
	if t.Err != nil {
		v.logger.Warn("decisions are not written, and the killer goes on", slog.String("where", t.Sink), slog.String("why", t.Err.Error()))
		return
	}
	v.logger.Info("decisions are written again", slog.String("where", t.Sink), slog.Uint64("lost", t.Lost))
}

// count keeps the tally for the line about the state.
func (v *voice) count(d querykiller.Decision) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seen[d.Outcome]++
}

// polled hears of every look at the server. It announces the first, tells what
// cannot be seen, and gives a line about the state once in a while.
func (v *voice) polled(p querykiller.Poll, status func() querykiller.Status) {
	if p.Err != nil || p.Snapshot == nil {
		return // the killer's own logger tells
	}
	v.mu.Lock()
	first, now := !v.began, time.Now()
	v.began = true
	due := v.every > 0 && !first && now.Sub(v.told) >= v.every
	if first || due {
		v.told = now
	}
	news, tally := v.news(p.Snapshot.Degraded, now), v.tally()
	v.mu.Unlock()
	if first {
		v.announce(p.Snapshot)
	}
	for _, words := range news {
		v.logger.Warn("cannot see everything", slog.String(keyWhat, words))
	}
	if due {
		st := status()
		v.logger.Info("watching", slog.Int("sessions", len(p.Snapshot.Sessions)), slog.Int("running", p.Snapshot.Load.ThreadsRunning),
			slog.String("decided", tally), slog.Duration("poll", p.Took.Round(10*time.Microsecond)),
			slog.Duration("interval", st.Interval.Round(time.Millisecond)), slog.Uint64("failed_polls", st.Failed),
			slog.Bool("overload", p.Overload), slog.String("stopped", cmp.Or(st.Stopped, "no")))
	}
}

// blindAgain is how soon the same blindness is told again: some comes and goes
// from one poll to the next.
const blindAgain = 10 * time.Minute

// news returns what cannot be seen and was not told lately. The lock is held.
func (v *voice) news(degraded []string, now time.Time) (news []string) {
	for _, words := range degraded {
		if last, ok := v.blind[words]; !ok || now.Sub(last) >= blindAgain {
			v.blind[words] = now
			news = append(news, words)
		}
	}
	return news
}

// announce says what is watched and what is never touched.
func (v *voice) announce(s *querykiller.Snapshot) {
	mode := "kills"
	if v.dryRun {
		mode = "dry run: nothing is killed"
	}
	v.logger.Info("watching", slog.String("server", string(s.Flavour)+" "+s.Version), slog.Int("sessions", len(s.Sessions)),
		slog.Bool("read_only", s.ReadOnly), slog.String("mode", mode))
	var classes []string
	for _, c := range querykiller.Classes() {
		classes = append(classes, string(c))
	}
	v.logger.Info("never touched unless a rule unprotects the class", slog.String("protected", strings.Join(classes, ", ")))
}

// tally counts decisions by outcome. The lock is held.
func (v *voice) tally() string {
	var parts []string
	for o, n := range v.seen {
		parts = append(parts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(o), "_", " ")))
	}
	slices.Sort(parts)
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// keyWhat is the key of what a message is about. In lines for people the value
// follows the message without it.
const keyWhat = "what"

// lines is a slog.Handler that writes lines for people.
type lines struct {
	out   *reporter
	attrs []slog.Attr
}

// Enabled implements slog.Handler.
func (l lines) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo || l.out.speaks("debug")
}

// Handle implements slog.Handler.
func (l lines) Handle(_ context.Context, r slog.Record) error {
	mark := l.out.dim("·")
	switch {
	case r.Level >= slog.LevelError:
		mark = l.out.bad("✗")
	case r.Level >= slog.LevelWarn:
		mark = l.out.warn("!")
	}
	var parts []string
	add := func(a slog.Attr) bool {
		value := a.Value.Resolve().String()
		if a.Key != keyWhat {
			value = l.out.dim(strings.ReplaceAll(a.Key, "_", " ")) + " " + value
		}
		parts = append(parts, value)
		return true
	}
	for _, a := range l.attrs {
		add(a)
	}
	r.Attrs(add)
	text := r.Message
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	if r.Level >= slog.LevelError && !l.out.speaks("info") {
		_, err := fmt.Fprintln(l.out.out, harmless(mark+" "+text)) // what went wrong is told at every level
		return err
	}
	l.out.say("%s %s", mark, text)
	return nil
}

// WithAttrs implements slog.Handler.
func (l lines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return lines{l.out, slices.Concat(l.attrs, attrs)}
}

// WithGroup implements slog.Handler. Lines for people have no groups.
func (l lines) WithGroup(string) slog.Handler { return l }
