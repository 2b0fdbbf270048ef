package desired

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"

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

// withScratch creates each desired table under a scratch name, calls fn, and
// drops it again, however fn ended. One at a time holds the database's lock, so
// a leftover is nobody's.
func (d *differ) withScratch(ctx context.Context, list []pair, fn func(context.Context, pair, string) error) (err error) {
	session, err := mysqlx.NewSession(ctx, d.db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	var database string
	if err := session.QueryRow(ctx, `/* underpin plan */ SELECT DATABASE()`, nil, &database); err != nil {
		return fmt.Errorf("ask for the database: %w", err)
	}
	sum := sha256.Sum256([]byte(database))
	lock := "underpin desired " + hex.EncodeToString(sum[:8])
	var got sql.NullInt64
	if err := session.QueryRow(ctx, queryLock, []any{lock, int(lockWait.Seconds())}, &got); err != nil {
		return fmt.Errorf("take the lock %q: %w", lock, err)
	}
	if got.Int64 != 1 {
		return ErrBusy
	}
	defer func() { _, _ = session.Exec(context.WithoutCancel(ctx), queryRelease, lock) }() // it goes with its connection
	for i, p := range list {
		if err := d.onScratch(ctx, session, p, fmt.Sprintf("%s%s_%d", scratchPrefix, hex.EncodeToString(sum[:4]), i), fn); err != nil {
			return err
		}
	}
	return nil
}

func (d *differ) onScratch(ctx context.Context, s *mysqlx.Session, p pair, name string, fn func(context.Context, pair, string) error) (err error) {
	drop := mysqlx.Marker("plan") + "DROP TABLE IF EXISTS " + mysqlx.Quote(name)
	if _, err := s.Exec(ctx, drop); err != nil {
		return fmt.Errorf("drop the scratch table %s: %w", name, err)
	}
	text, err := p.want.scratch(name)
	if err != nil {
		return err
	}
	if _, err := s.Exec(ctx, text); err != nil {
		d.errs = append(d.errs, p.want.at.because("table "+p.want.name, "the server does not take it: "+strings.ReplaceAll(err.Error(), name, p.want.name), "correct the statement"))
		return nil
	}
	defer func() {
		if _, dropErr := d.db.ExecContext(context.WithoutCancel(ctx), drop); dropErr != nil {
			err = errors.Join(err, fmt.Errorf("drop the scratch table %s: %w: drop it by hand", name, dropErr))
		}
	}()
	return fn(ctx, p, name)
}

const queryInvisible = `/* underpin plan */ SELECT COUNT(*)
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
  AND EXTRA LIKE '%INVISIBLE%'`

// numbering is what two texts of the same table may differ in.
var numbering = regexp.MustCompile(`(?i) AUTO_INCREMENT ?= ?[0-9]+`)

// same reports whether a table is written as the server has it, so that nothing
// has to be created to compare them: a dump of a schema is compared quickly.
func (d *differ) same(ctx context.Context, w *wanted, live string) (bool, error) {
	var name, text string
	err := d.db.QueryRowContext(ctx, mysqlx.Marker("plan")+"SHOW CREATE TABLE "+mysqlx.Quote(live)).Scan(&name, &text)
	if err != nil {
		return false, fmt.Errorf("read the definition of %s: %w", live, err)
	}
	if live == w.name && canonical(text) != "" && canonical(text) == canonical(w.text) {
		return true, nil
	}
	var invisible int
	if err := d.db.QueryRowContext(ctx, queryInvisible, live).Scan(&invisible); err != nil {
		return false, fmt.Errorf("look for invisible columns of %s: %w", live, err)
	}
	if invisible > 0 {
		// Atlas cannot inspect such a table.
		d.errs = append(d.errs, w.at.because("table "+live, "it has an invisible column, which cannot be compared",
			"finish or roll back the change that has hidden it, or make it visible"))
		return true, nil
	}
	return false, nil
}

// canonical is the text of a CREATE TABLE as the parser writes it back; empty
// where it does not parse.
func canonical(text string) string {
	nodes, _, err := parser.New().Parse(numbering.ReplaceAllString(text, ""), "", "")
	if err != nil || len(nodes) != 1 {
		return ""
	}
	if s, ok := nodes[0].(*ast.CreateTableStmt); ok {
		s.IfNotExists = false
	}
	out, err := restored(nodes[0])
	if err != nil {
		return ""
	}
	return out
}
