package backfill

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// VerifyConfig says what is verified and how. DB and Change are required, the
// zero value of everything else is right.
type VerifyConfig struct {
	// DB is a pool that mysqlx.Open made. Without Repair a user who may only
	// SELECT will do.
	DB     *sql.DB
	Change migrate.Change
	// Workers is how many chunks are compared at once. Defaults to 2.
	Workers int
	// ChunkTarget is how long one chunk's statement, and its snapshot, should
	// take. Defaults to 250 ms.
	ChunkTarget time.Duration
	// ChunkMin and ChunkMax bound the source rows of a chunk. They default to
	// 100 and 100,000.
	ChunkMin, ChunkMax int
	// Examples is how many keys of rows not in step are reported. Defaults to
	// 10.
	Examples int
	// Repair asks for rows not in step to be brought into step, source to
	// target (in phase Reversing target to source), each under its lock.
	Repair migrate.Choice
	// Throttle and ThrottleEvery are as in [Config]; a chunk that is being
	// compared is finished. Apart from that a worker rests after a chunk whose
	// rows took longer than rows took at their fastest, in proportion.
	Throttle      []Throttler
	ThrottleEvery time.Duration
	// Attempts and RetryDelay are as in [Config].
	Attempts   int
	RetryDelay time.Duration
	// Progress is called after every chunk with the report so far, from one
	// goroutine at a time. It must not block.
	Progress func(Report)
	// Logger hears of retries and waits. Defaults to none.
	Logger *slog.Logger
}

func (c VerifyConfig) withDefaults() VerifyConfig {
	c.Workers = cmp.Or(c.Workers, 2)
	c.ChunkTarget = cmp.Or(c.ChunkTarget, 250*time.Millisecond)
	c.ChunkMin = cmp.Or(c.ChunkMin, 100)
	c.ChunkMax = cmp.Or(c.ChunkMax, 100_000)
	c.Examples = cmp.Or(c.Examples, 10)
	c.ThrottleEvery = cmp.Or(c.ThrottleEvery, 500*time.Millisecond)
	c.Attempts = cmp.Or(c.Attempts, 40)
	c.RetryDelay = cmp.Or(c.RetryDelay, 5*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// verifier is one pass.
type verifier struct {
	cfg     VerifyConfig
	mapper  *shape.Mapper
	setting migrate.Setting
	meter   *meter
	ranges  chan keyRange

	mu     sync.Mutex
	pace   *pace
	report Report
	chain  chain
}

// keyRange is a piece of the key, with its number.
type keyRange struct {
	n         int
	low, high shape.Key
	size      int
}

// Verify compares every pair of the two shapes in both directions and reports
// what is not in step under the change's present rule. It reads only, unless
// Repair is asked for. The report is valid without an error only: then the
// ranges compared were everything. An error wraps [ErrNotKeptInStep] where the
// phase has nothing to verify and [ErrSuperseded] where the change left the
// phases that keep the shapes in step meanwhile.
func Verify(ctx context.Context, cfg VerifyConfig) (Report, error) {
	cfg = cfg.withDefaults()
	if cfg.DB == nil || cfg.Change.Name == "" {
		return Report{}, errors.New("verify: VerifyConfig.DB and Change are required")
	}
	mapper, err := shape.New(cfg.Change.Name, cfg.Change.Mapping)
	if err != nil {
		return Report{}, fmt.Errorf("verify: %w", err)
	}
	v := &verifier{cfg: cfg, mapper: mapper, ranges: make(chan keyRange)}
	v.meter = newMeter(cfg.Throttle, cfg.ThrottleEvery, v.waits)
	v.pace = &pace{target: cfg.ChunkTarget, min: cfg.ChunkMin, max: cfg.ChunkMax, rows: clamp(2000, cfg.ChunkMin, cfg.ChunkMax)}
	started := time.Now()
	if v.setting, err = v.present(ctx); err != nil {
		return Report{}, fmt.Errorf("verify: %w", err)
	}
	if err := keptInStep(v.setting); err != nil {
		return Report{}, fmt.Errorf("verify change %s: %w", cfg.Change.Name, err)
	}
	v.report = Report{Change: cfg.Change.Name, Epoch: v.setting.Epoch, Phase: v.setting.Phase, Rule: v.setting.Rule}
	err = v.all(ctx)
	if err == nil {
		err = v.conclude(ctx)
	}
	v.report.Duration = time.Since(started)
	if err != nil {
		return v.report, fmt.Errorf("verify change %s: %w", cfg.Change.Name, err)
	}
	return v.report, nil
}

// present reads the setting.
func (v *verifier) present(ctx context.Context) (setting migrate.Setting, err error) {
	r := reader{v: v}
	defer r.close()
	err = r.persist(ctx, func(ctx context.Context, s *mysqlx.Session) (err error) {
		setting, err = control.Setting(ctx, s, v.cfg.Change.Name)
		return err
	})
	return setting, err
}

// keptInStep returns ErrNotKeptInStep where one of the shapes is not written.
func keptInStep(s migrate.Setting) error {
	if writes := s.Mode.Writes(); writes.Source && writes.Target {
		return nil
	}
	return fmt.Errorf("phase %s: %w", s.Phase, ErrNotKeptInStep)
}

// all compares every range.
func (v *verifier) all(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	var measuring, wg sync.WaitGroup
	measuring.Go(func() { v.meter.run(ctx) })
	defer measuring.Wait()
	defer stop(nil)
	wg.Go(func() {
		defer close(v.ranges)
		if err := v.cut(ctx); err != nil {
			stop(err)
		}
	})
	for range v.cfg.Workers {
		wg.Go(func() {
			if err := v.work(ctx); err != nil {
				stop(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// cut walks the source's key and hands out ranges, each from where the one
// before ends, the first and the last open.
func (v *verifier) cut(ctx context.Context) error {
	r := reader{v: v}
	defer r.close()
	var low shape.Key
	for n := 0; ; n++ {
		if err := v.pass(ctx); err != nil {
			return err
		}
		v.mu.Lock()
		size := v.pace.next()
		v.mu.Unlock()
		var high shape.Key
		err := r.persist(ctx, func(ctx context.Context, s *mysqlx.Session) (err error) {
			high, err = boundary(ctx, s, v.mapper, shape.Forward, shape.Range(low, nil), size)
			return err
		})
		if err != nil {
			return err
		}
		select {
		case v.ranges <- keyRange{n, low, high, size}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if high == nil {
			return nil
		}
		low = high
	}
}

// pass waits until no throttler objects.
func (v *verifier) pass(ctx context.Context) error {
	for {
		why, err := v.meter.reason(ctx)
		if err != nil || why == "" {
			return err
		}
		if mysqlx.Wait(ctx, v.cfg.ThrottleEvery) != nil {
			return context.Cause(ctx)
		}
	}
}

// waits tells the operator why the pass waits, or that it goes on.
func (v *verifier) waits(_ context.Context, why string) {
	v.cfg.Logger.Info("throttle", "verify", v.cfg.Change.Name, "waits", why != "", "because", why)
}

// work compares ranges until there are no more.
func (v *verifier) work(ctx context.Context) error {
	r := reader{v: v}
	defer r.close()
	for k := range v.ranges {
		if err := v.compare(ctx, &r, k); err != nil {
			return err
		}
	}
	return nil
}

// compare compares one range. One statement is one snapshot.
func (v *verifier) compare(ctx context.Context, r *reader, k keyRange) error {
	scope := shape.Range(k.low, k.high)
	q := v.mapper.Compare(v.setting.Rule, scope)
	var counts shape.Counts
	started := time.Now()
	err := r.persist(ctx, func(ctx context.Context, s *mysqlx.Session) error {
		started = time.Now()
		counts = shape.Counts{}
		return s.QueryRow(ctx, q.SQL, q.Args, counts.Dest()...)
	})
	if err != nil {
		return fmt.Errorf("compare the rows above %s up to %s: %w", shown(k.low), shown(k.high), err)
	}
	took := time.Since(started)
	var examples []string
	var repaired uint64
	if counts.Differ() > 0 {
		if examples, repaired, err = v.differences(ctx, r, scope); err != nil {
			return err
		}
	}
	rest, err := v.add(k, counts, examples, repaired, took)
	if err != nil || rest == 0 {
		return err
	}
	if mysqlx.Wait(ctx, rest) != nil {
		return context.Cause(ctx)
	}
	return nil
}

func shown(k shape.Key) string {
	if k == nil {
		return "the end"
	}
	return k.String()
}

// add takes a compared range into the report and says how long to rest.
func (v *verifier) add(k keyRange, counts shape.Counts, examples []string, repaired uint64, took time.Duration) (time.Duration, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.chain.add(k); err != nil {
		return 0, err
	}
	var rest time.Duration
	if k.high != nil { // the last range is as small as it happens to be
		v.pace.done(k.size, took)
		rest = v.pace.rest(k.size, took)
	}
	v.report.add(counts)
	v.report.Repaired += repaired
	room := v.cfg.Examples - len(v.report.Examples)
	v.report.Examples = append(v.report.Examples, examples[:min(max(room, 0), len(examples))]...)
	if v.cfg.Progress != nil {
		v.cfg.Progress(v.report)
	}
	return rest, nil
}

// conclude checks that the pass means something.
func (v *verifier) conclude(ctx context.Context) error {
	if err := v.chain.whole(); err != nil {
		return err
	}
	now, err := v.present(ctx)
	if err != nil {
		return err
	}
	if keptInStep(now) != nil || now.Rule != v.setting.Rule {
		return fmt.Errorf("%w: it is in phase %s at epoch %d", ErrSuperseded, now.Phase, now.Epoch)
	}
	r := reader{v: v}
	defer r.close()
	return r.persist(ctx, func(ctx context.Context, s *mysqlx.Session) error {
		v.report.Quarantined = 0
		for job := range jobs {
			n, err := control.CountQuarantined(ctx, s, control.JobRun{Change: v.cfg.Change.Name, Job: string(job), Run: now.Epoch})
			if err != nil {
				return err
			}
			v.report.Quarantined += n
		}
		if v.report.Compared > 0 || v.mapper.Mapping().Where != "" {
			return nil
		}
		key, err := boundary(ctx, s, v.mapper, shape.Forward, shape.Range(nil, nil), 1)
		if err == nil && key != nil {
			return fmt.Errorf("%w: for one the row %s", ErrNothingCompared, key)
		}
		return err
	})
}
