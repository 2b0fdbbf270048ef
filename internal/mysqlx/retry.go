package mysqlx

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// Backoff is a capped exponential delay with full jitter, as in Brooker,
// "Exponential Backoff and Jitter" (2015). The zero value is right.
type Backoff struct {
	// Attempts is how often the work is tried. Defaults to 8.
	Attempts int
	// Base is the ceiling of the first delay. Defaults to 10 ms.
	Base time.Duration
	// Max is the ceiling of every delay. Defaults to 1 s.
	Max time.Duration
}

func (b Backoff) withDefaults() Backoff {
	if b.Attempts == 0 {
		b.Attempts = 8
	}
	if b.Base == 0 {
		b.Base = 10 * time.Millisecond
	}
	if b.Max == 0 {
		b.Max = time.Second
	}
	return b
}

// Delay returns how long to wait after the n-th failed attempt, from 1.
func (b Backoff) Delay(n int) time.Duration {
	b = b.withDefaults()
	ceiling := b.Max
	if n < 30 && b.Base<<(n-1) < b.Max {
		ceiling = b.Base << (n - 1)
	}
	return time.Duration(rand.Int64N(int64(ceiling) + 1))
}

// Retry runs fn until it succeeds, fails with an error that again does not
// accept, the attempts are used up or ctx ends. The last error is returned.
func (b Backoff) Retry(ctx context.Context, again func(error) bool, fn func(ctx context.Context) error) error {
	b = b.withDefaults()
	for n := 1; ; n++ {
		err := fn(ctx)
		if err == nil || !again(err) || ctx.Err() != nil {
			return err
		}
		if n == b.Attempts {
			return fmt.Errorf("gave up after %d attempts: %w", n, err)
		}
		if Wait(ctx, b.Delay(n)) != nil {
			return err
		}
	}
}

// IsDeadlock reports whether the server has rolled the transaction back for the
// sake of others: what was done in it may be done again, all of it.
func IsDeadlock(err error) bool { return Classify(err) == ClassDeadlock }

// Wait waits for d or for ctx to end, and returns ctx's error in that case.
func Wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
