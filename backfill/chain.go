package backfill

import (
	"fmt"
	"slices"

	"github.com/underpin-db/underpin/internal/shape"
)

// chain checks that ranges which come in any order are one after the other
// everything: the first open below, each beginning where the one before ends,
// the last open above. The zero value is empty. It holds the ranges that came
// early only.
type chain struct {
	next  int // the number that has to come next
	end   shape.Key
	ended bool
	early map[int]keyRange
}

func (c *chain) add(k keyRange) error {
	if _, twice := c.early[k.n]; twice || k.n < c.next {
		return fmt.Errorf("%w: range %d came twice", ErrNotCovered, k.n)
	}
	if c.early == nil {
		c.early = map[int]keyRange{}
	}
	c.early[k.n] = k
	for {
		k, ok := c.early[c.next]
		if !ok {
			return nil
		}
		if c.ended || !sameKey(k.low, c.end) || (k.n > 0 && k.low == nil) {
			return fmt.Errorf("%w: range %d begins above %s, the one before ends at %s", ErrNotCovered, k.n, shown(k.low), shown(c.end))
		}
		delete(c.early, c.next)
		c.next++
		c.end, c.ended = k.high, k.high == nil
	}
}

// whole returns ErrNotCovered unless the last range has come, and all before.
func (c *chain) whole() error {
	if !c.ended || len(c.early) > 0 {
		return fmt.Errorf("%w: they end at %s, and %d came out of order", ErrNotCovered, shown(c.end), len(c.early))
	}
	return nil
}

func sameKey(a, b shape.Key) bool {
	return (a == nil) == (b == nil) && slices.EqualFunc(a, b, samePart)
}

func samePart(a, b any) bool {
	x, isBytes := a.([]byte)
	if y, both := b.([]byte); isBytes || both {
		return isBytes && both && slices.Equal(x, y)
	}
	return a == b
}
