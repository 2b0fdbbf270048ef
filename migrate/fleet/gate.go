package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/migrate"
)

// Blocker is one process, connection or schema object that keeps a gate shut.
// Fields that do not apply are zero.
type Blocker struct {
	Host     string `json:"host,omitempty"` // of an instance as it names it, of a connection as the server sees it, with port
	PID      uint64 `json:"pid,omitempty"`
	Release  string `json:"release,omitempty"`
	Instance string `json:"instance,omitempty"`
	User     string `json:"user,omitempty"` // user@host as the server sees it
	// Reason finishes a sentence that names the blocker and says what to do.
	Reason string `json:"reason"`
	// LastSeen is when it was last looked at and was there, by the clock of
	// the process that looked.
	LastSeen time.Time `json:"last_seen,omitzero"`
	// Left is what is left of an instance's lease: how long it can hold up the
	// gate if it has died.
	Left time.Duration `json:"left,omitempty"`

	// Object is what in the schema is in the way: "view `people`".
	Object string `json:"object,omitempty"`

	// The rest is about connections.
	Connection uint64        `json:"connection,omitempty"` // the server's id
	Program    string        `json:"program,omitempty"`    // the attribute program_name
	Database   string        `json:"database,omitempty"`
	Command    string        `json:"command,omitempty"`
	Since      time.Duration `json:"since,omitempty"` // how long it has been doing that
}

// String names the blocker and gives the reason.
func (b Blocker) String() string {
	switch {
	case b.Object != "":
		return b.Object + ": " + b.Reason
	case b.Connection != 0:
		return fmt.Sprintf("connection %d of %s from %s: %s", b.Connection, b.User, b.Host, b.Reason)
	case b.Instance != "":
		return fmt.Sprintf("release %s on %s (pid %d): %s", b.Release, b.Host, b.PID, b.Reason)
	}
	return fmt.Sprintf("%s: %s", b.User, b.Reason)
}

func (l LiveInstance) blocker(reason string) Blocker {
	return Blocker{
		Host: l.Host, PID: l.PID, Release: l.Release, Instance: l.ID, User: l.User, Reason: reason,
		LastSeen: time.Now(), Left: l.Left,
	}
}

// Unsupported returns the live instances that could not run under the next
// setting: those that do not support it, and, once both shapes are written,
// those of the service that do not declare the change.
func Unsupported(live []LiveInstance, next migrate.Setting) []Blocker {
	var out []Blocker
	for _, l := range live {
		switch {
		case l.Declared == migrate.Yes:
			if ok, why := l.Capability.Supports(next); !ok {
				out = append(out, l.blocker(why+": replace it by a release that does, or stop it"))
			}
		case next.Mode != migrate.Off && next.Phase != migrate.Closed:
			out = append(out, l.blocker("it does not declare the change and takes no fence: replace it by a release that does, or stop it"))
		}
	}
	return out
}

// Behind returns the live instances that have not acknowledged the epoch: reads
// which they began under an older one may be under way. Instances that do not
// declare the change know nothing but the source and have nothing to
// acknowledge; [Unsupported] is the gate for them.
func Behind(live []LiveInstance, epoch uint64) []Blocker {
	var out []Blocker
	for _, l := range live {
		if l.Declared == migrate.Yes && l.Applied.Epoch < epoch {
			out = append(out, l.blocker(fmt.Sprintf("it has acknowledged epoch %d of %d: wait for its next heartbeat and for its reads to end",
				l.Applied.Epoch, epoch)))
		}
	}
	return out
}

// Declaring returns the live instances that declare the change at all. A change
// can be closed when there are none.
func Declaring(live []LiveInstance) []Blocker {
	var out []Blocker
	for _, l := range live {
		if l.Declared == migrate.Yes {
			out = append(out, l.blocker("it still declares the change: remove the change from its code and release it"))
		}
	}
	return out
}

// NotAmong returns the live instances of a service that run none of the releases
// which were written for a change. It is the gate of changes that go by releases
// alone; see migrate.Change.
func NotAmong(live []LiveInstance, service string, releases []string) []Blocker {
	var out []Blocker
	for _, l := range live {
		if l.Service == service && !slices.Contains(releases, l.Release) {
			out = append(out, l.blocker("it runs a release that the change does not name: replace it by "+strings.Join(releases, " or ")+", or stop it"))
		}
	}
	return out
}
