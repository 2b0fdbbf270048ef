package servers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// foundImage is an image that the daemon has.
type foundImage struct {
	name          string
	hasEntrypoint bool // the vendors' have one; an imported folder has not
}

// LocalImage is the name that `withservers images` gives the image it builds. It is used when the
// default image cannot be pulled.
func LocalImage(engine Engine) string { return "underpin/" + string(engine) + ":local" }

// EnvImage is the environment variable that names the engine's image.
func (e Engine) EnvImage() string {
	if e == MariaDB {
		return "UNDERPIN_MARIADB_IMAGE"
	}
	return "UNDERPIN_MYSQL_IMAGE"
}

// images are the names to try: what the caller set, and only that, or the vendor's and then the local one.
func (e Engine) images() []string {
	if name := os.Getenv(e.EnvImage()); name != "" {
		return []string{name}
	}
	if e == MariaDB {
		return []string{"mariadb:" + mariadbSeries, LocalImage(e)}
	}
	return []string{"mysql:9", LocalImage(e)}
}

func findImage(ctx context.Context, opts Options, docker *client.Client) (*foundImage, error) {
	var errs []error
	for _, name := range opts.Engine.images() {
		err := pull(ctx, docker, name, registryLogin)
		if err != nil {
			errs = append(errs, fmt.Errorf("image %s: %w", name, err))
			continue
		}
		image, err := docker.ImageInspect(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("look at the image %s: %w", name, err)
		}
		return &foundImage{name: name, hasEntrypoint: image.Config != nil && len(image.Config.Entrypoint) > 0}, nil
	}
	return nil, absent("no image (set %s, or build one: go run ./integration/cmd/withservers -engines %s images): %w",
		opts.Engine.EnvImage(), opts.Engine, errors.Join(errs...))
}

// pullTime bounds a download over a slow line.
const pullTime = 10 * time.Minute

// pull makes sure that the daemon has the image. It tries once: testcontainers would retry for a quarter of an hour on a
// machine without a network.
func pull(ctx context.Context, docker *client.Client, name string, login func(context.Context, string) string) error {
	_, err := docker.ImageInspect(ctx, name)
	if err == nil || !errdefs.IsNotFound(err) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, pullTime)
	defer cancel()
	progress, err := docker.ImagePull(ctx, name, client.ImagePullOptions{RegistryAuth: login(ctx, name)})
	if err != nil {
		return err
	}
	defer progress.Close()
	return progress.Wait(ctx)
}

// anonymous and registryLogin are the ways to log in for a pull. The second makes testcontainers read its settings.
func anonymous(context.Context, string) string { return "" }

func registryLogin(ctx context.Context, name string) string {
	_, auth, err := testcontainers.DockerImageAuth(ctx, name)
	if err != nil {
		return "" // nobody has logged in to this registry
	}
	login, err := authconfig.Encode(auth)
	if err != nil {
		return ""
	}
	return login
}

// BuildImage builds a container image of the engine from a tree, which it installs when it is not there: for machines
// that cannot pull images. Like EnsureInstalled it needs Debian and root.
func BuildImage(ctx context.Context, engine Engine, name string, log io.Writer) error {
	opts := Options{Engine: engine, Log: log}
	if _, err := opts.complete(); err != nil {
		return err
	}
	dir, err := opts.ensureTree(ctx)
	if err != nil {
		return err
	}
	return ImportImage(ctx, dir, name, log)
}

// ensureTree installs a tree even where this machine has a server of its own, since only a tree can become an image.
func (o *Options) ensureTree(ctx context.Context) (dir string, err error) {
	tree, err := treeFor(o.Engine)
	if err != nil {
		return "", err
	}
	if dir, err = tree.dir(); err != nil {
		return "", err
	}
	in, err := newInstaller(ctx, o)
	if err != nil {
		return "", err
	}
	defer in.close()
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	return dir, in.buildTree(ctx, tree)
}

// ImportImage makes a container image of a folder that holds a whole file system with a server in it. Such an image has no
// entrypoint; this package starts it all the same.
func ImportImage(ctx context.Context, dir, name string, log io.Writer) error {
	opts := Options{Log: log}
	if _, err := opts.complete(); err != nil {
		return err
	}
	docker, err := dialDocker(ctx)
	if err != nil {
		return err
	}
	defer docker.Close()
	opts.logf("importing %s as the image %s", dir, name)
	// What servers running in the tree keep in /tmp, and what the kernel shows below /proc and /sys, is not part of it.
	archive := exec.CommandContext(ctx, "tar", "-C", dir, "--numeric-owner", "--one-file-system",
		"--exclude=./tmp/*", "--exclude=./proc/*", "--exclude=./sys/*", "-c", ".")
	var complaints strings.Builder
	archive.Stderr = &complaints
	stream, err := archive.StdoutPipe()
	if err != nil {
		return fmt.Errorf("pack %s: %w", dir, err)
	}
	if err := archive.Start(); err != nil {
		return fmt.Errorf("pack %s: %w", dir, err)
	}
	importErr := importStream(ctx, docker, stream, name)
	if importErr != nil {
		_ = archive.Process.Kill() // nobody reads on
	}
	if err := archive.Wait(); err != nil && importErr == nil {
		return fmt.Errorf("pack %s: %w: %s", dir, err, complaints.String())
	}
	return importErr
}

func importStream(ctx context.Context, docker *client.Client, stream io.Reader, name string) error {
	repository, tag := name, "latest"
	if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") { // a colon before that is a registry's port
		repository, tag = name[:i], name[i+1:]
	}
	source := client.ImageImportSource{Source: stream, SourceName: "-"}
	answer, err := docker.ImageImport(ctx, source, repository, client.ImageImportOptions{Tag: tag})
	if err != nil {
		return fmt.Errorf("import the image %s: %w", name, err)
	}
	defer answer.Close()
	// The daemon reports a failure inside a successful answer.
	for decoder := json.NewDecoder(answer); ; {
		var message struct {
			Error string `json:"error"`
		}
		switch err := decoder.Decode(&message); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("import the image %s: %w", name, err)
		case message.Error != "":
			return fmt.Errorf("import the image %s: %s", name, message.Error)
		}
	}
}
