package experiment

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/control"
)

// recordExposures stores what is queued, in batches of whatever has come while
// the last one was stored, until the client is closed and the queue empty.
func (c *Client) recordExposures() {
	for {
		select {
		case r := <-c.exposures:
			c.storeExposures(c.batch(r))
		case <-c.stop:
			select {
			case r := <-c.exposures:
				c.storeExposures(c.batch(r))
			default:
				return
			}
		}
	}
}

// batch takes what is queued behind a request.
func (c *Client) batch(first *request) []*request {
	batch := []*request{first}
	for len(batch) < c.cfg.Batch {
		select {
		case r := <-c.exposures:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

// storeExposures stores a batch, an experiment a statement.
func (c *Client) storeExposures(batch []*request) {
	slices.SortStableFunc(batch, func(a, b *request) int {
		if a.experiment.id != b.experiment.id {
			return int(a.experiment.id) - int(b.experiment.id)
		}
		return strings.Compare(a.unit, b.unit)
	})
	for len(batch) > 0 {
		n := 1
		for n < len(batch) && batch[n].experiment.id == batch[0].experiment.id {
			n++
		}
		c.storeUnits(batch[:n])
		batch = batch[n:]
	}
}

// storeUnits stores requests of one experiment in the order of their units.
func (c *Client) storeUnits(requests []*request) {
	e := requests[0].experiment
	var stored map[string]control.Assignment
	err := c.statement(func(ctx context.Context) (err error) {
		stored, err = control.Assign(ctx, c.db, e.id, rowsOf(requests))
		return err
	})
	if err != nil {
		c.counts.failed.Add(1)
		if unheard := func(r *request) bool { return r.answer == nil }; slices.ContainsFunc(requests, unheard) {
			c.cfg.Logger.Warn("exposures could not be stored", "experiment", e.name, "exposures", len(requests), "error", err)
		}
	}
	var crossed []string
	for _, r := range requests {
		if c.settle(r, stored[r.unit].Branch, err) && !slices.Contains(crossed, r.unit) {
			crossed = append(crossed, r.unit)
		}
	}
	if len(crossed) > 0 {
		c.markCrossed(e, crossed)
	}
}

// rowsOf makes the rows, one a unit, with the earliest exposure of each.
func rowsOf(requests []*request) []control.Assignment {
	now := time.Now()
	var rows []control.Assignment
	for _, r := range requests {
		age := max(now.Sub(r.at), 0)
		if last := len(rows) - 1; last >= 0 && rows[last].Unit == r.unit {
			rows[last].Age = max(rows[last].Age, age)
			continue
		}
		rows = append(rows, control.Assignment{
			Unit: r.unit, Branch: r.branch, Generation: r.experiment.generation, Segments: r.segments, Age: age,
		})
	}
	return rows
}

// settle tells whoever waits what became of a request, and reports whether the
// unit was shown another branch than the stored one.
func (c *Client) settle(r *request, branch string, err error) (crossed bool) {
	at := member{r.experiment.id, r.unit}
	if err != nil {
		c.memory.forget(at)
		c.counts.droppedExposures.Add(1)
	} else {
		c.memory.put(at, remembered{branch, true})
		c.counts.stored.Add(1)
	}
	if r.answer != nil && r.taken.CompareAndSwap(false, true) {
		r.answer <- answer{branch, err}
		return false
	}
	return err == nil && branch != r.branch
}

func (c *Client) markCrossed(e *running, units []string) {
	c.counts.crossed.Add(uint64(len(units)))
	err := c.statement(func(ctx context.Context) error { return control.MarkCrossed(ctx, c.db, e.id, units) })
	if err != nil {
		c.counts.failed.Add(1)
		c.cfg.Logger.Warn("units that saw two branches could not be marked", "experiment", e.name, "units", len(units), "error", err)
	}
}
