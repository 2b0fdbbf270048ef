package servers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

const (
	redisProgram = "redis-server"
	redisPort    = "6379/tcp"
	// EnvRedisImage is the environment variable that names the image of Redis.
	EnvRedisImage = "UNDERPIN_REDIS_IMAGE"
	redisImage    = "redis:7"
)

func redisURL(addr, password string) string { return "redis://:" + password + "@" + addr + "/0" }

// redisProcess is the backend of a Redis that runs as a child process.
type redisProcess struct {
	path    string
	dir     *workDir
	config  string // read from standard input: a password on a command line is everybody's
	running *child
}

func startRedisProgram(ctx context.Context, opts Options, source Source) (*Redis, error) {
	path, ok := lookUp(redisProgram)
	if !ok {
		return nil, absent("no %s in PATH or %s", redisProgram, strings.Join(programPlaces(), ", "))
	}
	for attempt := 1; ; attempt++ {
		r, err := tryRedisProgram(ctx, path, opts, source)
		if err == nil || attempt == portAttempts || !strings.Contains(err.Error(), "Address already in use") {
			return r, err
		}
	}
}

func tryRedisProgram(ctx context.Context, path string, opts Options, source Source) (*Redis, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dir, err := newWorkDir(opts.Dir)
	if err != nil {
		return nil, err
	}
	password := newPassword()
	p := &redisProcess{path: path, dir: dir, config: fmt.Sprintf(
		"port %d\nbind 127.0.0.1\nrequirepass %s\nsave \"\"\nappendonly no\ndir %s\nlogfile %s\n", port, password, dir.path, dir.path+"/server.log")}
	if err := p.start(ctx); err != nil {
		return nil, errors.Join(err, dir.remove())
	}
	return newRedis(ctx, source, redisURL(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), password), p)
}

func (p *redisProcess) start(context.Context) error {
	cmd := redisCommand(p.path, "-")
	cmd.Stdin = strings.NewReader(p.config)
	cmd.Dir = p.dir.path
	running, err := startChild(cmd, "")
	if err != nil {
		return err
	}
	p.running = running
	return nil
}

func (p *redisProcess) alive() error {
	select {
	case <-p.running.done:
		return fmt.Errorf("redis has ended (%s)%s", fmt.Sprint(p.running.err), tailOf(p.dir.path+"/server.log"))
	default:
		return nil
	}
}

func (p *redisProcess) kill(context.Context) error {
	p.running.kill()
	return nil
}

func (p *redisProcess) remove(context.Context) error {
	p.running.kill()
	return p.dir.remove()
}

// redisContainer is the backend of a Redis in a container.
type redisContainer struct {
	docker    *client.Client
	container *testcontainers.DockerContainer
}

func startRedisContainer(ctx context.Context, opts Options) (*Redis, error) {
	docker, err := dialDocker(ctx)
	if err != nil {
		return nil, err
	}
	settleReaper(ctx, opts, docker)
	image := redisImage
	if name := os.Getenv(EnvRedisImage); name != "" {
		image = name
	}
	if err := pull(ctx, docker, image, registryLogin); err != nil {
		return nil, errors.Join(absent("no image %s (set %s): %w", image, EnvRedisImage, err), docker.Close())
	}
	port, err := freePort() // one of our choosing, as docker would give it another one at each restart
	if err != nil {
		return nil, errors.Join(err, docker.Close())
	}
	password := newPassword()
	opts.logf("starting a container of %s", image)
	c, err := testcontainers.Run(ctx, image,
		testcontainers.WithLogger(silent{}),
		testcontainers.WithExposedPorts(redisPort),
		testcontainers.WithHostConfigModifier(func(config *container.HostConfig) {
			config.PortBindings = network.PortMap{network.MustParsePort(redisPort): {network.PortBinding{HostPort: strconv.Itoa(port)}}}
		}),
		testcontainers.WithCmd(redisProgram, "--bind", "0.0.0.0", "--requirepass", password, "--save", "", "--appendonly", "no"),
	)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start a container of %s: %w", image, err), testcontainers.TerminateContainer(c), docker.Close())
	}
	d := &redisContainer{docker, c}
	addr, err := (&dockerServer{engine: redisEngine, docker: docker, container: c}).reach(ctx, opts, "127.0.0.1", port)
	if err != nil {
		return nil, errors.Join(err, docker.Close())
	}
	return newRedis(ctx, Docker, redisURL(addr, password), d)
}

func (d *redisContainer) start(ctx context.Context) error {
	return (&dockerServer{docker: d.docker, container: d.container}).start(ctx)
}

func (d *redisContainer) alive() error {
	return (&dockerServer{docker: d.docker, container: d.container}).alive()
}

func (d *redisContainer) kill(ctx context.Context) error {
	return (&dockerServer{docker: d.docker, container: d.container}).kill(ctx)
}

func (d *redisContainer) remove(ctx context.Context) error {
	_, err := d.docker.ContainerRemove(ctx, d.container.GetContainerID(), client.ContainerRemoveOptions{RemoveVolumes: true, Force: true})
	return errors.Join(err, d.docker.Close())
}
