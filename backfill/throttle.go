package backfill

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Decision is what a throttler says.
type Decision string

// The decisions. Anything but Go is a Wait, so that a verdict nobody filled in
// does not let anything pass.
const (
	Go   Decision = "go"
	Wait Decision = "wait"
)

// Verdict is a decision with its reason, in words for the operator.
type Verdict struct {
	Decision Decision
	Reason   string // of a Wait
}

// Throttler measures whether the servers can bear more. Check is called every
// [Config.ThrottleEvery] from one goroutine, with a context of a few seconds;
// an error is shown as the reason of a Wait.
type Throttler interface {
	Check(ctx context.Context) (Verdict, error)
}

// ThreadsRunning waits while more threads are running than the limit, which is
// the shortest sign that queries pile up.
type ThreadsRunning struct {
	// DB is a pool of the server that is asked.
	DB *sql.DB
	// Limit defaults to 25: what pt-online-schema-change has waited at for many
	// years, so operators know what it means. Our own workers count.
	Limit int
}

const selectThreadsRunning = `SHOW GLOBAL STATUS LIKE 'Threads_running'`

// Check implements [Throttler].
func (t ThreadsRunning) Check(ctx context.Context) (Verdict, error) {
	limit := t.Limit
	if limit == 0 {
		limit = 25
	}
	var name string
	var running int
	if err := t.DB.QueryRowContext(ctx, selectThreadsRunning).Scan(&name, &running); err != nil {
		return Verdict{}, fmt.Errorf("threads running: %w", err)
	}
	if running > limit {
		return Verdict{Wait, fmt.Sprintf("%d threads are running, the limit is %d", running, limit)}, nil
	}
	return Verdict{Decision: Go}, nil
}

// Replica is a server that follows the one the worker writes to.
type Replica struct {
	Name string // for messages
	DB   *sql.DB
}

// ReplicaLag waits while a replica is behind by more than the limit, or does
// not say how far.
type ReplicaLag struct {
	Replicas []Replica
	// Limit defaults to 5 s; the servers measure in whole seconds.
	Limit time.Duration
}

// selectReplica works on MySQL from 8.0.22 and MariaDB from 10.5. It needs the
// privilege REPLICATION CLIENT (MariaDB: REPLICA MONITOR).
const selectReplica = `SHOW REPLICA STATUS`

// Check implements [Throttler].
func (t ReplicaLag) Check(ctx context.Context) (Verdict, error) {
	limit := t.Limit
	if limit == 0 {
		limit = 5 * time.Second
	}
	for _, r := range t.Replicas {
		lag, err := r.lag(ctx)
		if err != nil {
			return Verdict{}, fmt.Errorf("lag of replica %s: %w", r.Name, err)
		}
		if lag > limit {
			return Verdict{Wait, fmt.Sprintf("replica %s is %s behind, the limit is %s", r.Name, lag, limit)}, nil
		}
	}
	return Verdict{Decision: Go}, nil
}

// lag is that of the replica's slowest channel.
func (r Replica) lag(ctx context.Context) (lag time.Duration, err error) {
	rows, err := r.DB.QueryContext(ctx, selectReplica)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	values, dest := make([]sql.NullString, len(columns)), make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	channels := 0
	for ; rows.Next(); channels++ {
		if err := rows.Scan(dest...); err != nil {
			return 0, err
		}
		behind, err := secondsBehind(columns, values)
		if err != nil {
			return 0, err
		}
		lag = max(lag, behind)
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	if channels == 0 {
		return 0, fmt.Errorf("it replicates from nobody: take it off the list, or set its replication up")
	}
	return lag, nil
}

// secondsBehind finds the column by either server's name for it.
func secondsBehind(columns []string, values []sql.NullString) (time.Duration, error) {
	for i, name := range columns {
		if !strings.EqualFold(name, "Seconds_Behind_Source") && !strings.EqualFold(name, "Seconds_Behind_Master") {
			continue
		}
		if !values[i].Valid {
			return 0, fmt.Errorf("its replication is stopped or broken: see SHOW REPLICA STATUS there")
		}
		n, err := strconv.Atoi(values[i].String)
		if err != nil {
			return 0, fmt.Errorf("it says it is %q seconds behind", values[i].String)
		}
		return time.Duration(n) * time.Second, nil
	}
	return 0, fmt.Errorf("SHOW REPLICA STATUS has no column that says how far it is behind")
}

// HistoryLength waits while InnoDB keeps more old versions of rows than the
// limit: something reads an old snapshot, and every version we add makes it
// worse. It reads one counter.
type HistoryLength struct {
	DB *sql.DB
	// Limit defaults to 1,000,000, at which reads of hot rows get slow.
	Limit int64
}

// selectHistory needs the privilege PROCESS.
const selectHistory = `SELECT COUNT
FROM information_schema.INNODB_METRICS
WHERE NAME = 'trx_rseg_history_len'`

// Check implements [Throttler].
func (t HistoryLength) Check(ctx context.Context) (Verdict, error) {
	limit := t.Limit
	if limit == 0 {
		limit = 1_000_000
	}
	var length int64
	if err := t.DB.QueryRowContext(ctx, selectHistory).Scan(&length); err != nil {
		return Verdict{}, fmt.Errorf("length of InnoDB's history list: %w", err)
	}
	if length > limit {
		return Verdict{Wait, fmt.Sprintf("InnoDB keeps %d old versions, the limit is %d: look for a long transaction", length, limit)}, nil
	}
	return Verdict{Decision: Go}, nil
}
