package sqlstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/sqlstore"
	"github.com/underpin-db/underpin/integration/servers"
)

// wire carries hints from a store to a client, as Redis does.
type wire struct{ hints chan flags.Hint }

func (w wire) Announce(_ context.Context, h flags.Hint) error {
	w.hints <- h
	return nil
}

func (w wire) Watch(ctx context.Context, hint func(flags.Hint), _ func(error)) {
	for {
		select {
		case <-ctx.Done():
			return
		case h := <-w.hints:
			hint(h)
		}
	}
}

// asking counts questions to a store.
type asking struct {
	*sqlstore.Store
	polls chan flags.Update
}

func (a asking) Fetch(ctx context.Context, after flags.Position) (flags.Update, error) {
	u, err := a.Store.Fetch(ctx, after)
	a.polls <- u
	return u, err
}

// What is announced is what the database has: a client that was told of changes
// serves them without a question, and what it then asks changes nothing.
func TestAnnouncedChangesNeedNoPoll(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, _ := database(t, s)
		w := wire{make(chan flags.Hint, 100)}
		store := sqlstore.New(db, sqlstore.Config{Announce: w})
		first := put(t, store, toggle("f", "off"))
		require.Empty(t, (<-w.hints).Sealed, "nobody can have been there before the first change")
		source := asking{store, make(chan flags.Update, 100)}
		c := client(t, flags.Config{Source: source, Hints: []flags.Hinter{w}, Poll: time.Hour})
		<-source.polls
		changes := 0
		c.Subscribe(func(e flags.Event) { changes += len(e.Flags) })

		first.Serve.Variant = "on"
		first.Description = strings.Repeat("ö", 1000)
		put(t, store, first)
		gone := put(t, store, toggle("größe", "on"))
		require.NoError(t, store.Remove(t.Context(), gone.Name, gone.Version, ann))
		require.Eventually(t, func() bool { return c.Status().At.Version == 4 }, patience, time.Millisecond)
		require.True(t, isOn(t, c, "f")())
		require.ErrorIs(t, c.BoolDetail(t.Context(), gone.Name, flags.Nobody(), true).Err, flags.ErrNotFound)
		require.Empty(t, source.polls, "all of it came with the hints")

		w.hints <- flags.Hint{}
		require.Equal(t, uint64(4), (<-source.polls).At.Version)
		require.Eventually(t, func() bool { return c.Status().Age < time.Minute }, patience, time.Millisecond)
		large := toggle("f", "off")
		large.Version, large.Description = 2, strings.Repeat("ö", flags.MaxHint)
		put(t, store, large)
		require.Equal(t, uint64(5), (<-source.polls).At.Version, "too large for a hint: it is fetched")
		require.Eventually(t, func() bool { return !isOn(t, c, "f")() }, patience, time.Millisecond)
		require.NoError(t, c.Close())
		require.Equal(t, 4, changes, "the poll that confirms is no change")
	})
}

// An announcement that fails is not the change's failure.
func TestAnAnnouncementThatFails(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, _ := database(t, s)
		var told error
		store := sqlstore.New(db, sqlstore.Config{Announce: broken{}, Unannounced: func(err error) { told = err }})
		require.Equal(t, uint64(1), put(t, store, toggle("f", "on")).Version)
		require.ErrorIs(t, told, errBroken)
	})
}

var errBroken = errors.New("nobody listens")

type broken struct{}

func (broken) Announce(context.Context, flags.Hint) error { return errBroken }
