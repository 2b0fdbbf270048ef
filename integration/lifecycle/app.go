package lifecycle

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
)

// written is a person as the model knows it, and who wrote it last.
type written struct {
	Person
	byNew bool
}

// model is what the rows have to be.
type model map[int64]written

// running is an application that has joined.
type running struct {
	App
	client *dualwrite.Client
	change *dualwrite.Change
	db     *sql.DB
}

// join starts an application, which the caller has to stop.
func (w *world) join(t *testing.T, app App, edit ...func(*dualwrite.Config)) (*running, error) {
	t.Helper()
	cfg := dualwrite.Config{
		Service: w.c.Service, Release: app.Release, Poll: 20 * time.Millisecond, Shadow: dualwrite.NoShadow,
		Changes: []dualwrite.Support{{Change: w.c.ChangeName, Writes: app.Writes, Through: app.Through}},
	}
	for _, e := range edit {
		e(&cfg)
	}
	connector, err := dualwrite.Connector(w.appDSN, cfg)
	require.NoError(t, err)
	db := sql.OpenDB(connector)
	client, err := dualwrite.Join(t.Context(), db, cfg)
	if err != nil {
		require.NoError(t, db.Close())
		return nil, err
	}
	return &running{app, client, client.Change(w.c.ChangeName), db}, nil
}

// start joins an application that has to be let in.
func (w *world) start(t *testing.T, app App, edit ...func(*dualwrite.Config)) *running {
	t.Helper()
	r, err := w.join(t, app, edit...)
	require.NoError(t, err)
	return r
}

func (r *running) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, r.client.Close(context.WithoutCancel(t.Context())))
	require.NoError(t, r.db.Close())
}

// work makes the application do one of everything, and records it.
func (r *running) work(t *testing.T, m model, note string) {
	t.Helper()
	byNew := r.ReadPerson != nil
	for _, p := range r.people(note) {
		var id int64
		r.write(t, func(ctx context.Context, tx *dualwrite.Tx) (err error) {
			id, err = r.Insert(ctx, tx, p)
			return err
		})
		m[id] = written{p, byNew}
	}
	for id, p := range m { // a few rows, whoever wrote them
		switch id % 7 {
		case 0:
			p.First += "'" + note
			r.write(t, func(ctx context.Context, tx *dualwrite.Tx) error { return r.Update(ctx, tx, id, p.Person) })
			m[id] = written{p.Person, byNew}
		case 1, 2, 3:
			r.write(t, func(ctx context.Context, tx *dualwrite.Tx) error { return r.Visit(ctx, tx, id) })
		case 4:
			r.write(t, func(ctx context.Context, tx *dualwrite.Tx) error { return r.Delete(ctx, tx, id) })
			delete(m, id)
		case 5:
			if r.Clear != nil {
				r.clear(t, m, id, note)
			}
		}
	}
}

// clear takes a person away, or gives the row one if it has none.
func (r *running) clear(t *testing.T, m model, id int64, note string) {
	t.Helper()
	now := written{byNew: r.ReadPerson != nil}
	if m[id].Person == now.Person {
		now.Person = Person{"Anew", note}
		r.write(t, func(ctx context.Context, tx *dualwrite.Tx) error { return r.Update(ctx, tx, id, now.Person) })
	} else {
		r.write(t, func(ctx context.Context, tx *dualwrite.Tx) error { return r.Clear(ctx, tx, id) })
	}
	m[id] = now
}

// people are what the application inserts. The new one writes names whose split
// does not survive the round trip.
func (r *running) people(note string) []Person {
	out := []Person{{"Ada", "Lovelace" + note}, {"Cher" + note, ""}, {"Grace", "Brewster Hopper" + note}}
	if r.ReadPerson != nil {
		out = append(out, Person{"Mary Ann", "Lee" + note}, Person{"Jean Claude", "van Damme" + note})
	}
	return out
}

func (r *running) write(t *testing.T, fn dualwrite.Unit) {
	t.Helper()
	require.NoError(t, r.change.Write(t.Context(), fn))
}

// check reads every row through the application.
func (r *running) check(t *testing.T, m model) {
	t.Helper()
	for id, want := range m {
		full, err := dualwrite.Read(t.Context(), r.change, id, reader(r.ReadOld, id), r.ReadNew(id))
		require.NoError(t, err, "key %d", id)
		require.Equal(t, want.full(), full, "key %d as %s in phase %s", id, r.Release, r.change.Setting().Phase)
		if r.ReadPerson == nil {
			continue
		}
		p, err := dualwrite.Read(t.Context(), r.change, id, nil, r.ReadPerson(id))
		require.NoError(t, err, "key %d", id)
		require.Equal(t, want.asTarget(), p, "key %d as %s in phase %s", id, r.Release, r.change.Setting().Phase)
	}
}

func reader(of func(int64) dualwrite.Reader[string], id int64) dualwrite.Reader[string] {
	if of == nil {
		return nil
	}
	return of(id)
}

// full is the name as the source shape has it.
func (w written) full() string { return strings.TrimSpace(w.First + " " + w.Last) }

// asTarget is the person as the target shape has it: as the new application
// wrote it, or split the way the mapping splits what the old one wrote.
func (w written) asTarget() Person {
	if w.byNew {
		return w.Person
	}
	first, last, _ := strings.Cut(w.full(), " ")
	return Person{first, strings.TrimSpace(last)}
}
