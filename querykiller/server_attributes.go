package querykiller

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// attributes remembers what connections said of themselves when they connected:
// it never changes, and is expensive to read for all of them.
type attributes struct{ of map[uint64]attribute }

type attribute struct{ program, release string }

func newAttributes() attributes { return attributes{of: map[uint64]attribute{}} }

const selectConnectAttributes = `/* underpin killer */
SELECT PROCESSLIST_ID, ATTR_NAME, ATTR_VALUE
FROM performance_schema.session_connect_attrs
WHERE ATTR_NAME IN ('program_name', '` + mysqlx.AttributeRelease + `')`

// fill sets program, release and own of the sessions that wants names, and says
// of the others that they are unknown.
func (a *attributes) fill(ctx context.Context, conn *sql.Conn, sessions []*Session) error {
	var missing []string
	for _, s := range sessions {
		if _, ok := a.of[s.ID]; !ok {
			missing = append(missing, fmt.Sprint(s.ID))
		}
	}
	if len(missing) > 0 {
		if err := a.read(ctx, conn, missing); err != nil {
			return fmt.Errorf("read the connection attributes: %w", err)
		}
	}
	for _, s := range sessions {
		known := a.of[s.ID] // without any it said nothing
		a.of[s.ID] = known
		s.Program, s.Release, s.Own = known.program, known.release, known.program == mysqlx.Program
	}
	return nil
}

// fewIDs is up to how many connections it is cheaper to look up than to read all.
const fewIDs = 10

func (a *attributes) read(ctx context.Context, conn *sql.Conn, ids []string) error {
	query := selectConnectAttributes
	if len(ids) <= fewIDs {
		query += "\n  AND PROCESSLIST_ID IN (" + strings.Join(ids, ", ") + ")"
	}
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id uint64
		var name string
		var value sql.NullString
		if err := rows.Scan(&id, &name, &value); err != nil {
			return err
		}
		known := a.of[id]
		if name == "program_name" {
			known.program = value.String
		} else {
			known.release = value.String
		}
		a.of[id] = known
	}
	return rows.Err()
}

// keep drops what belongs to connections that have gone. Ids are not given out
// twice while the server runs.
func (a *attributes) keep(present map[uint64]bool) {
	if len(a.of) <= 2*len(present) {
		return
	}
	for id := range a.of {
		if !present[id] {
			delete(a.of, id)
		}
	}
}
