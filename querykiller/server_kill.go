package querykiller

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Kill implements [Server]. It kills only what the last poll saw: for anything
// else the result is Gone. The victims are dealt to the connections that kill in
// the order in which they are due, and those of a connection that are due at about
// the same time go to the server together. Those that are to be killed alone have
// one connection, and so go one after the other.
func (s *server) Kill(ctx context.Context, victims []Victim) []Killing {
	out := make([]Killing, len(victims))
	order := make([]int, len(victims))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(victims[a].Wait, victims[b].Wait) })
	ready := s.ready(len(victims))
	hands := make([]hand, len(ready))
	for n, i := range order {
		h := &hands[n%len(ready)]
		if s.targets[victims[i].Statement].alone {
			h = &hands[0]
		}
		if k, err := s.aim(victims[i], &h.aims); err != nil || k.Result != "" {
			out[i] = failed(victims[i].Statement.Session, k, err)
			continue
		}
		h.victims = append(h.victims, i)
	}
	var links sync.WaitGroup
	for n, l := range ready {
		links.Go(func() {
			for j, k := range s.play(ctx, l, hands[n].aims) {
				out[hands[n].victims[j]] = k
			}
		})
	}
	links.Wait()
	s.idle.killed(victims, out)
	return out
}

// hand is what one connection is to do: the victims by their place in the list,
// and how to kill them.
type hand struct {
	victims []int
	aims    []aim
}

// aim is a kill that is ready to be sent.
type aim struct {
	serverTarget
	act Act
	// before is when it has to be sent by; zero is any time. due is when the
	// statement reaches the age, by our clock.
	before, due time.Time
	old         time.Duration // the age that it has to have; zero is any
}

// together reports whether the aim can be one of several in a round trip.
func (a aim) together() bool { return a.act == ActQuery && !a.id.Idle && !a.nested && !a.alone }

func failed(session uint64, k Killing, err error) Killing {
	if err != nil {
		k.Err = fmt.Errorf("kill session %d: %w", session, err)
	}
	return k
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

// aim adds the victim to the list; a result or an error is why not.
func (s *server) aim(v Victim, list *[]aim) (Killing, error) {
	id := v.Statement
	switch t, ok := s.targets[id]; {
	case v.Act != ActQuery && v.Act != ActConnection:
		return Killing{}, fmt.Errorf("%q is no way to kill", v.Act)
	case s.targets == nil:
		return Killing{Result: Uncertain}, ErrStale
	case !id.Known():
		return Killing{Result: Denied}, ErrNoIdentity
	case !ok || id.Idle && v.Act == ActQuery:
		return Killing{Result: Gone}, nil
	default:
		*list = append(*list, aim{serverTarget: t, act: v.Act, before: v.Before, due: t.read.Add(v.Wait), old: v.Age})
		return Killing{}, nil
	}
}

// sendAhead is how long before its time a kill is sent: as long as a busy server
// may take to look at it. Those that go with it are due within as much again.
// Should the server's clock be set forward just then, a kill can be early by that
// much, twice at most, on MySQL, whose ages follow that clock.
const sendAhead = aheadLead

// play kills one after the other, those together that can be.
func (s *server) play(ctx context.Context, l *link, aims []aim) []Killing {
	out := make([]Killing, 0, len(aims))
	for len(out) < len(aims) {
		rest := aims[len(out):]
		n := 1
		for rest[0].together() && n < len(rest) && rest[n].together() && rest[n].due.Sub(rest[0].due) < sendAhead {
			n++
		}
		out = append(out, s.send(ctx, l, rest[:n])...)
	}
	return out
}

// send kills the victims of one round trip in time.
func (s *server) send(ctx context.Context, l *link, aims []aim) []Killing {
	out := make([]Killing, len(aims))
	err := s.wait(ctx, aims[0])
	var conn *sql.Conn
	if err == nil {
		conn, err = l.get(ctx)
	}
	if err == nil && l.opened != l.vouched {
		err = ErrStale
	}
	if err == nil {
		err = l.check(s.dialect.kill(ctx, conn, aims, out))
	}
	for i, a := range aims {
		switch {
		case out[i].Result != "":
			out[i] = failed(a.id.Session, out[i], out[i].Err)
		case errors.Is(err, ErrStale):
			out[i] = failed(a.id.Session, Killing{Result: Uncertain}, err)
		case conn == nil:
			out[i] = failed(a.id.Session, Killing{Result: Uncertain}, fmt.Errorf("nothing was sent: %w", err))
		default:
			out[i] = failed(a.id.Session, Killing{Result: Uncertain}, err)
		}
	}
	return out
}

// wait waits until the kill may be sent.
func (s *server) wait(ctx context.Context, a aim) error {
	ahead := time.Duration(0)
	if a.together() {
		ahead = sendAhead
	}
	if left := time.Until(a.due) - ahead; left > 0 {
		if err := mysqlx.Wait(ctx, left); err != nil {
			return err
		}
	}
	if !a.before.IsZero() && time.Now().After(a.before) {
		return ErrStale
	}
	return nil
}

// killEach kills those of which it is not known yet what became, one in a round
// trip. Its error is one that ends the connection.
func killEach(aims []aim, out []Killing, kill func(aim) (Killing, error)) error {
	for i, a := range aims {
		if out[i].Result != "" {
			continue
		}
		k, err := kill(a)
		k.Err = err
		out[i] = k
		if k.Result == Uncertain && err != nil && !errors.Is(err, ErrExpired) {
			return err
		}
	}
	return nil
}

// later reports whether one of the aims has to wait for its time.
func later(aims []aim) bool {
	return slices.ContainsFunc(aims, func(a aim) bool { return a.age < a.old })
}

// script is a text of several statements, each with the mark of ours.
type script struct{ strings.Builder }

func (s *script) add(format string, args ...any) {
	if s.Len() > 0 {
		s.WriteString(";\n")
	}
	fmt.Fprintf(s, "/* underpin killer */\n"+format, args...)
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
