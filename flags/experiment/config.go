package experiment

import (
	"cmp"
	"errors"
	"log/slog"
	"time"
)

// Config says how a client works. The zero value is right.
type Config struct {
	// Poll is the longest time between two looks at the definitions; each wait is
	// drawn between half of it and all of it. Defaults to 1 s.
	Poll time.Duration
	// Timeout bounds one try of a statement. Defaults to 5 s.
	Timeout time.Duration
	// Flush is how long an event waits for others at most. Defaults to 1 s.
	Flush time.Duration
	// Exposures and Events are how many of each may wait to be stored; what comes
	// on top is dropped and counted. Default to 10 000 and 50 000.
	Exposures, Events int
	// Batch is how many rows one statement stores at most. Defaults to 500.
	Batch int
	// Writers is how many statements that store exposures run at once. Defaults
	// to 2.
	Writers int
	// Remember is how many assignments are kept in memory at least; up to twice as
	// many are. One that has been forgotten costs a round trip. Defaults to 100 000.
	Remember int
	// Logger is told of trouble that nobody waits for. Defaults to slog.Default.
	Logger *slog.Logger
}

func (c Config) withDefaults() (Config, error) {
	if min(c.Poll, c.Timeout, c.Flush) < 0 || min(c.Exposures, c.Events, c.Batch, c.Writers, c.Remember) < 0 {
		return c, errors.New("experiment: a setting is negative")
	}
	c.Poll = cmp.Or(c.Poll, time.Second)
	c.Timeout = cmp.Or(c.Timeout, 5*time.Second)
	c.Flush = cmp.Or(c.Flush, time.Second)
	c.Exposures = cmp.Or(c.Exposures, 10_000)
	c.Events = cmp.Or(c.Events, 50_000)
	c.Batch = min(cmp.Or(c.Batch, 500), maxBatch)
	c.Writers = cmp.Or(c.Writers, 2)
	c.Remember = cmp.Or(c.Remember, 100_000)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c, nil
}

// maxBatch keeps a statement below 65 535 placeholders, which is all that a
// prepared one may have.
const maxBatch = 10_000
