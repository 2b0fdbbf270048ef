package demo

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
)

// poll is how often the story looks at something it waits for.
const poll = 100 * time.Millisecond

// ErrStory says that the story did not go as it is written: a gate let through
// what it has to refuse, or refused what it has to let through, or a process
// ended that nobody had stopped.
var ErrStory = errors.New("the story did not go as it is written")

// Run plays the demo. The result is valid as far as the story came; the error
// says what kept it from its end.
func Run(ctx context.Context, cfg Config) (Result, error) {
	if err := cfg.Validate(); err != nil {
		return Result{}, err
	}
	cfg = cfg.withDefaults()
	line := newTimeline(cfg.Out, cfg.Width)
	line.say("starting %s", serverWords(cfg))
	a, err := openArena(ctx, cfg, narratorLog{line})
	if err != nil {
		return Result{}, err
	}
	result, err := play(ctx, cfg, a, line)
	if closed := a.close(context.WithoutCancel(ctx)); closed != nil {
		err = errors.Join(err, closed)
	}
	return result, err
}

func serverWords(cfg Config) string {
	if cfg.DSN != "" {
		return "on the server of the DSN"
	}
	return fmt.Sprintf("a private %s server", cfg.Engine)
}

// narratorLog passes on what the start of a server has to say.
type narratorLog struct{ line *timeline }

// Write implements io.Writer.
func (l narratorLog) Write(b []byte) (int, error) {
	l.line.say("  %s", b)
	return len(b), nil
}

// play makes the table, tells the story and judges it.
func play(ctx context.Context, cfg Config, a *arena, line *timeline) (Result, error) {
	line.say("%s %s; filling a table of %d rows", a.engine, a.version, cfg.Rows)
	if err := a.seed(ctx, uint64(cfg.Rows)); err != nil {
		return Result{}, err
	}
	if _, err := control.Init(ctx, a.db); err != nil {
		return Result{}, fmt.Errorf("underpin init: %w", err)
	}
	rec := newRecorder(a.db, uint64(cfg.Rows))
	rec.tempo.start = line.begin()
	rec.book.Zero = rec.tempo.start
	s := &story{
		cfg: cfg, arena: a, line: line, rec: rec, cast: newCast(cfg, a, rec),
		result: Result{Engine: string(a.engine), Version: a.version, Rows: cfg.Rows},
	}
	var err error
	s.engine, err = engine.New(engine.Config{
		DB: a.db, Actor: "demo", Poll: poll, EvidenceWindow: evidenceWindow, Report: line.event, Lease: engine.DefaultLease,
	})
	if err != nil {
		return s.result, err
	}
	err = errors.Join(s.tell(ctx), s.cast.clear(ctx))
	line.end()
	if ctx.Err() != nil {
		return s.result, err // interrupted: there is nothing to judge
	}
	err = errors.Join(err, s.judge(ctx))
	s.finish()
	return s.result, err
}

// evidenceWindow is how long connections are watched for code without the
// library. The sample application holds its connections open, so a short look
// will do.
const evidenceWindow = 500 * time.Millisecond

// judge compares everything that was recorded with the table as it is now.
func (s *story) judge(ctx context.Context) error {
	s.line.say("judging every read, and the table against the last acknowledged writes")
	now, err := s.setting(ctx)
	if err != nil {
		return err
	}
	// The target is what counts at the end. A story that broke off early is
	// judged by the shape that was complete there.
	shape := migrate.SourceShape
	if now.Mode == migrate.ReadNew || now.Mode == migrate.NewOnly {
		shape = migrate.TargetShape
	}
	var failed error
	v := s.rec.book.Judge(clock(), s.arena.rows(ctx, shape, &failed))
	s.result.judged(v)
	return failed
}

// finish fills in the rest of the result and draws the picture.
func (s *story) finish() {
	r, rec, line := &s.result, s.rec, s.line
	r.Seconds = math.Round(time.Duration(line.ended-line.start).Seconds()*10) / 10
	r.Errors = rec.failed
	for _, e := range rec.errors {
		r.Examples = append(r.Examples, "application error: "+e)
	}
	r.Phases = line.times()
	if n := len(r.Phases); n > 0 {
		r.Phase = r.Phases[n-1].Phase
	}
	r.LongestStall = math.Round(float64(rec.longest.took.Microseconds())/100) / 10
	if rec.longest.took > 0 {
		r.LongestStallWhat = fmt.Sprintf("%s, answered at %.1f s in phase %s", rec.longest,
			time.Duration(rec.longest.at-line.start).Seconds(), line.phaseAt(rec.longest.at))
	}
	draw(s.cfg.Out, line, &rec.tempo, s.cfg.Width)
	r.table(s.cfg.Out, s.cfg.Width)
}
