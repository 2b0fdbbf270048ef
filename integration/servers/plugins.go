package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// MariaDBPlugins returns the arguments with which a private MariaDB finds the plugins that Debian keeps in a package
// beside the server's. The package is unpacked into the cache and not installed, since that would start a server. There
// are no arguments where the server brings its plugins along, as in a container.
func MariaDBPlugins(t testing.TB) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), firstStart)
	defer cancel()
	args, err := (&Options{Engine: MariaDB, Log: os.Stderr}).plugins(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return args
}

// unpackPlugins runs where the server does: this machine or a tree. The plugins have to be of the server's version.
const unpackPlugins = `set -e
version=$(dpkg-query --show --showformat='${Version}' mariadb-server-core)
rm -rf "$1.tmp"
mkdir -p "$1.tmp"
cd "$1.tmp"
apt-get download "mariadb-server=$version"
dpkg-deb --extract mariadb-server_*.deb .
rm mariadb-server_*.deb
mv "$1.tmp" "$1"`

func (o *Options) plugins(ctx context.Context) ([]string, error) {
	if _, err := o.complete(); err != nil {
		return nil, err
	}
	found, err := o.ensureInstalled(ctx)
	if missing := (*absentError)(nil); errors.As(err, &missing) {
		return nil, nil // a container then
	}
	if err != nil {
		return nil, err
	}
	dir, err := found.pluginDir()
	if err != nil {
		return nil, err
	}
	args := []string{"--plugin-dir=" + filepath.Join(dir, "usr/lib/mysql/plugin")}
	if _, err := os.Stat(filepath.Join(found.root, dir)); err == nil {
		return args, nil
	}
	in, err := newInstaller(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("the plugins of MariaDB are not on this machine, and cannot be fetched: %w", err)
	}
	defer in.close()
	if _, err := os.Stat(filepath.Join(found.root, dir)); err == nil {
		return args, nil // another process has fetched them meanwhile
	}
	in.logf("unpacking the plugins of the package mariadb-server into %s", filepath.Join(found.root, dir))
	return args, in.unpack(ctx, found.root, dir)
}

// pluginDir is where the plugins of that version are kept, as the server sees it.
func (p *program) pluginDir() (string, error) {
	if p.root != "" {
		return "/var/lib/underpin-plugins", nil
	}
	template, err := p.templateDir(MariaDB)
	return template + "-plugins", err
}

func (in *installer) unpack(ctx context.Context, root, dir string) error {
	if root != "" {
		undo, err := lendAptSettings(ctx, root)
		if err != nil {
			return err
		}
		return errors.Join(in.run(ctx, root, "/bin/sh", "-c", unpackPlugins, "sh", dir), undo())
	}
	return in.run(ctx, "", "sh", "-c", unpackPlugins, "sh", dir)
}
