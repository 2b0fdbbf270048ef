package experiment

import (
	"context"
	"encoding/binary"
	"math"
	"time"

	"github.com/underpin-db/underpin/internal/control"
)

// event is something that a unit did, on its way to the table.
type event struct {
	control.Event
	at time.Time
}

// Track records that a unit did something: a purchase of 12.5, a page view of 1,
// a latency of 80. It never waits. If the queue is full the event is dropped and
// counted.
func (c *Client) Track(name, unit string, value float64) {
	if !plainName.MatchString(name) || unit == "" || len(unit) > MaxUnit || math.IsNaN(value) || math.IsInf(value, 0) {
		c.counts.refusedEvents.Add(1)
		return
	}
	e := event{Event: control.Event{Metric: name, Unit: unit, Value: value}, at: time.Now()}
	copy(e.ID[:8], c.source[:])
	binary.BigEndian.PutUint64(e.ID[8:], c.serial.Add(1))
	c.closing.RLock()
	defer c.closing.RUnlock()
	if !c.closed {
		select {
		case c.events <- e:
			return
		default:
		}
	}
	c.counts.droppedEvents.Add(1)
}

// recordEvents stores events in batches, each event at most Flush after it
// came, until the client is closed and the queue empty.
func (c *Client) recordEvents() {
	batch := make([]event, 0, c.cfg.Batch)
	due := time.NewTimer(c.cfg.Flush)
	due.Stop()
	for {
		select {
		case e := <-c.events:
			if batch = append(batch, e); len(batch) == 1 {
				due.Reset(c.cfg.Flush)
			}
			if len(batch) < c.cfg.Batch {
				continue
			}
		case <-due.C:
		case <-c.stop:
			c.drainEvents(batch)
			return
		}
		c.storeEvents(batch)
		batch = batch[:0]
		due.Stop()
	}
}

// drainEvents stores what is left. Nothing is added any more.
func (c *Client) drainEvents(batch []event) {
	for {
		select {
		case e := <-c.events:
			if batch = append(batch, e); len(batch) == c.cfg.Batch {
				c.storeEvents(batch)
				batch = batch[:0]
			}
		default:
			c.storeEvents(batch)
			return
		}
	}
}

func (c *Client) storeEvents(batch []event) {
	if len(batch) == 0 {
		return
	}
	rows := make([]control.Event, len(batch))
	err := c.statement(func(ctx context.Context) error {
		now := time.Now()
		for i, e := range batch {
			rows[i] = e.Event
			rows[i].Age = max(now.Sub(e.at), 0)
		}
		return control.AddEvents(ctx, c.db, rows)
	})
	if err != nil {
		c.counts.failed.Add(1)
		c.counts.droppedEvents.Add(uint64(len(batch)))
		c.cfg.Logger.Warn("events could not be stored", "events", len(batch), "error", err)
		return
	}
	c.counts.events.Add(uint64(len(batch)))
}
