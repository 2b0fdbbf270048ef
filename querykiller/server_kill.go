package querykiller

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Kill implements [Server]. It kills only what the last poll saw: for anything
// else the result is Gone. Each connection that kills takes the next victim as
// soon as it is done with one.
func (s *server) Kill(ctx context.Context, victims []Victim) []Killing {
	out := make([]Killing, len(victims))
	var taken atomic.Int64
	var links sync.WaitGroup
	for _, l := range s.ready(len(victims)) {
		links.Go(func() {
			for i := int(taken.Add(1)) - 1; i < len(victims); i = int(taken.Add(1)) - 1 {
				out[i] = s.killOne(ctx, l, victims[i])
			}
		})
	}
	links.Wait()
	return out
}

// ready returns up to n connections to kill with: those that are as the last poll
// has vouched for, or any one, which will tell what is wrong.
func (s *server) ready(n int) []*link {
	var ready []*link
	for _, l := range s.killers {
		if l.conn != nil && l.opened == l.vouched && len(ready) < n {
			ready = append(ready, l)
		}
	}
	if len(ready) == 0 {
		return s.killers[:1]
	}
	return ready
}

func (s *server) killOne(ctx context.Context, l *link, v Victim) Killing {
	k, err := s.tryKill(ctx, l, v)
	if err != nil {
		k.Err = fmt.Errorf("kill session %d: %w", v.Statement.Session, err)
	}
	return k
}

func (s *server) tryKill(ctx context.Context, l *link, v Victim) (Killing, error) {
	id := v.Statement
	switch t, ok := s.targets[id]; {
	case v.Act != ActQuery && v.Act != ActConnection:
		return Killing{}, fmt.Errorf("%q is no way to kill", v.Act)
	case s.targets == nil, !v.Before.IsZero() && time.Now().After(v.Before):
		return Killing{Result: Uncertain}, ErrStale
	case !id.Known():
		return Killing{Result: Denied}, ErrNoIdentity
	case !ok || id.Idle && v.Act == ActQuery:
		return Killing{Result: Gone}, nil
	default:
		conn, err := l.get(ctx)
		if err != nil {
			return Killing{Result: Uncertain}, fmt.Errorf("nothing was sent: %w", err)
		}
		if l.opened != l.vouched {
			return Killing{Result: Uncertain}, ErrStale
		}
		k, err := s.dialect.kill(ctx, conn, t, v.Act)
		return k, l.check(err)
	}
}

// answer turns the error of a KILL into a result.
func answer(err error, privilege string) (Killing, error) {
	const (
		unknownThread = 1094
		notOwner      = 1095
		notQueryOwner = 1979 // MariaDB
		unknownQuery  = 1957 // MariaDB
	)
	switch n := mysqlx.Number(err); {
	case err == nil:
		return Killing{Result: Killed}, nil
	case n == unknownThread, n == unknownQuery:
		return Killing{Result: Gone}, nil
	case n == notOwner, n == notQueryOwner, mysqlx.Classify(err) == mysqlx.ClassPrivilege:
		return Killing{Result: Denied}, fmt.Errorf("%w: grant %s (%w)", ErrDenied, privilege, err)
	}
	return Killing{Result: Uncertain}, err
}
