package querykiller

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Sink keeps or tells decisions, and may be slow. It is called by one goroutine
// at a time, with what has come in since the last call, in order. The first call
// has an empty batch: a sink that cannot work may say so before it is needed.
// The slice is the sink's only for the call.
type Sink interface {
	Name() string // one word, for messages and metrics
	Write(ctx context.Context, batch []Decision) error
}

// Trouble tells that a sink does not take decisions, or takes them again.
type Trouble struct {
	Sink string
	// Err is why not; nil says that it works again.
	Err error
	// Lost is how many decisions did not reach the sink since the trouble began.
	Lost uint64
}

// FanoutConfig says where decisions go. Only Sinks is needed.
type FanoutConfig struct {
	Sinks []Sink
	// Queue is how many decisions may wait for each sink. Defaults to 1024.
	Queue int
	// Batch is how many decisions a sink gets at once at most. Defaults to 50.
	Batch int
	// Timeout bounds one Write, its retries included. Defaults to 30 s.
	Timeout time.Duration
	// Told hears of trouble once when it begins and once when it ends, from the
	// sinks' goroutines. Optional.
	Told func(Trouble)
}

// Fanout hands decisions to sinks, each at its own pace: a sink that is slow or
// broken holds back neither the killer nor the other sinks. What does not fit
// its queue is dropped and counted. It is safe for concurrent use, and has to be
// closed.
type Fanout struct {
	cfg    FanoutConfig
	lanes  []*lane
	cancel context.CancelFunc
	wait   sync.WaitGroup

	mu     sync.RWMutex // held shared by Record, so that Close sends no one to a closed queue
	closed bool
}

// lane is the way to one sink.
type lane struct {
	sink  Sink
	queue chan Decision
	lost  atomic.Uint64
	// full is how many decisions did not fit since the last Write.
	full atomic.Uint64
}

var _ Recorder = (*Fanout)(nil)

// ErrQueueFull says that a decision was not handed to a sink that is behind.
var ErrQueueFull = errors.New("its queue is full")

// ErrKept is wrapped by a sink's error after which the batch is kept all the
// same.
var ErrKept = errors.New("decisions are kept, but")

// ErrClosed says that the fan-out takes no more decisions.
var ErrClosed = errors.New("decisions are no longer recorded: the killer has stopped")

// NewFanout starts a goroutine for each sink.
func NewFanout(cfg FanoutConfig) *Fanout {
	cfg.Queue, cfg.Batch = cmp.Or(cfg.Queue, 1024), cmp.Or(cfg.Batch, 50)
	cfg.Timeout = cmp.Or(cfg.Timeout, 30*time.Second)
	if cfg.Told == nil {
		cfg.Told = func(Trouble) {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &Fanout{cfg: cfg, cancel: cancel}
	for _, s := range cfg.Sinks {
		l := &lane{sink: s, queue: make(chan Decision, cfg.Queue)}
		f.lanes = append(f.lanes, l)
		f.wait.Go(func() { f.serve(ctx, l) })
	}
	return f
}

// Record queues a decision for every sink and returns at once.
func (f *Fanout) Record(_ context.Context, d Decision) error {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.closed {
		return ErrClosed
	}
	for _, l := range f.lanes {
		select {
		case l.queue <- d:
		default:
			l.lost.Add(1)
			l.full.Add(1)
		}
	}
	return nil
}

// Lost returns by sink how many decisions did not reach it.
func (f *Fanout) Lost() map[string]uint64 {
	out := make(map[string]uint64, len(f.lanes))
	for _, l := range f.lanes {
		out[l.sink.Name()] = l.lost.Load()
	}
	return out
}

// Close takes no more decisions, waits until those queued are written or ctx
// ends, and returns once no goroutine is left.
func (f *Fanout) Close(ctx context.Context) error {
	f.mu.Lock()
	if !f.closed {
		f.closed = true
		for _, l := range f.lanes {
			close(l.queue)
		}
	}
	f.mu.Unlock()
	stop := context.AfterFunc(ctx, f.cancel)
	f.wait.Wait()
	stop()
	f.cancel()
	return ctx.Err()
}

// serve writes what comes in until the queue is closed and empty.
func (f *Fanout) serve(ctx context.Context, l *lane) {
	trouble := f.write(ctx, l, nil, nil)
	for d := range l.queue {
		trouble = f.write(ctx, l, trouble, l.gather(d, f.cfg.Batch))
	}
}

// write hands a batch to the sink, tells of trouble, and returns what trouble
// there is; nil while the sink works.
func (f *Fanout) write(ctx context.Context, l *lane, trouble *Trouble, batch []Decision) *Trouble {
	writing, cancel := context.WithTimeout(ctx, f.cfg.Timeout)
	defer cancel()
	err := l.sink.Write(writing, batch)
	missed := l.full.Swap(0)
	switch {
	case err == nil && missed > 0:
		err = ErrQueueFull
	case err != nil && !errors.Is(err, ErrKept):
		missed += uint64(len(batch))
		l.lost.Add(uint64(len(batch)))
	}
	return f.tell(l, trouble, err, missed)
}

// tell says when trouble begins and when it ends, and returns that which is.
func (f *Fanout) tell(l *lane, now *Trouble, err error, missed uint64) *Trouble {
	switch {
	case err == nil && now == nil:
	case err == nil:
		f.cfg.Told(Trouble{Sink: now.Sink, Lost: now.Lost})
		return nil
	case now == nil:
		now = &Trouble{Sink: l.sink.Name(), Err: err, Lost: missed}
		f.cfg.Told(*now)
	default:
		now.Lost += missed
	}
	return now
}

// gather adds to the first decision what waits behind it.
func (l *lane) gather(first Decision, limit int) []Decision {
	batch := []Decision{first}
	for len(batch) < limit {
		select {
		case d, ok := <-l.queue:
			if !ok {
				return batch
			}
			batch = append(batch, d)
		default:
			return batch
		}
	}
	return batch
}
