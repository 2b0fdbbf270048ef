package flags

// EventKind is what happened to a client's copy.
type EventKind string

// The kinds of event.
const (
	EventChanged EventKind = "changed" // flags were changed, added or removed
	EventStale   EventKind = "stale"   // not confirmed for longer than Config.MaxAge
	EventFresh   EventKind = "fresh"   // confirmed (again)
	EventFailed  EventKind = "failed"  // a poll failed after one that had not
)

// Event is something that happened to a client's copy.
type Event struct {
	Kind  EventKind
	Flags []string // of EventChanged
	Err   error    // of EventFailed
}

// Subscribe calls fn for every event from now on, until cancel is called. fn
// runs on the client's own goroutines: it has to be quick, and must not call
// Close.
func (c *Client) Subscribe(fn func(Event)) (cancel func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.nextID
	c.nextID++
	c.observers[id] = fn
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.observers, id)
	}
}

func (c *Client) tell(e Event) {
	c.mu.Lock()
	all := make([]func(Event), 0, len(c.observers))
	for _, fn := range c.observers {
		all = append(all, fn)
	}
	c.mu.Unlock()
	for _, fn := range all {
		fn(e)
	}
}
