package querykiller_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/querykiller"
)

// stage is a server in which what happens is laid down beforehand.
type stage struct {
	mu       sync.Mutex
	sessions []querykiller.Session
	began    map[uint64]time.Time
	boot     string
	broken   error // of Poll
	kill     func(id querykiller.StatementID, act querykiller.Act) (querykiller.Killing, error)
	killed   []string
	polls    int
	renewed  int           // how often that was asked for
	work     time.Duration // that a look costs
	load     querykiller.Load
	skew     time.Duration // of the server's clock
}

// run lets a session run a statement from now on.
func (s *stage) run(id uint64, change ...with) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.began == nil {
		s.began = map[uint64]time.Time{}
	}
	s.began[id] = time.Now()
	one := slow(append([]with{func(one *querykiller.Session) {
		one.ID, one.Statement = id, querykiller.StatementID{Session: id, Query: id}
	}}, change...)...)
	s.sessions = append(s.sessions, one)
}

// leave takes a session away.
func (s *stage) leave(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(id)
}

// end is leave under the lock.
func (s *stage) end(id uint64) {
	for i := range s.sessions {
		if s.sessions[i].ID == id {
			s.sessions = append(s.sessions[:i:i], s.sessions[i+1:]...)
			return
		}
	}
}

func (s *stage) Poll(context.Context) (*querykiller.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.polls++
	if s.broken != nil {
		return nil, s.broken
	}
	snap := &querykiller.Snapshot{At: time.Now().Add(s.skew), Boot: s.boot, Load: s.load, Work: s.work, Degraded: []string{"something"}}
	for _, one := range s.sessions {
		one.Age = time.Since(s.began[one.ID])
		snap.Sessions = append(snap.Sessions, one)
	}
	return snap, nil
}

func (s *stage) Kill(_ context.Context, victims []querykiller.Victim) []querykiller.Killing {
	out := make([]querykiller.Killing, len(victims))
	order := make([]int, len(victims))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(victims[a].Wait, victims[b].Wait) })
	for _, i := range order {
		s.mu.Lock()
		left := victims[i].Age - time.Since(s.began[victims[i].Statement.Session])
		s.mu.Unlock()
		if victims[i].Age > 0 && left > 0 {
			time.Sleep(left) //nolint:forbidigo // the time of the bubble
		}
		out[i] = s.strike(victims[i])
	}
	return out
}

// strike ends one victim.
func (s *stage) strike(v querykiller.Victim) querykiller.Killing {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Now().After(v.Before) {
		return querykiller.Killing{Result: querykiller.Uncertain, Err: querykiller.ErrStale}
	}
	s.killed = append(s.killed, fmt.Sprintf("%s %d", v.Act, v.Statement.Session))
	one := querykiller.Killing{Result: querykiller.Killed, Window: time.Microsecond}
	if v.Age > 0 {
		one.Age = time.Since(s.began[v.Statement.Session])
	}
	if s.kill != nil {
		one, one.Err = s.kill(v.Statement, v.Act)
	} else {
		s.end(v.Statement.Session)
	}
	return one
}

func (s *stage) Renew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewed++
}

func (s *stage) Close() error { return nil }

// deaf takes a kill and does nothing.
func deaf(querykiller.StatementID, querykiller.Act) (querykiller.Killing, error) {
	return querykiller.Killing{Result: querykiller.Killed}, nil
}

// watched is a killer at work, in a bubble of its own time.
type watched struct {
	*querykiller.Killer
	*stage
	decisions []querykiller.Decision
	log       bytes.Buffer
	stop      context.CancelFunc
	done      chan struct{}
}

// Write takes the log.
func (w *watched) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(line)
}

// seen is what the killer has done so far.
type seen struct {
	killed    []string
	decisions []querykiller.Decision
	log       string
	polls     int
	renewed   int
}

func (w *watched) seen() seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	return seen{slices.Clone(w.killed), slices.Clone(w.decisions), w.log.String(), w.polls, w.renewed}
}

// watch starts a killer on the stage.
func watch(t *testing.T, s *stage, yaml string, change ...func(*querykiller.Config)) *watched {
	t.Helper()
	w := &watched{stage: s, done: make(chan struct{})}
	c := querykiller.Config{
		Server: s, Rules: parse(t, yaml), Name: "db1", Logger: slog.New(slog.NewTextHandler(w, nil)),
		Recorder: querykiller.RecorderFunc(func(_ context.Context, d querykiller.Decision) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			w.decisions = append(w.decisions, d)
			return nil
		}),
	}
	for _, one := range change {
		one(&c)
	}
	k, err := querykiller.New(c)
	require.NoError(t, err)
	w.Killer = k
	ctx, stop := context.WithCancel(t.Context())
	w.stop = func() {
		stop()
		<-w.done
	}
	go func() {
		defer close(w.done)
		if err := k.Run(ctx); err != nil {
			panic(err)
		}
	}()
	return w
}

// pass lets time go by, and everything that is due in it happen.
func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // the time of the bubble
	synctest.Wait()
}

// outcomes lists what was decided, in short.
func (w *watched) outcomes() string {
	var out []string
	for _, d := range w.seen().decisions {
		out = append(out, fmt.Sprintf("%d %s %s", d.Session, d.Action, d.Outcome))
	}
	return strings.Join(out, ", ")
}

const killAt2 = "rules:\n  - {name: r, action: kill_query, budget: 2s}\n"

// play runs a test in a bubble and stops its killer.
func play(t *testing.T, yaml string, s *stage, do func(t *testing.T, w *watched), change ...func(*querykiller.Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, s, yaml, change...)
		defer w.stop()
		do(t, w)
	})
}
