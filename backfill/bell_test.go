package backfill

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// Everybody who waits is woken, also by a ring between asking and waiting; who
// asks after it waits for the next one.
func TestBell(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBell()
		early := b.next()
		var waiting sync.WaitGroup
		for range 3 {
			waiting.Go(func() { <-b.next() })
		}
		synctest.Wait()
		b.ring()
		waiting.Wait()
		<-early
		select {
		case <-b.next():
			require.Fail(t, "it has not rung again")
		default:
		}
	})
}
