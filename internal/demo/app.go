package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// closeTimeout bounds the clean end of a process of the application.
const closeTimeout = 20 * time.Second

// App is a process of the sample application: what the hidden command
// `underpin demo app` runs. It takes its task and its orders from in and tells on
// out what it did. It ends when it is told to, or when in ends, because then its
// parent is gone.
func App(ctx context.Context, in io.Reader, out io.Writer) error {
	orders := bufio.NewScanner(in)
	orders.Buffer(nil, maxLine)
	var t task
	if !orders.Scan() {
		return errors.Join(errors.New("demo app: no task on the standard input; it is started by underpin demo"), orders.Err())
	}
	if err := json.Unmarshal(orders.Bytes(), &t); err != nil {
		return fmt.Errorf("demo app: read the task: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	open := openLibrary
	if t.Release == releaseOld || t.Release == releaseIdleOld {
		open = openPlain
	}
	u, err := open(ctx, t)
	if err != nil {
		return fmt.Errorf("demo app %s: %w", t.Place, err)
	}
	p := newPart(t, u, &lines{w: out})
	p.run(ctx, orders)
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer stop()
	if err := u.close(ctx); err != nil {
		return fmt.Errorf("demo app %s: close: %w", t.Place, err)
	}
	return errors.Join(p.failed(), p.out.send(event{Kind: kindStopped}))
}

// run serves until it is told to stop.
func (p *part) run(ctx context.Context, orders *bufio.Scanner) {
	p.tell(event{Kind: kindReady})
	ctx, stop := context.WithCancel(ctx)
	for i := range p.task.Load.Readers {
		p.group.Go(func() { p.reader(ctx, i) })
	}
	for orders.Scan() {
		var c command
		if err := json.Unmarshal(orders.Bytes(), &c); err != nil {
			p.fail(fmt.Errorf("read an order: %w", err))
			break
		}
		if c.Order == orderStop {
			break
		}
		p.obey(ctx, c)
	}
	stop()
	p.group.Wait()
}

// obey takes up slots or lets them go.
func (p *part) obey(ctx context.Context, c command) {
	for _, s := range c.Slots {
		switch c.Order {
		case orderHold:
			p.hold(ctx, s)
		case orderRelease:
			p.release(s.Number)
		}
	}
	if c.Order == orderRelease {
		p.tell(event{Kind: kindReleased, Slots: c.Slots})
	}
}

// answerTo sorts the error of a write by what it means for the row.
func answerTo(err error) answer {
	switch {
	case err == nil:
		return answerDone
	case errors.Is(err, errMissed):
		return answerMissed
	case errors.Is(err, mysqlx.ErrUnknownOutcome), mysqlx.Classify(err) == mysqlx.ClassConnection:
		return answerUnknown
	}
	return answerFailed
}
