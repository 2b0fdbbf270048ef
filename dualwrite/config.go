package dualwrite

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/fleet"
)

// Defaults of [Config].
const (
	DefaultLease  = fleet.DefaultLease
	DefaultPoll   = 500 * time.Millisecond
	DefaultShadow = 100 // basis points
	// NoShadow as a [Config.Shadow] or [Support.Shadow] makes no shadow reads.
	NoShadow = -1
)

// Support declares what a release can do about one change.
type Support struct {
	// Change is the change's name.
	Change string
	// Writes is the shape in which the release writes. Required.
	Writes migrate.Shape
	// Through is the last mode, on the way of a change that is never rolled
	// back, that the release can work in. The zero value is Off: the release
	// takes the fence and can do nothing else yet.
	Through migrate.Mode
	// Shadow is the share of reads of this change that are compared, in basis
	// points. Defaults to Config.Shadow; [NoShadow] makes none.
	Shadow int
}

// Config says who joins and how. Only Service, Release and Changes are needed.
type Config struct {
	// Service is the application, Release the version of its code. Required.
	Service, Release string
	// Changes is what the release declares. A change that nobody has planned
	// yet may be among them.
	Changes []Support

	// Instance is the id of this process, 32 hexadecimal digits from
	// [NewIdentity]. Defaults to that of a pool made with [Connector], else to
	// a new one.
	Instance string
	// Tagged says that every connection of the pool carries Instance as a
	// connection attribute. It is found out for a pool made with [Connector].
	Tagged migrate.Choice
	// Host is how the process names its machine. Defaults to os.Hostname.
	Host string

	// Lease is how long the fleet counts this process as live after it was
	// last heard of, and for how long it serves without being heard. Defaults
	// to [DefaultLease].
	Lease time.Duration
	// Poll is how often the settings are read. Defaults to [DefaultPoll]. It
	// bounds how far reads lag behind a transition; writes do not lag.
	Poll time.Duration
	// Retry is how a unit of work is tried again. The zero value is right.
	Retry Backoff
	// Shadow is the share of reads that are compared, in basis points. Defaults
	// to [DefaultShadow]; [NoShadow] makes none.
	Shadow int

	// Prepare says whether mirrors are kept prepared on the server. Defaults to
	// [PrepareUsual].
	Prepare Preparation
	// Commit says how a unit is committed. Defaults to [CommitApart].
	Commit Committing

	// Chain says how transactions begin. Defaults to [ChainProven].
	Chain Chaining

	// Metrics is told what happens. Defaults to nobody.
	Metrics Metrics
	// Logger is told of what no caller hears of: a lease lost, a setting that
	// cannot be read. Defaults to slog.Default.
	Logger *slog.Logger
}

// Backoff is a capped exponential delay with full jitter.
type Backoff struct {
	Attempts int           // defaults to 8
	Base     time.Duration // ceiling of the first delay; defaults to 10 ms
	Max      time.Duration // ceiling of every delay; defaults to 1 s
}

func (c Config) withDefaults() Config {
	c.Instance = cmp.Or(c.Instance, NewIdentity())
	c.Lease = cmp.Or(c.Lease, DefaultLease)
	c.Poll = cmp.Or(c.Poll, DefaultPoll)
	c.Shadow = cmp.Or(c.Shadow, DefaultShadow)
	if c.Host == "" {
		c.Host, _ = os.Hostname() // a host without a name is told apart by its id
	}
	if c.Metrics == nil {
		c.Metrics = NoMetrics{}
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	changes := make([]Support, len(c.Changes))
	for i, s := range c.Changes {
		s.Shadow = cmp.Or(s.Shadow, c.Shadow)
		changes[i] = s
	}
	c.Changes = changes
	return c
}

func (c Config) validate() error {
	invalid := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrInvalidConfig}, args...)...)
	}
	switch {
	case c.Service == "":
		return invalid("Service is empty: name the application")
	case c.Release == "":
		return invalid("Release is empty: name the version of the code")
	case strings.Contains(c.Service+c.Release, ","):
		return invalid("Service and Release must not contain a comma: they are connection attributes")
	case c.Poll < 0 || c.Lease < 0:
		return invalid("Poll and Lease must not be negative")
	case c.Lease < 3*c.Poll:
		return invalid("Lease %v is shorter than three times Poll %v: it would run out by itself", c.Lease, c.Poll)
	case c.Shadow > migrate.RampFull:
		return invalid("Shadow is %d basis points: at most %d", c.Shadow, migrate.RampFull)
	}
	seen := map[string]bool{}
	for _, s := range c.Changes {
		if _, err := control.NewFencer(s.Change); err != nil {
			return invalid("Changes: %w", err)
		}
		if _, err := migrate.ParseShape(string(s.Writes)); err != nil {
			return invalid("change %s: Writes: %w", s.Change, err)
		}
		if _, err := migrate.ParseMode(s.Through.String()); err != nil {
			return invalid("change %s: Through: %w", s.Change, err)
		}
		if len(s.capability().Modes) == 0 {
			return invalid("change %s: a release that writes the target shape supports no mode up to %s: say Through: %s or %s",
				s.Change, s.Through, migrate.ReadNew, migrate.NewOnly)
		}
		if s.Shadow > migrate.RampFull {
			return invalid("change %s: Shadow is %d basis points: at most %d", s.Change, s.Shadow, migrate.RampFull)
		}
		if seen[s.Change] {
			return invalid("change %s is declared twice", s.Change)
		}
		seen[s.Change] = true
	}
	return nil
}

func (s Support) capability() migrate.Capability {
	return migrate.CapabilityThrough(s.Writes, s.Through)
}

// mirrors reports whether the release can be in a mode that mirrors.
func (s Support) mirrors() bool {
	for _, m := range s.capability().Modes {
		if both(m) {
			return true
		}
	}
	return false
}

// both reports whether a write in the mode has to reach both shapes.
func both(m migrate.Mode) bool {
	w := m.Writes()
	return w.Source && w.Target
}

func (b Backoff) internal() mysqlx.Backoff {
	return mysqlx.Backoff{Attempts: b.Attempts, Base: b.Base, Max: b.Max}
}
