package servers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// Labels by which a later start recognises containers whose owners have died. The host is among them because
// several machines may share one daemon.
const (
	labelHost = "underpin.servers.host"
	labelDir  = "underpin.servers.dir"
)

const serverPort = "3306/tcp"

// dockerServer is the backend of a server in a container.
type dockerServer struct {
	engine    Engine
	docker    *client.Client
	container *testcontainers.DockerContainer
	dir       *workDir // holds nothing but the lock that says the owner lives
}

// startDocker creates the container through testcontainers, which knows how to reach it from wherever we run, and then
// speaks to the daemon itself for what testcontainers has no word for: killing.
func startDocker(ctx context.Context, opts Options) (*Server, error) {
	docker, err := dialDocker(ctx)
	if err != nil {
		return nil, err
	}
	server, err := startWith(ctx, opts, docker)
	if err != nil {
		return nil, errors.Join(err, docker.Close())
	}
	return server, nil
}

// dialDocker connects to the daemon named by DOCKER_HOST or the usual socket.
func dialDocker(ctx context.Context) (*client.Client, error) {
	docker, err := client.New(client.FromEnv)
	if err != nil {
		return nil, absent("docker is not set up: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := docker.Ping(ctx, client.PingOptions{}); err != nil {
		return nil, absent("no docker daemon answers: %w", errors.Join(err, docker.Close()))
	}
	return docker, nil
}

func startWith(ctx context.Context, opts Options, docker *client.Client) (*Server, error) {
	settleReaper(ctx, opts, docker) // first: testcontainers reads its settings once
	image, err := findImage(ctx, opts, docker)
	if err != nil {
		return nil, err
	}
	dir, err := newWorkDir(opts.Dir)
	if err != nil {
		return nil, err
	}
	sweepContainers(ctx, docker)
	d := &dockerServer{engine: opts.Engine, docker: docker, dir: dir}
	password := newPassword()
	addr, err := d.create(ctx, opts, image, password)
	if err != nil {
		return nil, errors.Join(err, dir.remove())
	}
	server, err := newServer(ctx, opts, Docker, adminConfig(addr, password), d)
	if err != nil {
		return nil, fmt.Errorf("start the image %s: %w", image.name, err)
	}
	return server, nil
}

// create runs the container on a port of its own choosing, as docker would give it another one at each restart.
// The port may be snatched; then it tries the next.
func (d *dockerServer) create(ctx context.Context, opts Options, image *foundImage, password string) (addr string, err error) {
	host, err := daemonHost(ctx)
	if err != nil {
		return "", err
	}
	opts.logf("starting a container of %s", image.name)
	for attempt := 1; ; attempt++ {
		port, err := freePort()
		if err != nil {
			return "", err
		}
		d.container, err = testcontainers.Run(ctx, image.name, d.customise(opts, image, password, host, port)...)
		if err == nil {
			return d.reach(ctx, opts, host, port)
		}
		err = errors.Join(err, testcontainers.TerminateContainer(d.container))
		if attempt == portAttempts || !strings.Contains(err.Error(), "port is already allocated") &&
			!strings.Contains(err.Error(), "address already in use") {
			return "", fmt.Errorf("start a container of %s: %w", image.name, err)
		}
	}
}

// reach finds out under which address the port is published for us. testcontainers guesses that a process which itself
// runs in a container finds the daemon's machine behind its gateway; it may as well share that machine's network.
func (d *dockerServer) reach(ctx context.Context, opts Options, host string, port int) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, opts.StartTimeout)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	dialer := net.Dialer{Timeout: time.Second}
	for {
		for _, name := range []string{"127.0.0.1", host} {
			addr := net.JoinHostPort(name, strconv.Itoa(port))
			if conn, err := dialer.DialContext(ctx, "tcp", addr); err == nil {
				return addr, conn.Close()
			}
		}
		err := d.alive()
		if err == nil && ctx.Err() != nil {
			err = fmt.Errorf("port %d of the container answers neither on 127.0.0.1 nor on %s: set TESTCONTAINERS_HOST_OVERRIDE", port, host)
		}
		if err != nil {
			return "", errors.Join(err, testcontainers.TerminateContainer(d.container))
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// daemonHost is the name under which published ports are reached from here.
func daemonHost(ctx context.Context) (string, error) {
	provider, err := testcontainers.NewDockerProvider(testcontainers.WithLogger(silent{}))
	if err != nil {
		return "", fmt.Errorf("find the docker daemon: %w", err)
	}
	defer provider.Close()
	host, err := provider.DaemonHost(ctx)
	if err != nil {
		return "", fmt.Errorf("find the docker daemon's address: %w", err)
	}
	return host, nil
}

func (d *dockerServer) customise(opts Options, image *foundImage, password, host string, port int) []testcontainers.ContainerCustomizer {
	binding := network.PortBinding{HostPort: strconv.Itoa(port)}
	if host == "localhost" {
		binding.HostIP = netip.AddrFrom4([4]byte{127, 0, 0, 1}) // nobody else needs to see it
	}
	machine, _ := os.Hostname() // without a name nothing is swept, see sweepContainers
	custom := []testcontainers.ContainerCustomizer{
		testcontainers.WithLogger(silent{}),
		testcontainers.WithExposedPorts(serverPort),
		testcontainers.WithHostConfigModifier(func(config *container.HostConfig) {
			config.PortBindings = network.PortMap{network.MustParsePort(serverPort): {binding}}
		}),
		testcontainers.WithLabels(map[string]string{labelHost: machine, labelDir: d.dir.path}),
	}
	if image.hasEntrypoint {
		return append(custom, testcontainers.WithEnv(officialEnv(opts.Engine, password)), testcontainers.WithCmd(commonArgs(opts)...))
	}
	return append(custom,
		testcontainers.WithEnv(map[string]string{"UNDERPIN_ACCOUNTS": accountsSQL(opts.Engine, password), "TZ": "UTC", "LC_ALL": "C"}),
		testcontainers.WithEntrypoint("/bin/sh", "-euc", bareScript(opts.Engine), "server"),
		testcontainers.WithCmd(commonArgs(opts)...),
	)
}

// officialEnv is what the vendors' entrypoints take their superuser from.
func officialEnv(engine Engine, password string) map[string]string {
	prefix := "MYSQL_"
	if engine == MariaDB {
		prefix = "MARIADB_"
	}
	return map[string]string{prefix + "ROOT_PASSWORD": password, prefix + "ROOT_HOST": "%"}
}

// bareScript starts a server in an image that is only a file system, as BuildImage makes them. It does
// what native.go does: system tables at the first start, and an init file for the superuser.
func bareScript(engine Engine) string {
	server, initialize := "mysqld", "mysqld --no-defaults --user=root --initialize-insecure --datadir=/underpin/data"
	if engine == MariaDB {
		server = "mariadbd"
		initialize = "mariadb-install-db --no-defaults --user=root --datadir=/underpin/data --skip-test-db" +
			" --auth-root-authentication-method=normal --force"
	}
	return `if ! test -e /underpin/data; then
	mkdir -p /underpin
	printf '%s' "$UNDERPIN_ACCOUNTS" > /underpin/accounts.sql
	` + initialize + `
	set -- "$@" --init-file=/underpin/accounts.sql
fi
exec ` + server + ` --no-defaults --user=root --datadir=/underpin/data --socket=/underpin/sock --pid-file=/underpin/pid \
	--bind-address=0.0.0.0 --port=3306 --secure-file-priv= "$@"
`
}

func (d *dockerServer) start(ctx context.Context) error {
	_, err := d.docker.ContainerStart(ctx, d.container.GetContainerID(), client.ContainerStartOptions{})
	return err
}

func (d *dockerServer) alive() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	state, err := d.docker.ContainerInspect(ctx, d.container.GetContainerID(), client.ContainerInspectOptions{})
	if err != nil {
		return fmt.Errorf("look at the container: %w", err)
	}
	if state.Container.State.Running {
		return nil
	}
	return fmt.Errorf("the container has ended with code %d; the end of its log:\n%s", state.Container.State.ExitCode, d.logTail(ctx))
}

func (d *dockerServer) logTail(ctx context.Context) string {
	logs, err := d.docker.ContainerLogs(ctx, d.container.GetContainerID(),
		client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Tail: "15"})
	if err != nil {
		return err.Error()
	}
	defer logs.Close()
	var text strings.Builder
	if _, err := stdcopy.StdCopy(&text, &text, logs); err != nil {
		return err.Error()
	}
	return text.String()
}

// owns has nothing to check: the daemon itself binds the port, and the password is ours alone.
func (d *dockerServer) owns(context.Context, *sql.DB) error { return nil }

func (d *dockerServer) shutdown(ctx context.Context) error {
	patience := -1 // the context's
	_, err := d.docker.ContainerStop(ctx, d.container.GetContainerID(), client.ContainerStopOptions{Timeout: &patience})
	return err
}

func (d *dockerServer) kill(ctx context.Context) error {
	if d.alive() != nil {
		return nil //nolint:nilerr // it is dead already
	}
	_, err := d.docker.ContainerKill(ctx, d.container.GetContainerID(), client.ContainerKillOptions{Signal: "SIGKILL"})
	if err != nil {
		return err
	}
	wait := d.docker.ContainerWait(ctx, d.container.GetContainerID(), client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	select {
	case <-wait.Result:
		return nil
	case err := <-wait.Error:
		return err
	}
}

func (d *dockerServer) remove(ctx context.Context) error {
	_, err := d.docker.ContainerRemove(ctx, d.container.GetContainerID(), client.ContainerRemoveOptions{RemoveVolumes: true, Force: true})
	return errors.Join(err, d.docker.Close(), d.dir.remove())
}

// sweepContainers removes the containers of killed processes of this machine: those whose directory another start
// has swept. It is a courtesy, like sweep.
func sweepContainers(ctx context.Context, docker *client.Client) {
	machine, err := os.Hostname()
	if err != nil || machine == "" {
		return
	}
	filters := make(client.Filters).Add("label", labelHost+"="+machine)
	list, err := docker.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filters})
	if err != nil {
		return
	}
	for _, item := range list.Items {
		if _, err := os.Stat(item.Labels[labelDir]); errors.Is(err, os.ErrNotExist) {
			_, _ = docker.ContainerRemove(ctx, item.ID, client.ContainerRemoveOptions{RemoveVolumes: true, Force: true})
		}
	}
}

const envReaper = "TESTCONTAINERS_RYUK_DISABLED"

// settleReaper decides whether testcontainers may start its reaper, which removes the containers of killed processes:
// without its image no container would start at all. A decision of the caller's stands. Ours goes through the
// environment, the only way testcontainers has, and costs no more than a delay: sweepContainers does the work then.
func settleReaper(ctx context.Context, opts Options, docker *client.Client) {
	if os.Getenv(envReaper) != "" {
		return
	}
	//nolint:staticcheck // there is no other way to learn the image's name
	if err := pull(ctx, docker, testcontainers.ReaperDefaultImage, anonymous); err != nil {
		opts.logf("the reaper's image cannot be had (%v): going on with %s=true", err, envReaper)
		_ = os.Setenv(envReaper, "true") // fails for malformed names only
	}
}

// silent is a logger for testcontainers, which reports every step otherwise.
type silent struct{}

func (silent) Printf(string, ...any) {}
