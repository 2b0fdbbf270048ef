package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a child process that tells JSON lines.
type process struct {
	place   string // its name in messages: "r1/2"
	release string
	cmd     *exec.Cmd
	orders  *lines
	stdin   io.Closer
	stderr  *tail
	ready   chan struct{} // closed when it serves
	ended   chan struct{} // closed when it has ended, its output has been read and err is set
	err     error

	mu       sync.Mutex
	killed   bool
	released map[int]chan struct{} // by slot: closed when the process has let it go
}

// launch starts a process with its task on the standard input, and hands every
// line it tells to hear, in order, from one goroutine.
//
// The end of ctx does not end the process: its owner does, in order.
func launch(ctx context.Context, command []string, place, release string, t any, hear func(p *process, line []byte)) (*process, error) {
	p := &process{
		place: place, release: release, stderr: &tail{}, ready: make(chan struct{}), ended: make(chan struct{}),
		released: map[int]chan struct{}{},
	}
	p.cmd = exec.CommandContext(context.WithoutCancel(ctx), command[0], command[1:]...)
	p.cmd.Stderr = p.stderr
	// One that was killed may have left a half-written line behind; nobody else
	// holds the other end of the pipes for long.
	p.cmd.WaitDelay = 5 * time.Second
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", place, err)
	}
	out, w := io.Pipe()
	p.cmd.Stdout = w
	p.stdin, p.orders = stdin, &lines{w: stdin}
	wait, err := startChild(p.cmd)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", place, err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.hear(out, hear)
	}()
	go func() {
		defer close(p.ended)
		err := wait()
		_ = w.Close() // an io.Pipe has nothing that can fail
		<-read
		p.err = err
	}()
	return p, p.orders.send(t)
}

// hear reads what the process tells until it ends.
func (p *process) hear(out io.Reader, hear func(p *process, line []byte)) {
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, maxLine)
	for scanner.Scan() {
		hear(p, scanner.Bytes())
	}
	_, _ = io.Copy(io.Discard, out) // a line too long: let it end all the same
}

// serve waits until the process serves.
func (p *process) serve(ctx context.Context) error {
	select {
	case <-p.ready:
		return nil
	case <-p.ended:
		return fmt.Errorf("%s ended before it served: %w", p.place, p.failure())
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// failure says how a process ended that should not have.
func (p *process) failure() error {
	if said := p.stderr.String(); said != "" {
		return fmt.Errorf("%w: %s", errors.Join(p.err, errEnded), said)
	}
	return errors.Join(p.err, errEnded)
}

var errEnded = errors.New("the process has ended")

// wait waits until the process has ended by itself and in order.
func (p *process) wait(ctx context.Context) error {
	select {
	case <-p.ended:
	case <-ctx.Done():
		return fmt.Errorf("wait for the end of %s: %w", p.place, context.Cause(ctx))
	}
	if p.err != nil {
		return fmt.Errorf("%s: %w", p.place, p.failure())
	}
	return nil
}

// stop asks the process to finish what it is doing and to end.
func (p *process) stop(ctx context.Context) error {
	if err := p.orders.send(command{Order: orderStop}); err != nil {
		return fmt.Errorf("stop %s: %w", p.place, err)
	}
	return p.wait(ctx)
}

// kill ends the process at once with SIGKILL and waits until it is gone.
func (p *process) kill() {
	p.mu.Lock()
	p.killed = true
	p.mu.Unlock()
	// It may have ended by itself: then there is nothing to kill.
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.ended
}

// breathe waits for a moment of the process's life.
func (p *process) breathe(ctx context.Context) error {
	moment := time.NewTimer(200 * time.Microsecond)
	defer moment.Stop()
	select {
	case <-moment.C:
	case <-p.ended:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select { // of two that have happened select takes any
	case <-p.ended:
		return fmt.Errorf("%s: %w", p.place, p.failure())
	default:
		return nil
	}
}

// wasKilled reports whether kill was called.
func (p *process) wasKilled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.killed
}

// letGo asks the process to let slots go and waits until it has.
func (p *process) letGo(ctx context.Context, slots []slot) error {
	p.mu.Lock()
	var wait []chan struct{}
	for _, s := range slots {
		p.released[s.Number] = make(chan struct{})
		wait = append(wait, p.released[s.Number])
	}
	p.mu.Unlock()
	if err := p.orders.send(command{Order: orderRelease, Slots: slots}); err != nil {
		return fmt.Errorf("take slots from %s: %w", p.place, err)
	}
	for _, w := range wait {
		select {
		case <-w:
		case <-p.ended:
			return fmt.Errorf("take slots from %s: %w", p.place, p.failure())
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// note takes what concerns the process itself from an event.
func (p *process) note(e event) {
	switch e.Kind {
	case kindReady:
		close(p.ready)
	case kindReleased:
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, s := range e.Slots {
			close(p.released[s.Number])
		}
	}
}

// decode reads a line. A line that was cut by a kill is not one.
func decode(line []byte) (event, bool) {
	var e event
	return e, json.Unmarshal(line, &e) == nil
}

// tail keeps the end of what a process complained about.
type tail struct {
	mu   sync.Mutex
	text bytes.Buffer
}

const maxTail = 4 << 10

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text.Write(b)
	if extra := t.text.Len() - maxTail; extra > 0 {
		t.text.Next(extra)
	}
	return len(b), nil
}

// String returns what was kept, as one line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(strings.Fields(t.text.String()), " ")
}
