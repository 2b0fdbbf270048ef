package servers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// absentError marks a source that does not have the server: the next one may try.
type absentError struct{ reason error }

func (e *absentError) Error() string { return e.reason.Error() }
func (e *absentError) Unwrap() error { return e.reason }

func absent(format string, args ...any) error {
	return &absentError{fmt.Errorf(format, args...)}
}

// NoServerError says which sources were tried and why each of them had no server.
type NoServerError struct {
	Engine   Engine
	Failures []SourceFailure
}

// SourceFailure is one source and why it had no server.
type SourceFailure struct {
	Source Source
	Err    error
}

func (e *NoServerError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "no %s server:", e.Engine)
	for _, f := range e.Failures {
		fmt.Fprintf(&b, "\n  %-8s %v", f.Source, f.Err)
	}
	if e.Engine == redisEngine {
		fmt.Fprintf(&b, "\nset %s to the URL of a running server, or start Docker, or run as root on Debian: go run ./integration/cmd/withservers install", EnvRedis)
		return b.String()
	}
	fmt.Fprintf(&b, "\nset %s to the DSN of a running server, or start Docker, or run as root on Debian: go run ./integration/cmd/withservers -engines %s install",
		e.Engine.EnvDSN(), e.Engine)
	return b.String()
}

// Unwrap returns the reasons, for errors.Is and errors.As.
func (e *NoServerError) Unwrap() []error {
	errs := make([]error, len(e.Failures))
	for i, f := range e.Failures {
		errs[i] = f.Err
	}
	return errs
}

// Start starts a server from the first source that has it, and returns when it answers. The context
// bounds the start only, not the server's life: call Stop.
func Start(ctx context.Context, opts Options) (*Server, error) {
	sources, err := opts.complete()
	if err != nil {
		return nil, err
	}
	failed := &NoServerError{Engine: opts.Engine}
	for _, source := range sources {
		server, err := startVia(ctx, source, opts)
		if err == nil {
			opts.logf("%s %s from source %s at %s", opts.Engine, server.Version(), source, server.Addr())
			return server, nil
		}
		failed.Failures = append(failed.Failures, SourceFailure{source, err})
		if missing := (*absentError)(nil); !errors.As(err, &missing) || ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

func startVia(ctx context.Context, source Source, opts Options) (*Server, error) {
	switch source {
	case DSN:
		return startDSN(ctx, opts)
	case Native:
		return startNative(ctx, opts, Native)
	case Docker:
		return startDocker(ctx, opts)
	default:
		return startInstalled(ctx, opts)
	}
}

// complete fills in the defaults and returns the sources to try.
func (o *Options) complete() ([]Source, error) {
	engine, err := ParseEngine(cmp.Or(string(o.Engine), string(MySQL)))
	if err != nil {
		return nil, err
	}
	o.Engine = engine
	return o.sources()
}

// sources fills in the defaults that hold for every kind of server and returns the sources to try.
func (o *Options) sources() ([]Source, error) {
	o.StartTimeout = cmp.Or(o.StartTimeout, defaultStartTimeout)
	if o.Log == nil {
		o.Log = io.Discard
	}
	o.Durability = cmp.Or(o.Durability, Relaxed)
	if o.Durability != Relaxed && o.Durability != Durable {
		return nil, fmt.Errorf("unknown durability %q: use %s or %s", o.Durability, Relaxed, Durable)
	}
	o.Dir = cmp.Or(o.Dir, o.Durability.dataParent())
	via, err := ParseSource(cmp.Or(string(o.Via), os.Getenv(EnvSource)))
	if err != nil && o.Via == Auto {
		return nil, fmt.Errorf("read %s: %w", EnvSource, err)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case via == Auto && o.ours, via == DSN && o.ours && o.Via == Auto:
		return []Source{Native, Docker, Install}, nil
	case via == Auto:
		return []Source{DSN, Native, Docker, Install}, nil
	}
	return []Source{via}, nil
}

func (o *Options) logf(format string, args ...any) {
	fmt.Fprintf(o.Log, "servers: "+format+"\n", args...)
}
