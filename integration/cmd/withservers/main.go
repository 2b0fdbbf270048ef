// Command withservers runs a command with database servers around it.
//
//	go run ./integration/cmd/withservers [flags] -- COMMAND ARGS…
//	go run ./integration/cmd/withservers [flags] install
//	go run ./integration/cmd/withservers [flags] images
//
// The first form starts one server of each engine and a Redis, exports UNDERPIN_MYSQL_DSN, UNDERPIN_MARIADB_DSN and
// UNDERPIN_REDIS_URL, runs the command, stops the servers and exits with the command's code: all packages of a
// `go test ./...` then share them instead of starting their own. -redis=false leaves Redis out. -meanwhile names a
// command to run while the servers are installed and started, which on a fresh machine keeps one core busy for half a
// minute; it is interrupted when they are there. `install` only makes sure that the servers are on this machine. `images`
// builds container images from installed servers, for machines that cannot pull any.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/underpin-db/underpin/integration/servers"
)

const usage = `usage: withservers [flags] -- COMMAND ARGS…   run COMMAND with servers around it
       withservers [flags] install           make sure that the servers are on this machine
       withservers [flags] images            build container images from installed servers
flags:
`

// exitUsage and exitFailure are this program's own; everything else is the command's.
const (
	exitFailure = 1
	exitUsage   = 2
	exitSignal  = 128 // plus the signal's number, as shells do
)

func main() { os.Exit(do(os.Args[1:], os.Stderr)) }

type settings struct {
	engines []servers.Engine
	redis   bool // start one too
	options servers.Options
	// meanwhile is a command and its arguments, or nothing.
	meanwhile []string
	args      []string
	dashed    bool // the arguments came after --
}

func do(args []string, stderr io.Writer) int {
	s, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "withservers:", err)
		return exitUsage
	}
	code, err := s.run()
	if err != nil {
		fmt.Fprintln(stderr, "withservers:", err)
	}
	return code
}

func parse(args []string, stderr io.Writer) (*settings, error) {
	set := flag.NewFlagSet("withservers", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.Usage = func() {
		fmt.Fprint(stderr, usage)
		set.PrintDefaults()
	}
	engines := set.String("engines", os.Getenv(servers.EnvEngines), "engines, separated by commas; empty: all of them")
	redis := set.Bool("redis", true, "start a Redis too")
	via := set.String("via", "", "the only source to use: dsn, native, docker or install; empty: "+servers.EnvSource+", else each in turn")
	durability := set.String("durability", string(servers.Relaxed), "relaxed or durable: whether a commit survives the death of the machine")
	pool := set.Int("buffer-pool", 0, "InnoDB buffer pool in MiB; 0: the server's default")
	meanwhile := set.String("meanwhile", "", "a command, split at spaces, to run while the servers start, and to interrupt then")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	chosen, err := servers.ParseEngines(*engines)
	if err != nil {
		return nil, err
	}
	source, err := servers.ParseSource(*via)
	if err != nil {
		return nil, err
	}
	rest := set.Args()
	if len(rest) == 0 {
		set.Usage()
		return nil, errors.New("no command given")
	}
	return &settings{
		engines:   chosen,
		redis:     *redis,
		options:   servers.Options{Via: source, Durability: servers.Durability(*durability), BufferPoolMiB: *pool, Log: stderr},
		meanwhile: strings.Fields(*meanwhile),
		args:      rest,
		dashed:    len(args) > len(rest) && args[len(args)-len(rest)-1] == "--",
	}, nil
}

// run does what the arguments say. A command that is really called install or images goes after --.
func (s *settings) run() (int, error) {
	// The command decides what a signal means; before it runs and after it ended, a signal ends what we do.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if !s.dashed && len(s.args) == 1 {
		for name, each := range map[string]func(context.Context, servers.Engine) error{
			"install": func(ctx context.Context, e servers.Engine) error {
				return servers.EnsureInstalled(ctx, e, s.options.Log)
			},
			"images": func(ctx context.Context, e servers.Engine) error {
				return servers.BuildImage(ctx, e, servers.LocalImage(e), s.options.Log)
			},
		} {
			if s.args[0] == name {
				return s.forEach(signals, each)
			}
		}
	}
	return s.wrap(signals)
}

func (s *settings) forEach(signals <-chan os.Signal, do func(context.Context, servers.Engine) error) (int, error) {
	ctx, cancel := untilSignal(signals)
	defer cancel(nil)
	for _, engine := range s.engines {
		if err := do(ctx, engine); err != nil {
			return exitFailure, err
		}
	}
	if s.redis && s.args[0] == "install" {
		if err := servers.EnsureRedisInstalled(ctx, s.options.Log); err != nil {
			return exitFailure, err
		}
	}
	return 0, nil
}

// untilSignal is a context that ends at the first signal.
func untilSignal(signals <-chan os.Signal) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		select {
		case sig := <-signals:
			cancel(fmt.Errorf("stopped by signal %v", sig))
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// wrap starts the servers, runs the command, and stops the servers.
func (s *settings) wrap(signals <-chan os.Signal) (code int, err error) {
	path, err := exec.LookPath(s.args[0]) // before the servers: a typing error should not take ten seconds
	if err != nil {
		return exitUsage, err
	}
	starting, started := untilSignal(signals)
	prepared := s.prepare(starting)
	running, redis, err := s.startAll(starting)
	prepared()
	if cause := context.Cause(starting); cause != nil && err == nil {
		err = cause
	}
	started(nil)
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		for _, server := range running {
			if stopErr := server.Stop(ctx); stopErr != nil {
				err = errors.Join(err, fmt.Errorf("stop %s: %w", server.Engine(), stopErr))
				code = max(code, exitFailure)
			}
		}
		if redis != nil {
			err = errors.Join(err, redis.Stop(ctx))
		}
	}()
	if err != nil {
		return exitFailure, err
	}
	return command(path, s.args, environment(running, redis), signals)
}

// prepare begins the command of -meanwhile and returns a function that interrupts it and waits for its end. What it does
// only saves time, so its failure is told and hinders nothing: if it matters, the command will meet it again.
func (s *settings) prepare(ctx context.Context) (end func()) {
	if len(s.meanwhile) == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, s.meanwhile[0], s.meanwhile[1:]...)
	cmd.Stderr = s.options.Log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := cmd.Run()
		if err != nil && ctx.Err() == nil {
			fmt.Fprintf(s.options.Log, "withservers: %s: %v: going on without it\n", strings.Join(s.meanwhile, " "), err)
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// startAll starts all servers at once. It returns those that run also when one could not be had.
func (s *settings) startAll(ctx context.Context) (running []*servers.Server, redis *servers.Redis, err error) {
	found := make([]*servers.Server, len(s.engines))
	errs := make([]error, len(s.engines)+1)
	var wait sync.WaitGroup
	if s.redis {
		wait.Go(func() {
			redis, errs[len(s.engines)] = servers.StartRedis(ctx, servers.RedisOptions{Via: s.options.Via, Log: s.options.Log})
		})
	}
	for i, engine := range s.engines {
		wait.Go(func() {
			options := s.options
			options.Engine = engine
			found[i], errs[i] = servers.Start(ctx, options)
		})
	}
	wait.Wait()
	for _, server := range found {
		if server != nil {
			running = append(running, server)
		}
	}
	return running, redis, errors.Join(errs...)
}

// environment is ours, with the servers in it. An engine that was not asked for must not be found by accident,
// so UNDERPIN_ENGINES says which there are.
func environment(running []*servers.Server, redis *servers.Redis) []string {
	env := os.Environ()
	var names []string
	for _, server := range running {
		env = append(env, server.Engine().EnvDSN()+"="+server.AdminDSN())
		names = append(names, string(server.Engine()))
	}
	if redis != nil {
		env = append(env, servers.EnvRedis+"="+redis.URL())
	}
	return append(env, servers.EnvEngines+"="+strings.Join(names, ","))
}

// command runs the command and passes it every signal.
func command(path string, args, env []string, signals <-chan os.Signal) (int, error) {
	cmd := exec.Command(path, args[1:]...)
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return exitFailure, fmt.Errorf("start %s: %w", args[0], err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case sig := <-signals:
			_ = cmd.Process.Signal(sig) // it may just have ended
		case err := <-done:
			return exitCode(cmd.ProcessState, err)
		}
	}
}

func exitCode(state *os.ProcessState, err error) (int, error) {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return exitFailure, fmt.Errorf("wait for the command: %w", err)
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return exitSignal + int(status.Signal()), nil
	}
	return state.ExitCode(), nil
}
