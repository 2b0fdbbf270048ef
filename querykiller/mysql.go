package querykiller

import (
	"context"
	"database/sql"
	"errors"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// mysqlServer is the dialect of MySQL: everything comes from
// performance_schema, which takes no global mutex. information_schema is asked
// for the rows that a transaction has modified, which nothing else tells.
type mysqlServer struct {
	opts   Options
	poller uint64 // the connection that polls
	self   uint64 // its thread
	// events, transactions, locks and rows are what this server tells this user.
	events, transactions, locks, rows bool
	attributes                        attributes
	innodb                            innodb
	// busy says that the last poll saw somebody at work: the next reads more.
	// cannot says that it failed to read the transactions, with error 3854.
	busy, cannot bool
	idle         *idleSessions
}

func newMySQL(opts Options, poller uint64, idle *idleSessions) *mysqlServer {
	return &mysqlServer{opts: opts, poller: poller, idle: idle, innodb: innodb{trx: mysqlTrx}, attributes: newAttributes()}
}

// mysqlKillPrivilege names what an account needs; sessions of accounts that are
// system users can be killed by such only.
const mysqlKillPrivilege = "CONNECTION_ADMIN ON *.* (and SYSTEM_USER ON *.* to kill accounts that have it)"

const selectMySQLFacts = `/* underpin killer */
SELECT UTC_TIMESTAMP(6),
  @@global.read_only OR @@global.super_read_only,
  @@global.max_connections`

const mysqlHasSchema = `/* underpin killer */
SELECT @@performance_schema`

// mysqlSelf is empty where events_statements_current is not kept for us.
const mysqlSelf = `/* underpin killer */
SELECT THREAD_ID
FROM performance_schema.events_statements_current
WHERE THREAD_ID = PS_CURRENT_THREAD_ID()
  AND NESTING_EVENT_LEVEL = 0
LIMIT 1`

const mysqlCountTransactions = `/* underpin killer */
SELECT COUNT(*)
FROM performance_schema.events_transactions_current
WHERE THREAD_ID = PS_CURRENT_THREAD_ID()`

const mysqlCountLocks = `/* underpin killer */
SELECT COUNT(*)
FROM performance_schema.metadata_locks
WHERE OWNER_THREAD_ID = PS_CURRENT_THREAD_ID()`

const countTrx = `/* underpin killer */
SELECT COUNT(*)
FROM information_schema.innodb_trx
WHERE trx_mysql_thread_id = 0`

// probe implements dialect.
func (m *mysqlServer) probe(ctx context.Context, conn *sql.Conn) ([]string, error) {
	var on bool
	if err := conn.QueryRowContext(ctx, mysqlHasSchema).Scan(&on); err != nil {
		return nil, err
	}
	var missing []string
	if !on {
		missing = append(missing, "performance_schema is off: ages are whole seconds, and as the server does not tell one statement from the next "+
			"nothing is killed. Start it with performance_schema=ON")
	} else if words, err := m.probeSchema(ctx, conn); err != nil {
		return nil, err
	} else {
		missing = append(missing, words...)
	}
	words, err := m.probeGrants(ctx, conn)
	return append(missing, words...), err
}

// probeSchema finds out what performance_schema tells.
func (m *mysqlServer) probeSchema(ctx context.Context, conn *sql.Conn) ([]string, error) {
	var missing []string
	for _, p := range []struct {
		query string
		works *bool
		but   string
	}{
		{mysqlSelf, &m.events, "events_statements_current is not told: nothing is killed, as one statement cannot be told from the next. " +
			"Grant SELECT ON performance_schema.* and keep the consumer events_statements_current and the statement instruments on"},
		{mysqlCountTransactions, &m.transactions, "events_transactions_current is not told: the age of transactions is unknown. Grant SELECT ON performance_schema.*"},
		{mysqlCountLocks, &m.locks, "metadata_locks is not told: blockers and holders of LOCK TABLES are unknown. Grant SELECT ON performance_schema.*"},
	} {
		var n uint64
		err := conn.QueryRowContext(ctx, p.query).Scan(&n)
		switch class := mysqlx.Classify(err); {
		case err == nil:
			*p.works = true
		case errors.Is(err, sql.ErrNoRows), class == mysqlx.ClassPrivilege:
			missing = append(missing, p.but)
		default:
			return nil, err
		}
		if p.works == &m.events {
			m.self = n
		}
	}
	return missing, nil
}

// probeGrants finds out what the account may do.
func (m *mysqlServer) probeGrants(ctx context.Context, conn *sql.Conn) ([]string, error) {
	var missing []string
	var n int
	err := conn.QueryRowContext(ctx, countTrx).Scan(&n)
	switch {
	case err == nil, mysqlx.Number(err) == mysqlx.CannotConvert:
		m.rows = true // the privilege is there: the server has begun to answer
	case mysqlx.Classify(err) == mysqlx.ClassPrivilege:
		missing = append(missing, "the privilege PROCESS is missing: rows modified and rollbacks are unknown, and without performance_schema "+
			"only this user's own sessions are seen. GRANT PROCESS ON *.*")
	default:
		return nil, err
	}
	may, err := mayKill(ctx, conn, "CONNECTION_ADMIN")
	if err == nil && !may {
		missing = append(missing, "the privilege CONNECTION_ADMIN is missing: only this user's own sessions can be killed. GRANT "+mysqlKillPrivilege)
	}
	return missing, err
}

// mayKill reads the grants; roles that are active count.
func mayKill(ctx context.Context, conn *sql.Conn, privilege string) (bool, error) {
	grants, err := mysqlx.ReadGrants(ctx, conn)
	return grants.HasEverywhere(privilege) || grants.HasEverywhere("SUPER"), err
}
