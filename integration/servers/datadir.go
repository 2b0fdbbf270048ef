package servers

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// lockState is the outcome of an attempt at a lock.
type lockState int

const (
	lockBusy lockState = iota
	lockTaken
)

const (
	workPrefix = "underpin-server-"
	workLock   = "owner.lock"
	// youngest protects a directory between its creation and the moment its owner holds the lock.
	youngest = time.Minute
)

// memoryNeeded is several times what a whole run of the tests writes to one server.
const memoryNeeded = 6 << 30

// dataParent is where data directories are made when nobody says. A relaxed server does not promise to outlive its
// machine, and temporary tables, which MariaDB makes for most queries of information_schema, cost a disk's file system
// more than the server: it lives in memory where there is plenty. TMPDIR overrides that.
func (d Durability) dataParent() string {
	if d == Relaxed && os.Getenv("TMPDIR") == "" {
		return cmp.Or(memoryFor(memoryNeeded), os.TempDir())
	}
	return os.TempDir()
}

// workDir is the temporary directory of one server, held by a lock for as long as its owner lives.
type workDir struct {
	path string
	lock *os.File
}

// newWorkDir makes a directory below parent, and removes those whose owners have died.
func newWorkDir(parent string) (*workDir, error) {
	sweep(parent)
	path, err := os.MkdirTemp(parent, workPrefix)
	if err != nil {
		return nil, fmt.Errorf("make the server's directory: %w", err)
	}
	lock, err := os.Create(filepath.Join(path, workLock))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make the server's directory: %w", err), os.RemoveAll(path))
	}
	dir := &workDir{path: path, lock: lock}
	if _, err := tryLock(lock); err != nil {
		return nil, errors.Join(err, dir.remove())
	}
	// The server tells its data directory with symbolic links resolved, and is recognised by it.
	if dir.path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, errors.Join(fmt.Errorf("make the server's directory: %w", err), dir.remove())
	}
	return dir, nil
}

func (d *workDir) remove() error {
	return errors.Join(os.RemoveAll(d.path), d.lock.Close())
}

// sweep removes what killed processes left. It is a courtesy: whatever goes wrong is left for the next one.
func sweep(parent string) {
	paths, _ := filepath.Glob(filepath.Join(parent, workPrefix+"*")) // the pattern is well-formed
	for _, path := range paths {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < youngest {
			continue
		}
		lock, err := os.OpenFile(filepath.Join(path, workLock), os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if state, err := tryLock(lock); err == nil && state == lockTaken {
			_ = os.RemoveAll(path)
		}
		_ = lock.Close()
	}
}
