package demo

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/underpin-db/underpin/integration/servers"
)

// Defaults of [Config].
const (
	DefaultRows    = 200_000
	DefaultSeconds = 60
	minRows        = 1000
	minSeconds     = 5
)

// Config says how to play the demo. Command is required; the zero value of
// everything else is right.
type Config struct {
	// Engine is the server to start. Defaults to MySQL. With a DSN it is found
	// out.
	Engine servers.Engine
	// DSN is an administrator's on a running server, for use instead of a
	// private one. The demo makes a database and three users there, and drops
	// them at the end.
	DSN string
	// Rows is the size of the table. Defaults to DefaultRows.
	Rows int
	// Seconds is about how long the demo takes once the server runs. Defaults to
	// DefaultSeconds.
	Seconds int
	// Command starts this program again as a process of the application, with
	// "app" appended, or as a backfill worker, with "worker" appended.
	Command []string
	// Out is told what happens. Defaults to nobody.
	Out io.Writer
	// Width is how many columns the terminal has. Defaults to 100.
	Width int
}

func (c Config) withDefaults() Config {
	c.Engine = cmp.Or(c.Engine, servers.MySQL)
	c.Rows = cmp.Or(c.Rows, DefaultRows)
	c.Seconds = cmp.Or(c.Seconds, DefaultSeconds)
	c.Width = min(max(cmp.Or(c.Width, 100), 60), 160)
	if c.Out == nil {
		c.Out = io.Discard
	}
	return c
}

// Validate returns an error that says what is wrong with the configuration.
func (c Config) Validate() error {
	c = c.withDefaults()
	switch {
	case len(c.Command) == 0:
		return errors.New("demo: Config.Command is missing")
	case c.Rows < minRows:
		return fmt.Errorf("demo: %d rows: at least %d", c.Rows, minRows)
	case c.Seconds < minSeconds:
		return fmt.Errorf("demo: %d seconds: at least %d", c.Seconds, minSeconds)
	}
	return nil
}

// The load: eight slots, so that the two processes of a release that is alone
// run four writers each, and at most 1024 hot rows.
const slots = 8

func (c Config) layout() layout {
	hot := min(c.Rows/4, 1024)
	return layout{Seeds: uint64(c.Rows), Slots: slots, Hot: hot - hot%(slots*slots)}
}

func (c Config) load() load { return load{Readers: 2, WritePause: 8000, ReadPause: 5000} }

// dwell scales a time of the story, which is written for a minute.
func (c Config) dwell(seconds float64) time.Duration {
	return time.Duration(seconds * float64(c.Seconds) / DefaultSeconds * float64(time.Second))
}
