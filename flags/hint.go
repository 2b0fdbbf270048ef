package flags

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
)

// Hinter tells that there may be something new, as soon as it knows. Hints may
// be late, doubled, out of order, forged or lost: see [Hint].
type Hinter interface {
	// Watch calls hint, from one goroutine at a time, with what it was told until
	// the context ends. It goes on after errors, which it reports to failed.
	Watch(ctx context.Context, hint func(Hint), failed func(error))
}

// Hint is word of a change, by a way that nobody has to trust. The zero value
// says that there may be something new.
//
// A client takes the change itself out of a hint if its copy is the one that the
// change was made on; any other hint brings its next poll forward, unless the copy
// has the version already. What was taken from a hint is served, and is not
// confirmed: the age of the copy stays, the snapshot on disk is without it, and
// the next poll asks for what is new since the store's own last word, so that the
// store is believed wherever it says otherwise.
type Hint struct {
	// Version is that of the change; 0 where it is not known.
	Version uint64
	// Sealed is the change, nil where it is not there. [NewHint] makes it.
	Sealed []byte
}

// MaxHint is the most bytes of a change that goes into a hint. Larger ones are
// fetched.
const MaxHint = 64 << 10

// hintFormat is the version of what is sealed. A client that meets another one
// polls.
const hintFormat = 1

// hintKeys is the context of the keys that seal hints.
const hintKeys = "underpin flags hint"

// NewHint returns the hint of the change that brought a store from one position
// to the next. Where the change cannot be part of it, because it is too large or
// the first of the store, the hint has the version alone.
//
// The change is sealed (AES-256-GCM) under a key derived (HKDF-SHA-256) from the
// token of the position before, 128 random bits that only the store's readers
// know. So a copy can open exactly the change that follows its own position, in
// its own history; whoever carries hints can neither read nor make one.
func NewHint(before Position, u Update) Hint {
	h := Hint{Version: u.At.Version}
	if before.Token == "" || u.Scope != Changed || u.At.Version != before.Version+1 {
		return h
	}
	text, err := json.Marshal(hinted{u.At, u.Flags, u.Removed})
	if err != nil || len(text) > MaxHint {
		return h
	}
	aead, err := hintCipher(before)
	if err != nil {
		return h
	}
	h.Sealed = aead.Seal([]byte{hintFormat}, nil, text, h.bound())
	return h
}

// hinted is what is sealed.
type hinted struct {
	At      Position `json:"at"`
	Flags   []Flag   `json:"flags,omitempty"`
	Removed []string `json:"removed,omitempty"`
}

// open returns the change that follows a position; not ok where the hint has no
// change, or not that one.
func (h Hint) open(at Position) (u Update, ok bool) {
	if at.Token == "" || h.Version != at.Version+1 || len(h.Sealed) == 0 || len(h.Sealed) > 2*MaxHint || h.Sealed[0] != hintFormat {
		return u, false
	}
	aead, err := hintCipher(at)
	if err != nil {
		return u, false
	}
	text, err := aead.Open(nil, nil, h.Sealed[1:], h.bound())
	if err != nil {
		return u, false
	}
	var c hinted
	if json.Unmarshal(text, &c) != nil || c.At.Version != h.Version || c.At.Token == "" {
		return u, false
	}
	return Update{At: c.At, Scope: Changed, Flags: c.Flags, Removed: c.Removed}, true
}

// bound is what the seal binds the change to.
func (h Hint) bound() []byte {
	return binary.BigEndian.AppendUint64([]byte{hintFormat}, h.Version)
}

func hintCipher(before Position) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(before.Token), nil, hintKeys, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// hint takes the change out of a hint, or asks for a poll unless the copy has the
// version already.
func (c *Client) hint(h Hint) {
	c.cfg.Metrics.Hinted()
	if s := c.copy.Load(); h.Version != 0 && s != nil && h.Version <= s.at.Version {
		return
	}
	if c.takeHint(h) {
		return
	}
	select {
	case c.hinted <- struct{}{}:
	default: // somebody has asked, and the poll is still to come
	}
}

// takeHint makes the change of a hint part of what is served, if it is the one
// that follows and nothing is wrong with it.
func (c *Client) takeHint(h Hint) bool {
	c.taking.Lock()
	defer c.taking.Unlock()
	shown := c.copy.Load()
	if shown == nil {
		return false
	}
	u, ok := h.open(shown.at)
	if !ok {
		return false
	}
	next, changed, bad := shown.next(u)
	if len(bad) > 0 {
		return false // the poll will say what is wrong
	}
	c.told = c.told.with(u)
	c.show(next, changed)
	return true
}

// told is what hints have said since the store was last heard: flags as they
// were told to be, nil for those removed.
type told map[string]*Flag

func (t told) with(u Update) told {
	if t == nil {
		t = told{}
	}
	for name, f := range flagsOf(u) {
		t[name] = f
	}
	return t
}

// settle forgets what the store has said meanwhile, changed being what its update
// changes in the copy without hints.
func (t told) settle(changed []string, u Update) {
	said := flagsOf(u)
	for _, name := range changed {
		if was, heard := t[name]; heard && sameFlag(was, said[name]) {
			delete(t, name)
		}
	}
}

// flagsOf returns what an update says of each flag, nil for those removed.
func flagsOf(u Update) map[string]*Flag {
	out := make(map[string]*Flag, len(u.Flags)+len(u.Removed))
	for i := range u.Flags {
		out[u.Flags[i].Name] = &u.Flags[i]
	}
	for _, name := range u.Removed {
		out[name] = nil
	}
	return out
}

// news turns the names of the flags that the store's update changes in the copy
// without hints into those that it changes in the copy with them, and returns
// the ones of which a hint had said something else of the same version.
func (t told) news(changed []string, u Update) (out, wrong []string) {
	if len(t) == 0 {
		return changed, nil
	}
	said, listed := flagsOf(u), map[string]bool{}
	for _, name := range changed {
		listed[name] = true
		was, heard := t[name]
		is := said[name]
		if heard && sameFlag(was, is) {
			continue
		}
		out = append(out, name)
		if was != nil && is != nil && was.Version == is.Version {
			wrong = append(wrong, name)
		}
	}
	for name := range t {
		if !listed[name] { // as it was before the hint
			out = append(out, name)
			wrong = append(wrong, name)
		}
	}
	return out, wrong
}

func sameFlag(a, b *Flag) bool {
	if a == nil || b == nil {
		return a == b
	}
	left, errLeft := json.Marshal(a.Normalised())
	right, errRight := json.Marshal(b.Normalised())
	return errLeft == nil && errRight == nil && string(left) == string(right)
}
