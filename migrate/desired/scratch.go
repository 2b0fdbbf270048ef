package desired

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/plan"
)

// scratchPrefix begins the name of every scratch table; package plan's begin
// alike, and a leftover of either may be dropped.
const scratchPrefix = plan.ScratchPrefix + "d"

const (
	lockWait     = 30 * time.Second
	queryLock    = `/* underpin plan */ SELECT GET_LOCK(?, ?)`
	queryRelease = `/* underpin plan */ SELECT RELEASE_LOCK(?)`
)

// ErrBusy says that somebody else compares this database right now.
var ErrBusy = errors.New("somebody else compares this database with a desired schema: wait until that is done")

// atOnce is how many scratch tables there are at a time: they are inspected, and
// dropped, together.
const atOnce = 250

// scratched is a pair whose desired table is there under a scratch name.
type scratched struct {
	*pair
	name string
}

// withScratch creates the desired tables under scratch names, calls fn for so many
// at a time, and drops them again, however fn ended. One at a time holds the
// database's lock, so a leftover is nobody's.
func (d *differ) withScratch(ctx context.Context, list []*pair, fn func(context.Context, []scratched) error) (err error) {
	session, err := mysqlx.NewSession(ctx, d.db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	sum := sha256.Sum256([]byte(d.database))
	lock := "underpin desired " + hex.EncodeToString(sum[:8])
	var got sql.NullInt64
	if err := session.QueryRow(ctx, queryLock, []any{lock, int(lockWait.Seconds())}, &got); err != nil {
		return fmt.Errorf("take the lock %q: %w", lock, err)
	}
	if got.Int64 != 1 {
		return ErrBusy
	}
	defer func() { _, _ = session.Exec(context.WithoutCancel(ctx), queryRelease, lock) }() // it goes with its connection
	for chunk := range slices.Chunk(list, atOnce) {
		var some []scratched
		for i, p := range chunk {
			some = append(some, scratched{p, fmt.Sprintf("%s%s_%d", scratchPrefix, hex.EncodeToString(sum[:4]), i)})
		}
		if err := d.onScratch(ctx, session, some, fn); err != nil {
			return err
		}
	}
	return nil
}

// whereToCompare is the remedy where no scratch table can be had.
const whereToCompare = "compare on a server that can be written to, as a user who may create and drop tables"

func (d *differ) onScratch(ctx context.Context, s *mysqlx.Session, list []scratched, fn func(context.Context, []scratched) error) (err error) {
	var names []string
	for _, p := range list {
		names = append(names, p.name)
	}
	all := mysqlx.QuoteList("", names)
	drop := mysqlx.Marker("plan") + "DROP TABLE IF EXISTS " + all
	if _, err := s.Exec(ctx, drop); err != nil {
		return fmt.Errorf("drop what may be left of the scratch tables %s: %w: %s", all, err, whereToCompare)
	}
	defer func() {
		if _, dropErr := d.db.ExecContext(context.WithoutCancel(ctx), drop); dropErr != nil {
			err = errors.Join(err, fmt.Errorf("drop the scratch tables %s: %w: drop them by hand", all, dropErr))
		}
	}()
	var made []scratched
	for _, p := range list {
		ok, err := d.makeScratch(ctx, s, p)
		if err != nil {
			return err
		}
		if ok {
			made = append(made, p)
		}
	}
	if len(made) == 0 {
		return nil
	}
	return fn(ctx, made)
}

// makeScratch creates a scratch table, or notes why the desired one is none.
func (d *differ) makeScratch(ctx context.Context, s *mysqlx.Session, p scratched) (made bool, err error) {
	if p.want.lost != "" {
		d.errs = append(d.errs, p.want.at.because("table "+p.want.name, "it has "+p.want.lost+", and is not written as SHOW CREATE TABLE writes the live one: what differs cannot be told",
			"write it as the live one is, and plan an ALTER TABLE of your own"))
		return false, nil
	}
	text, err := p.want.scratch(p.name)
	if err != nil {
		return false, err
	}
	_, err = s.Exec(ctx, text)
	switch mysqlx.Classify(err) {
	case mysqlx.ClassNone:
		return true, nil
	case mysqlx.ClassUnavailable, mysqlx.ClassPrivilege, mysqlx.ClassConnection, mysqlx.ClassCanceled, mysqlx.ClassKilled, mysqlx.ClassLockWait:
		return false, fmt.Errorf("create the scratch table %s, which says what is meant by table %s: %w: %s", p.name, p.want.name, err, whereToCompare)
	}
	d.errs = append(d.errs, p.want.at.because("table "+p.want.name, "the server does not take it: "+strings.ReplaceAll(err.Error(), p.name, p.want.name), "correct the statement"))
	return false, nil
}

const queryInvisible = `/* underpin plan */ SELECT DISTINCT TABLE_NAME
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE()
  AND EXTRA LIKE '%INVISIBLE%'`

// visible takes out the pairs whose live table has an invisible column, which
// Atlas cannot inspect, and refuses them.
func (d *differ) visible(ctx context.Context, pairs []*pair) ([]*pair, error) {
	if len(pairs) == 0 {
		return nil, nil
	}
	hidden, err := d.names(ctx, queryInvisible)
	if err != nil {
		return nil, fmt.Errorf("look for invisible columns: %w", err)
	}
	return slices.DeleteFunc(pairs, func(p *pair) bool {
		if !slices.Contains(hidden, p.live) {
			return false
		}
		d.errs = append(d.errs, p.want.at.because("table "+p.live, "it has an invisible column, which cannot be compared",
			"finish or roll back the change that has hidden it, or make it visible"))
		return true
	}), nil
}
