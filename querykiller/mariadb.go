package querykiller

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// mariadbServer is the dialect of MariaDB: its process list tells the query id,
// microseconds and rows examined, and needs no performance_schema.
type mariadbServer struct {
	opts Options
	// schema and locks say what performance_schema tells, plugin that
	// METADATA_LOCK_INFO is there, rows that innodb_trx may be read.
	schema, locks, plugin, rows bool
	attributes                  attributes
	innodb                      innodb
	idle                        *idleSessions
	glance                      glance
	// last is what the poll before found: where a procedure runs, its query id
	// changes from statement to statement and the identity must not.
	last map[uint64]callee
	at   time.Time
}

// callee is what runs on a session, from the moment when the client sent it.
type callee struct {
	id     StatementID
	query  uint64
	nested bool
}

func newMariaDB(opts Options, poller uint64, idle *idleSessions) *mariadbServer {
	return &mariadbServer{
		opts: opts, idle: idle, innodb: innodb{trx: mariadbTrx, locks: mariadbRowWaits}, attributes: newAttributes(),
		glance: glance{self: poller}, last: map[uint64]callee{},
	}
}

const mariadbKillPrivilege = "CONNECTION ADMIN ON *.*"

const selectMariaDBFacts = `/* underpin killer */
SELECT UTC_TIMESTAMP(6), @@global.read_only, @@global.max_connections`

const mariadbHasSchema = `/* underpin killer */
SELECT @@performance_schema`

const mariadbHasPlugin = `/* underpin killer */
SELECT COUNT(*)
FROM information_schema.PLUGINS
WHERE PLUGIN_NAME = 'METADATA_LOCK_INFO'
  AND PLUGIN_STATUS = 'ACTIVE'`

const mariadbHasLocks = `/* underpin killer */
SELECT COUNT(*)
FROM performance_schema.setup_instruments
WHERE NAME = 'wait/lock/metadata/sql/mdl'
  AND ENABLED = 'YES'`

const mariadbHasAttributes = `/* underpin killer */
SELECT COUNT(*)
FROM performance_schema.session_connect_attrs
WHERE PROCESSLIST_ID = CONNECTION_ID()`

// probe implements dialect.
func (m *mariadbServer) probe(ctx context.Context, conn *sql.Conn) ([]string, error) {
	var missing []string
	var on bool
	var n int
	if err := conn.QueryRowContext(ctx, mariadbHasSchema).Scan(&on); err != nil {
		return nil, err
	}
	if on {
		for _, p := range []struct {
			query string
			works *bool
		}{{mariadbHasAttributes, &m.schema}, {mariadbHasLocks, &m.locks}} {
			if err := conn.QueryRowContext(ctx, p.query).Scan(&n); err != nil && !isClass(err, mysqlx.ClassPrivilege) {
				return nil, err
			} else if err == nil {
				*p.works = n > 0
			}
		}
	}
	if err := conn.QueryRowContext(ctx, mariadbHasPlugin).Scan(&n); err != nil {
		return nil, err
	}
	m.plugin = n > 0
	if !m.schema {
		missing = append(missing, "connection attributes are not told (performance_schema is off, or SELECT on it is missing): "+
			"programs and releases are unknown, and Underpin's own connections are known by their comments only")
	}
	if !m.locks && !m.plugin {
		missing = append(missing, "metadata locks are not told: who blocks a DDL is a guess, and holders of LOCK TABLES are unknown. "+
			"INSTALL SONAME 'metadata_lock_info', or performance_schema with the instrument wait/lock/metadata/sql/mdl")
	}
	words, err := m.probeGrants(ctx, conn)
	return append(missing, words...), err
}

func (m *mariadbServer) probeGrants(ctx context.Context, conn *sql.Conn) ([]string, error) {
	var missing []string
	var n int
	switch err := conn.QueryRowContext(ctx, countTrx).Scan(&n); {
	case err == nil:
		m.rows = true
	case isClass(err, mysqlx.ClassPrivilege):
		missing = append(missing, "the privilege PROCESS is missing: only this user's own sessions are seen, and rows modified and "+
			"transactions are unknown. GRANT PROCESS ON *.*")
	default:
		return nil, fmt.Errorf("read the transactions: %w", err)
	}
	may, err := mayKill(ctx, conn, "CONNECTION ADMIN")
	if err == nil && !may {
		missing = append(missing, "the privilege CONNECTION ADMIN is missing: only this user's own sessions can be killed. GRANT "+mariadbKillPrivilege)
	}
	return missing, err
}

// isClass reports whether err is of the class.
func isClass(err error, class mysqlx.Class) bool { return mysqlx.Classify(err) == class }
