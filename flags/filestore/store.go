package filestore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/underpin-db/underpin/flags"
)

// Store is the flags of a file. It is a [flags.Source] and a [flags.Hinter],
// safe for concurrent use.
type Store struct {
	path string

	mu     sync.Mutex
	memory flags.Memory
	seen   stamp
}

var (
	_ flags.Source = (*Store)(nil)
	_ flags.Hinter = (*Store)(nil)
)

// stamp tells whether a file is the one that was read.
type stamp struct {
	info os.FileInfo
}

func (s stamp) same(info os.FileInfo) bool {
	return s.info != nil && os.SameFile(s.info, info) && s.info.ModTime().Equal(info.ModTime()) && s.info.Size() == info.Size()
}

// Open returns the store of a file, which it reads once.
func Open(path string) (*Store, error) {
	s := &Store{path: path}
	return s, s.load()
}

// load reads the file if it is not the one that was read.
func (s *Store) load() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := os.Open(s.path)
	if err != nil {
		return fmt.Errorf("read the flags: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("read the flags: %w", err)
	}
	if s.seen.same(info) || s.seen.info != nil && fresh(info) {
		return nil
	}
	all, err := Parse(s.path, f, Whole)
	if err != nil {
		return err
	}
	if err := s.memory.Replace(all); err != nil {
		return err
	}
	s.seen = stamp{info}
	return nil
}

// settle is how long a file has to be left alone before it is read again: it may
// be written in several steps, and the first of them empties it.
const settle = 50 * time.Millisecond

// fresh says whether a file may still be being written. A time in the future
// says nothing.
func fresh(info os.FileInfo) bool {
	age := time.Since(info.ModTime())
	return age >= 0 && age < settle
}

// Fetch implements [flags.Source].
func (s *Store) Fetch(ctx context.Context, after flags.Position) (flags.Update, error) {
	if err := s.load(); err != nil {
		return flags.Update{}, err
	}
	return s.memory.Fetch(ctx, after)
}

// Watch implements [flags.Hinter]. It watches the folder, because a file that is
// replaced takes its watch along.
func (s *Store) Watch(ctx context.Context, hint func(flags.Hint), failed func(error)) {
	w, err := fsnotify.NewWatcher()
	if err == nil {
		defer func() { _ = w.Close() }() // nothing is written to it
		err = w.Add(filepath.Dir(s.path))
	}
	if err != nil {
		failed(fmt.Errorf("watch %s: %w", s.path, err))
		<-ctx.Done() // the poll looks at the file
		return
	}
	timer := time.NewTimer(settle + settle/2) // for what was written before the watch stood
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.Events:
			if !ok {
				return
			}
			if filepath.Base(e.Name) == filepath.Base(s.path) {
				timer.Reset(settle + settle/2)
			}
		case err, ok := <-w.Errors:
			if !ok {
				return
			}
			failed(errors.Join(fmt.Errorf("watch %s", s.path), err))
			timer.Reset(settle + settle/2)
		case <-timer.C:
			hint(flags.Hint{})
		}
	}
}
