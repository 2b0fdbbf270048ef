package fleet

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate"
)

// DefaultLease is how long an instance that stays silent counts as live.
const DefaultLease = 15 * time.Second

// Instance is one running process of the application.
type Instance struct {
	// ID is 32 hexadecimal digits from [NewID], the same for the life of the
	// process: its connections may carry it.
	ID string
	// Service is the application, Release the version of its code, Host and
	// PID where it runs.
	Service, Release, Host string
	PID                    int
	// Tagged says that every connection of the process carries ID as the
	// connection attribute mysqlx.AttributeInstance.
	Tagged migrate.Choice
	// Supports is what the release declares, by change. A change that is not
	// in it is one the code has never heard of.
	Supports map[string]migrate.Capability
}

// Applied is how far an instance has come with a change: no read that it began
// under an epoch older than Epoch is left. The other fields are the shadow
// reads made under ShadowEpoch and how many of them differed.
type Applied = control.Progress

// NewID returns a new instance id.
func NewID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// ErrInvalidInstance says that an announcement cannot be recorded as it is.
var ErrInvalidInstance = errors.New("the instance cannot be announced")

var (
	validID     = regexp.MustCompile(`^[0-9a-f]{32}$`)
	validChange = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
)

// check refuses what would not fit its column: the session is the
// application's, and one that is not strict would cut it silently.
func (in Instance) check() error {
	if !validID.MatchString(in.ID) {
		return fmt.Errorf("%w: its id %q is not 32 hexadecimal digits, take one from NewID", ErrInvalidInstance, in.ID)
	}
	for _, field := range []struct {
		name, value string
		most        int
	}{{"service", in.Service, 64}, {"release", in.Release, 128}, {"host", in.Host, 255}} {
		switch n := utf8.RuneCountInString(field.value); {
		case n == 0 && field.name != "host":
			return fmt.Errorf("%w: it names no %s", ErrInvalidInstance, field.name)
		case n > field.most || !utf8.ValidString(field.value):
			return fmt.Errorf("%w: its %s has to be valid UTF-8 of at most %d characters", ErrInvalidInstance, field.name, field.most)
		}
	}
	if in.PID < 0 {
		return fmt.Errorf("%w: its process id %d is negative", ErrInvalidInstance, in.PID)
	}
	for name, c := range in.Supports {
		if !validChange.MatchString(name) {
			return fmt.Errorf("%w: %q is no name of a change: use up to 64 of A-Z a-z 0-9 _ . -", ErrInvalidInstance, name)
		}
		if _, err := migrate.ParseShape(string(c.Writes)); err != nil {
			return fmt.Errorf("%w: what it declares for %s: %w", ErrInvalidInstance, name, err)
		}
	}
	return nil
}

// changes returns the names of the declared changes in order.
func (in Instance) changes() []string { return slices.Sorted(maps.Keys(in.Supports)) }

func (in Instance) row() control.Instance {
	return control.Instance{
		ID: in.ID, Service: in.Service, Release: in.Release, Host: in.Host, PID: uint64(in.PID), Tagged: in.Tagged,
	}
}

func (in Instance) supportRows(applied map[string]Applied) []control.Support {
	var out []control.Support
	for _, name := range in.changes() {
		out = append(out, control.Support{Instance: in.ID, Change: name, Capability: in.Supports[name], Progress: applied[name]})
	}
	return out
}
