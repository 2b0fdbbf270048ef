package desired

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// sideBySide is how many connections ask the server at once.
const sideBySide = 4

// temporaryName is one for all: a temporary table is its connection's alone.
const temporaryName = scratchPrefix + "temporary"

const (
	// setSpelling makes both tables of a pair come out in the same words: an
	// engine that is left out is the same for a temporary table as for one that
	// stays, and names are quoted.
	setSpelling = `/* underpin plan */ SET SESSION
  default_tmp_storage_engine = @@SESSION.default_storage_engine,
  sql_quote_show_create = 1`
	// setUnlogged keeps temporary tables out of the binary log, which they would
	// be written to with every other format. It takes a privilege.
	setUnlogged = `/* underpin plan */ SET SESSION binlog_format = 'ROW'`
	queryLogged = `/* underpin plan */ SELECT @@GLOBAL.log_bin = 1
  AND @@SESSION.binlog_format <> 'ROW'
  AND @@GLOBAL.read_only = 1`
	// TEMPORARY cannot drop a table that stays.
	dropTemporary = `/* underpin plan */ DROP TEMPORARY TABLE IF EXISTS `
)

// likeness reads every live table and finds the pairs that are alike, over a few
// connections side by side. What one of them cannot be had for, or fails at, is
// left to the others; it is an error only if a live table could not be read.
func (d *differ) likeness(ctx context.Context, pairs []*pair) error {
	work := make(chan *pair, len(pairs))
	for _, p := range pairs {
		work <- p
	}
	close(work)
	errs := make([]error, min(sideBySide, len(pairs)))
	var asking sync.WaitGroup
	for i := range errs {
		asking.Go(func() { errs[i] = d.ask(ctx, work) })
	}
	asking.Wait()
	if slices.ContainsFunc(pairs, func(p *pair) bool { return p.text == "" }) {
		return errors.Join(errs...)
	}
	return nil
}

// ask takes pairs until there are none. A table that is written as the server
// has it is alike; of every other one the server is asked.
func (d *differ) ask(ctx context.Context, work <-chan *pair) error {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("take a connection: %w", err)
	}
	defer func() {
		// Closed, not given back: its settings, and a table that may be left, end with it.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		_ = conn.Close()
	}()
	refused := prepare(ctx, conn)
	for p := range work {
		if p.text, err = showCreate(ctx, conn, p.live); err != nil {
			return fmt.Errorf("read the definition of %s: %w", p.live, err)
		}
		p.alike = p.live == p.want.name && asWritten(p.text, p.want.text)
		if p.alike || refused != nil {
			continue
		}
		p.alike, err = d.asTemporary(ctx, conn, p)
		if mysqlx.Classify(err) == mysqlx.ClassPrivilege {
			refused = err // and will be for every other table
		}
	}
	return nil
}

// errLogged says that a temporary table would put a transaction of its own into
// the log of a replica, for which its source knows none.
var errLogged = errors.New("temporary tables are written to the binary log of this read-only server")

// prepare makes a connection ready for temporary tables, or says why there are to
// be none.
func prepare(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, setSpelling); err != nil {
		return err
	}
	_, _ = conn.ExecContext(ctx, setUnlogged) // refused: what matters is asked for below
	var logged bool
	if err := conn.QueryRowContext(ctx, queryLogged).Scan(&logged); err != nil {
		return err
	}
	if logged {
		return errLogged
	}
	return nil
}

// asTemporary creates the desired table as a temporary one, which costs the
// server next to nothing, and compares what it writes of that with what it writes
// of the live one. Foreign keys, which a temporary table cannot have, are
// compared by meaning. What is in doubt is not alike: a scratch table has to tell.
func (d *differ) asTemporary(ctx context.Context, conn *sql.Conn, p *pair) (alike bool, err error) {
	live, ok := readShown(p.text)
	if !ok || p.want.lost != "" || !strings.HasPrefix(live.parts[part{kind: partOptions}], "ENGINE=InnoDB") || !d.sameForeign(p, live) {
		return false, nil
	}
	text, err := p.want.temporary(temporaryName)
	if err != nil {
		return false, err
	}
	if _, err := conn.ExecContext(ctx, text); err != nil {
		return false, fmt.Errorf("create a temporary table like %s: %w", p.want.name, err)
	}
	defer func() {
		_, failed := conn.ExecContext(context.WithoutCancel(ctx), dropTemporary+mysqlx.Quote(temporaryName))
		err = errors.Join(err, failed) // it goes with its connection
	}()
	written, err := showCreate(ctx, conn, temporaryName)
	if err != nil {
		return false, fmt.Errorf("read the definition of a temporary table like %s: %w", p.want.name, err)
	}
	want, ok := p.want.readScratch(written, temporaryName)
	return ok && want.equal(&live), nil
}

// showCreate returns what the server writes of a table.
func showCreate(ctx context.Context, q mysqlx.Querier, name string) (text string, err error) {
	err = q.QueryRowContext(ctx, mysqlx.Marker("plan")+"SHOW CREATE TABLE "+mysqlx.Quote(name)).Scan(new(string), &text)
	return text, err
}

// asWritten reports whether a table is written as the server has it, so that
// nothing has to be created to compare them.
func asWritten(live, want string) bool {
	if live == want {
		return true
	}
	l, ok1 := readShown(live)
	w, ok2 := readShown(want)
	return ok1 && ok2 && l.equal(&w) && maps.Equal(l.foreign, w.foreign)
}
