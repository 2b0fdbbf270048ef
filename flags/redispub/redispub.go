package redispub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/underpin-db/underpin/flags"
)

// DefaultChannel is the channel where Config names none. Applications that share
// a Redis and not a database each need one of their own.
const DefaultChannel = "underpin:flags"

const (
	// quietTime is after how long without a message the connection is tried.
	quietTime = 15 * time.Second
	// answerTime is how long it has to answer.
	answerTime = 5 * time.Second
	// shortest and longest wait between two subscriptions.
	shortest = 50 * time.Millisecond
	longest  = 5 * time.Second
)

// Hints is a [flags.Hinter] and tells other processes of changes. It is safe for
// concurrent use. The client stays the caller's.
type Hints struct {
	client  *redis.Client
	channel string
}

var _ flags.Hinter = (*Hints)(nil)

// New returns the hints of a channel; empty is [DefaultChannel].
func New(client *redis.Client, channel string) *Hints {
	return &Hints{client: client, channel: cmp.Or(channel, DefaultChannel)}
}

// Announce tells every listener of a change.
func (h *Hints) Announce(ctx context.Context, hint flags.Hint) error {
	if err := h.client.Publish(ctx, h.channel, message(hint)).Err(); err != nil {
		return fmt.Errorf("announce version %d of the flags on %s: %w", hint.Version, h.channel, err)
	}
	return nil
}

// message is the version as decimal text, and behind a space the sealed change if
// there is one. A listener that cannot read it polls.
func message(h flags.Hint) []byte {
	text := strconv.AppendUint(nil, h.Version, 10)
	if len(h.Sealed) > 0 {
		text = append(append(text, ' '), h.Sealed...)
	}
	return text
}

func parse(payload string) flags.Hint {
	number, sealed, _ := strings.Cut(payload, " ")
	version, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return flags.Hint{} // somebody wants a poll, whatever it says
	}
	hint := flags.Hint{Version: version}
	if sealed != "" {
		hint.Sealed = []byte(sealed)
	}
	return hint
}

// Watch implements [flags.Hinter].
func (h *Hints) Watch(ctx context.Context, hint func(flags.Hint), failed func(error)) {
	for wait := shortest; ; wait = min(2*wait, longest) {
		heard, err := h.listen(ctx, hint)
		if ctx.Err() != nil {
			return
		}
		failed(fmt.Errorf("listen on %s: %w", h.channel, err))
		if heard {
			wait = shortest
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// listen subscribes once and passes hints on until the connection breaks. heard
// says that the subscription stood.
func (h *Hints) listen(ctx context.Context, hint func(flags.Hint)) (heard bool, err error) {
	sub := h.client.Subscribe(ctx, h.channel)
	defer func() { _ = sub.Close() }() // it may be closed already
	// Closing is what ends a receive under way, whatever the network does.
	stop := context.AfterFunc(ctx, func() { _ = sub.Close() })
	defer stop()
	asked := false
	for {
		wait := quietTime
		if asked || !heard {
			wait = answerTime
		}
		message, err := sub.ReceiveTimeout(ctx, wait)
		var late net.Error
		switch {
		case errors.As(err, &late) && late.Timeout() && heard && !asked:
			asked = true
			if err := sub.Ping(ctx); err != nil {
				return heard, err
			}
			continue
		case err != nil:
			return heard, err
		}
		asked = false
		switch m := message.(type) {
		case *redis.Subscription:
			heard = true
			hint(flags.Hint{}) // what was said before is lost
		case *redis.Message:
			hint(parse(m.Payload))
		}
	}
}
