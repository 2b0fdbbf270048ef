package querykiller_test

import (
	"math/rand/v2"
	"time"

	"github.com/underpin-db/underpin/querykiller"
)

const forever = time.Hour

// running is a statement of a client.
func running(user, text string, kind querykiller.Kind, lasts time.Duration) activity {
	return activity{
		Session: querykiller.Session{
			User: user, Host: "10.0.0.7", Command: "Query", State: "executing", Text: text, Kind: kind, Digest: "d",
			RollingBack: querykiller.No, HoldsTables: querykiller.No,
		},
		ends: lasts,
	}
}

// idling is a client that runs nothing.
func idling(user string, lasts time.Duration) activity {
	a := running(user, "", querykiller.KindNone, lasts)
	a.Command, a.State = "Sleep", ""
	return a
}

// near returns a duration about the budget, where the races are.
func near(r *rand.Rand, budget time.Duration) time.Duration {
	switch r.IntN(3) {
	case 0:
		return budget + within(r, 30*time.Millisecond)
	case 1:
		return budget - 30*time.Millisecond + within(r, 30*time.Millisecond)
	}
	return budget + within(r, 2*time.Second)
}

// quick is the innocent statement that follows on the same session.
func quick(r *rand.Rand) activity {
	a := running("app", "SELECT name FROM users WHERE id = 7", querykiller.KindSelect, within(r, 30*time.Millisecond)+1)
	if r.IntN(2) == 0 {
		a.next = quick
	}
	a.may = simBudget
	return a
}

// pooled is an application's pool: short statements, pauses, and now and then a
// long one with a short one behind it.
func pooled(r *rand.Rand) activity {
	switch r.IntN(6) {
	case 0, 1:
		return idling("app", within(r, 100*time.Millisecond)+1)
	case 2:
		return quick(r)
	}
	return offender(r)
}

// offender is a long statement that has to die at its budget.
func offender(r *rand.Rand) activity {
	a := running("app", "SELECT COUNT(*) FROM orders a, orders b", querykiller.KindSelect, near(r, simBudget))
	a.may, a.next = simBudget, quick
	switch r.IntN(6) {
	case 0:
		a.Command = "Execute"
	case 1:
		a.Text, a.may = "/* budget=400ms,owner=search */ SELECT 1 FROM t", 400*time.Millisecond
		a.ends = near(r, a.may)
	case 2:
		a.Text, a.Kind, a.inTransaction = "UPDATE orders SET x = x + 1", querykiller.KindDML, true
		a.RowsModified = r.Uint64N(5000)
	case 3:
		a.deaf, a.ends = true, forever
	}
	return a
}

// costly changes so many rows that undoing them is worse.
func costly(r *rand.Rand) activity {
	a := running("app", "DELETE FROM logs", querykiller.KindDML, near(r, 2*simBudget))
	a.RowsModified, a.inTransaction, a.next = 5_000_000, true, quick
	return a
}

// sleeper holds a transaction open and wakes up about when it is due.
func sleeper(r *rand.Rand) activity {
	a := running("app", "UPDATE t SET a = 1 WHERE id = 7", querykiller.KindDML, within(r, 20*time.Millisecond)+1)
	a.inTransaction, a.RowsModified, a.may = true, 1, simBudget
	a.next = func(r *rand.Rand) activity {
		s := idling("app", near(r, simIdleBudget))
		s.inTransaction, s.RowsModified, s.may = true, 1, simIdleBudget
		return s
	}
	return a
}

// exempt is a user whom a rule leaves alone.
func exempt(r *rand.Rand) activity {
	return running("reporting", "SELECT SUM(x) FROM orders", querykiller.KindSelect, near(r, 2*simBudget))
}

// protected returns a session of one of the protected classes that has run, or
// runs, for long.
func protected(r *rand.Rand) activity {
	all := []activity{
		running("repl", "", querykiller.KindNone, forever),
		running("system user", "INSERT INTO orders VALUES (1)", querykiller.KindDML, near(r, 3*simBudget)),
		running("backup", "SELECT /*!40001 SQL_NO_CACHE */ * FROM `orders`", querykiller.KindSelect, near(r, 3*simBudget)),
		running("backup", "SELECT * FROM `orders`", querykiller.KindSelect, near(r, 3*simBudget)),
		running("deploy", "ALTER TABLE orders ADD INDEX (x)", querykiller.KindDDL, near(r, 3*simBudget)),
		running("deploy", "CALL migrate()", querykiller.KindCall, near(r, 3*simBudget)),
		running("event_scheduler", "", querykiller.KindNone, forever),
		running("app", "/* underpin backfill */ INSERT INTO a SELECT * FROM b", querykiller.KindDML, near(r, 3*simBudget)),
		running("app", "SELECT * FROM orders", querykiller.KindSelect, near(r, 3*simBudget)),
		running("app", "DELETE FROM orders", querykiller.KindDML, near(r, 3*simBudget)),
		running("app", "SELECT 1 FROM t", querykiller.KindSelect, near(r, 3*simBudget)),
		running("mysql.session", "SELECT 1", querykiller.KindSelect, near(r, 3*simBudget)),
		running("app", "COMMIT", querykiller.KindTx, near(r, 3*simBudget)),
	}
	all[0].Command, all[0].State = "Binlog Dump GTID", "Source has sent all binlog to replica; waiting for more updates"
	all[1].Command, all[1].System = "Query", true
	all[3].Program = "mysqldump"
	all[5].State = "copy to tmp table"
	all[6].Command, all[6].System = "Daemon", true
	all[8].HoldsTables = querykiller.Yes
	all[9].RollingBack = querykiller.Yes
	all[10].Own = true
	return all[r.IntN(len(all))]
}

// newWorld makes the world of one schedule.
func newWorld(seed, n uint64, s slip) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, n)), slip: s, flavour: querykiller.MySQL}
	if w.rng.IntN(2) == 0 {
		w.flavour = querykiller.MariaDB
	}
	roles := []func(*rand.Rand) activity{pooled, offender, sleeper, protected, protected}
	for range 2 + w.rng.IntN(3) {
		roles = append(roles, []func(*rand.Rand) activity{pooled, offender, costly, sleeper, exempt, protected}[w.rng.IntN(6)])
	}
	for _, role := range roles {
		c := &client{role: role}
		w.clients = append(w.clients, c)
		w.connect(c)
		w.follow(c, 0)
	}
	span := func(length time.Duration) [2]time.Duration {
		from := within(w.rng, simLength-length)
		return [2]time.Duration{from, from + length}
	}
	switch w.rng.IntN(8) {
	case 0, 1:
		w.restart = within(w.rng, simLength)
	case 2:
		w.outages = append(w.outages, span(500*time.Millisecond))
	case 3:
		w.crowd = span(time.Second)
	}
	return w
}
