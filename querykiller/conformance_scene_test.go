package querykiller

import (
	"fmt"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// scene is what runs when a killer comes. The statements are past the budget by
// then.
type scene struct {
	w         *watched
	innocents []innocent
	offender  *client
	offends   <-chan error
	holder    *client // of the lock that an ALTER waits for
	keeper    *client // of the lock that an event waits for
	event     string
	undone    *client
	undoing   <-chan error
}

// innocent is something that runs past the budget and must live.
type innocent struct {
	name  string
	lives func() bool
}

// The rows that are found out in another way than the innocents.
const (
	rowOffender = "a SELECT past its budget (must die)"
	rowEvent    = "event scheduler and its event"
	rowUndone   = "a write that is rolling back"
)

// setScene starts all, and waits until what has to be under way is.
func setScene(t *testing.T, w *watched) *scene {
	t.Helper()
	w.t = t
	c := &scene{w: w, event: fmt.Sprintf("e%d", time.Now().UnixNano())}
	c.offender = w.client()
	c.offends = c.offender.start(offence)
	c.holder = w.client()
	c.holder.exec("BEGIN")
	c.holder.exec("SELECT * FROM t")
	feed := newFeed(t, w)
	c.innocents = []innocent{
		{"GTID feed of a replica", feed.alive},
		c.runs("ALTER TABLE that waits", w.client(), "ALTER TABLE t FORCE"),
		c.runs("mysqldump", withProgram(t, w.d.DSN, "mysqldump"), "SELECT /*!40001 SQL_NO_CACHE */ SLEEP(600)"),
		c.runs("Underpin's own connection", withProgram(t, w.d.DSN, mysqlx.Program), mysqlx.Marker("backfill")+"SELECT SLEEP(600)"),
	}
	c.startEvent()
	c.undone = w.client()
	c.undoing = c.undone.start(fmt.Sprintf(undone, 2))
	w.until("the write is being undone, and past the budget", rollingBack, c.undone.id, int(conformanceBudget.Seconds()))
	return c
}

const offence = "SELECT SLEEP(600) + 1"

// runs is an innocent that lives for as long as its statement runs.
func (c *scene) runs(name string, client *client, statement string) innocent {
	done := client.start(statement)
	return innocent{name, func() bool { return len(done) == 0 }}
}

const rollingBack = `
SELECT COUNT(*)
FROM information_schema.INNODB_TRX AS t
JOIN information_schema.PROCESSLIST AS p ON p.ID = t.trx_mysql_thread_id
WHERE t.trx_state = 'ROLLING BACK'
  AND p.ID = ?
  AND p.TIME >= ?`

const eventRuns = `
SELECT COUNT(*)
FROM information_schema.PROCESSLIST
WHERE ID <> CONNECTION_ID()
  AND STATE = 'User lock'
  AND INFO LIKE ?`

const eventIsDone = `
SELECT COUNT(*)
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = ?
  AND TABLE_NAME = ?`

const schedulerRuns = `
SELECT COUNT(*)
FROM information_schema.PROCESSLIST
WHERE USER = 'event_scheduler'`

// startEvent has the scheduler run an event that waits until it is let go, and
// makes a table then.
func (c *scene) startEvent() {
	c.keeper = c.w.client()
	c.keeper.exec("DO GET_LOCK('" + c.event + "', 0)")
	c.w.exec("CREATE EVENT " + c.event + " ON SCHEDULE AT CURRENT_TIMESTAMP DO BEGIN DO GET_LOCK('" + c.event + "', 600); CREATE TABLE " + c.event + " (id INT); END")
	c.w.until("the event runs", eventRuns, "%"+c.event+"%")
}

// eventLives lets the event go and reports whether it, and its scheduler, are
// there to do the rest.
func (c *scene) eventLives() bool {
	c.w.t.Helper()
	if c.w.count(eventRuns, "%"+c.event+"%") == 0 || c.w.count(schedulerRuns) == 0 {
		return false
	}
	c.keeper.exec("DO RELEASE_LOCK('" + c.event + "')")
	c.w.until("the event is done", eventIsDone, c.w.d.Name, c.event)
	return true
}

// clear ends what is left, so that another scene can be set.
func (c *scene) clear() {
	c.w.t.Helper()
	c.holder.exec("ROLLBACK")
	require.EqualValues(c.w.t, 1062, errNumber(<-c.undoing), "the write ends as it would have")
}

// count asks for a number, over a connection of the test's.
func (w *watched) count(query string, args ...any) int {
	w.t.Helper()
	var n int
	require.NoError(w.t, w.d.DB.QueryRowContext(w.t.Context(), query, args...).Scan(&n), "%s", query)
	return n
}

// until waits until there is something to count. The servers renew what they tell
// of transactions only if it is not asked for more often than every 0.1 s.
func (w *watched) until(what, query string, args ...any) {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return w.count(query, args...) > 0 }, time.Minute, 150*time.Millisecond, what)
}

// withProgram connects under another program's name.
func withProgram(t testing.TB, dsn, program string) *client {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	cfg.ConnectionAttributes = "program_name:" + program
	return openUser(t, cfg.FormatDSN())
}
