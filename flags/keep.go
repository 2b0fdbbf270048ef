package flags

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Errors of a snapshot on disk.
var (
	// ErrNewerSnapshot says that a newer release wrote the snapshot.
	ErrNewerSnapshot = errors.New("the snapshot of the flags was written by a newer release")
	// ErrBadSnapshot says that the snapshot is not as it was written.
	ErrBadSnapshot = errors.New("the snapshot of the flags is damaged")
)

// snapshotFormat is the version of the file's format.
const snapshotFormat = 1

// header is the first line of a snapshot; the flags follow, each a line of JSON.
type header struct {
	Format    int       `json:"underpin_flags"`
	At        Position  `json:"at"`
	Confirmed time.Time `json:"confirmed"`
	Sum       string    `json:"sha256"`
}

// sum covers the header's other fields and the body.
func (h header) sum(body []byte) string {
	s := sha256.New()
	fmt.Fprintf(s, "%d %d %s %s\n", h.Format, h.At.Version, h.At.Token, h.Confirmed.UTC().Format(time.RFC3339Nano))
	s.Write(body) // a hash takes everything
	return hex.EncodeToString(s.Sum(nil))
}

// writeSnapshot replaces the file at once: whoever reads it, also after a crash,
// finds the old one or the new one.
func writeSnapshot(path string, h header, body []byte, how saving) error {
	h.Format, h.Confirmed = snapshotFormat, h.Confirmed.UTC().Round(0)
	h.Sum = h.sum(body)
	head, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("write the snapshot %s: %w", path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write the snapshot %s: %w", path, err)
	}
	_, err = f.Write(slices.Concat(head, []byte("\n"), body))
	if err == nil && how == saveNow {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write the snapshot %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// readSnapshot reads a snapshot. It returns fs.ErrNotExist, [ErrNewerSnapshot]
// or [ErrBadSnapshot] for one that cannot be used.
func readSnapshot(path string) (header, []Flag, error) {
	var h header
	text, err := os.ReadFile(path)
	if err != nil {
		return h, nil, fmt.Errorf("read the snapshot of the flags: %w", err)
	}
	line, err := bufio.NewReader(bytes.NewReader(text)).ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &h) != nil {
		return h, nil, fmt.Errorf("%w: %s has no head", ErrBadSnapshot, path)
	}
	if h.Format > snapshotFormat {
		return h, nil, fmt.Errorf("%w: %s has format %d, this release knows %d", ErrNewerSnapshot, path, h.Format, snapshotFormat)
	}
	body := text[len(line):]
	if h.Sum != h.sum(body) {
		return h, nil, fmt.Errorf("%w: the checksum of %s does not hold", ErrBadSnapshot, path)
	}
	all, err := decodeLines(body)
	if err != nil {
		return h, nil, fmt.Errorf("%w: %s: %w", ErrBadSnapshot, path, err)
	}
	return h, all, nil
}

// decodeLines reads one flag a line, on all processors: it is most of what a
// start with many flags takes.
func decodeLines(body []byte) ([]Flag, error) {
	lines := bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))
	if len(body) == 0 {
		return nil, nil
	}
	all, errs := make([]Flag, len(lines)), make([]error, len(lines))
	onAllCores(len(lines), func(i int) { errs[i] = json.Unmarshal(lines[i], &all[i]) })
	return all, cmp.Or(errs...)
}

// encodeLines is what decodeLines reads.
func encodeLines(all []Flag) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for _, f := range all {
		if err := enc.Encode(f); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// restore starts from the snapshot on disk, if there is one that can be used,
// at the age that it has by the machine's clock. A time in the future says
// nothing about the age, so the copy counts as stale.
func (c *Client) restore() error {
	if c.cfg.Snapshot == "" {
		return nil
	}
	h, all, err := readSnapshot(c.cfg.Snapshot)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		c.cfg.Logger.Warn("flags: the snapshot on disk is not used", "error", err)
		return err
	}
	now := time.Now()
	age := now.Round(0).Sub(h.Confirmed)
	c.take(nil, Update{At: h.At, Scope: Whole, Flags: all})
	if age >= 0 {
		c.confirm(now.Add(-age)) // carries the monotonic clock
	}
	return nil
}

// saving says when a snapshot is written.
type saving string

const (
	saveInTime saving = ""    // when the time on disk is getting old
	saveNow    saving = "now" // the flags have changed, or the process ends
)

// saveEvery is how old the time on disk may get while nothing changes: so much
// older than it is does a copy look after a restart.
const saveEvery = 10 * time.Second

// keeper is what the poller alone knows: the copy as the store last had it, the
// flags as they were written down, for the disk, and how long the store has been
// behind.
type keeper struct {
	base   *snapshot
	path   string
	flags  register
	body   []byte // the flags as last written
	saved  time.Time
	behind time.Time
}

// register is the flags by name, as written down. It is kept only where there
// is a file to keep them in.
type register struct{ all map[string]Flag }

func (r *register) apply(u Update) {
	if r.all == nil || u.Scope == Whole {
		r.all = make(map[string]Flag, len(u.Flags))
	}
	for _, f := range u.Flags {
		r.all[f.Name] = f
	}
	for _, name := range u.Removed {
		delete(r.all, name)
	}
}

func (r *register) list() []Flag {
	out := make([]Flag, 0, len(r.all))
	for _, f := range r.all {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b Flag) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// save writes the snapshot if it is time to.
func (c *Client) save(how saving) error {
	k := &c.keeper
	if k.path == "" || c.copy.Load() == nil || how == saveInTime && time.Since(k.saved) < saveEvery {
		return nil
	}
	c.mu.Lock()
	h := header{At: k.base.at, Confirmed: c.confirmed}
	c.mu.Unlock()
	if how == saveNow || k.body == nil {
		body, err := encodeLines(k.flags.list())
		if err != nil {
			return fmt.Errorf("write the snapshot %s: %w", k.path, err)
		}
		k.body = body
	}
	if err := writeSnapshot(k.path, h, k.body, how); err != nil {
		return err
	}
	k.saved = time.Now()
	return nil
}
