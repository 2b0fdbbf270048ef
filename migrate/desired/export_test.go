package desired

import (
	"context"
	"database/sql"
)

// Alike names the live tables that the server writes as the desired ones, so
// that Diff compares them no further.
func Alike(ctx context.Context, db *sql.DB, sources []Source, opts Options) (names []string, err error) {
	d, pairs, err := newDiffer(ctx, db, sources, opts)
	if err != nil {
		return nil, err
	}
	if err := d.likeness(ctx, pairs); err != nil {
		return nil, err
	}
	for _, p := range pairs {
		if p.alike {
			names = append(names, p.live)
		}
	}
	return names, nil
}

// OnScratch is Diff with every table compared on a scratch table, whatever the
// server writes.
func OnScratch(ctx context.Context, db *sql.DB, sources []Source, opts Options) ([]string, error) {
	d, pairs, err := newDiffer(ctx, db, sources, opts)
	if err != nil {
		return nil, err
	}
	for _, p := range pairs {
		if p.text, err = showCreate(ctx, db, p.live); err != nil {
			return nil, err
		}
	}
	if err := d.differences(ctx, pairs); err != nil {
		return nil, err
	}
	return d.result()
}
