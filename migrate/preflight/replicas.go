package preflight

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/plan"
)

// Both work on MySQL from 8.0.22 and MariaDB from 10.5.
const (
	queryReplicaStatus = `/* underpin preflight */ SHOW REPLICA STATUS`
	queryReplicaSelf   = `/* underpin preflight */ SELECT VERSION() AS version, @@server_id AS server_id, @@global.read_only AS read_only`
)

// registered asks for the replicas that have registered here.
var registered = map[plan.Flavour]string{
	plan.MySQL:   `/* underpin preflight */ SHOW REPLICAS`,
	plan.MariaDB: `/* underpin preflight */ SHOW SLAVE HOSTS`,
}

// replicaTimeout bounds what one replica may take to answer.
const replicaTimeout = 10 * time.Second

// lookAtReplicas asks every replica that is known how far it is behind.
func (e *examiner) lookAtReplicas(ctx context.Context) error {
	e.r.Replicas = []Follower{}
	for _, replica := range e.in.Replicas {
		f := e.follower(ctx, replica)
		if err := ctx.Err(); err != nil {
			return err
		}
		e.r.Replicas = append(e.r.Replicas, f)
		e.judgeReplica(f)
	}
	return e.lookAtRegistered(ctx)
}

// follower asks one replica. Whatever goes wrong is its trouble.
func (e *examiner) follower(ctx context.Context, replica Replica) Follower {
	f := Follower{Name: replica.Name}
	ctx, cancel := context.WithTimeout(ctx, replicaTimeout)
	defer cancel()
	db, err := mysqlx.Open(ctx, replica.DSN, mysqlx.Options{MaxOpen: 2, ConnectTimeout: replicaTimeout / 2})
	if err != nil {
		f.Trouble = "it does not answer: " + err.Error()
		return f
	}
	defer db.Close()
	s, err := mysqlx.NewSession(ctx, db)
	if err != nil {
		f.Trouble = "it does not answer: " + err.Error()
		return f
	}
	defer s.Close()
	self, err := list(ctx, s, queryReplicaSelf)
	if err != nil {
		f.Trouble = "it does not answer: " + err.Error()
		return f
	}
	f.Server, f.Version, f.ReadOnly = self[0]["server_id"], self[0]["version"], self[0]["read_only"]
	channels, err := list(ctx, s, queryReplicaStatus)
	if err != nil {
		f.Trouble = "its replication cannot be read, grant REPLICATION CLIENT (MariaDB: REPLICA MONITOR): " + err.Error()
		return f
	}
	f.Lag, f.Trouble = lag(channels)
	return f
}

// lag is that of the slowest channel, or what is wrong with one.
func lag(channels []map[string]string) (*int64, string) {
	if len(channels) == 0 {
		return nil, "it replicates from nobody"
	}
	var worst int64
	for _, c := range channels {
		text, ok := either(c, "Seconds_Behind_Source", "Seconds_Behind_Master")
		if !ok {
			io, _ := either(c, "Replica_IO_Running", "Slave_IO_Running")
			sql, _ := either(c, "Replica_SQL_Running", "Slave_SQL_Running")
			return nil, fmt.Sprintf("its replication is stopped or broken (reading: %s, applying: %s)", io, sql)
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Sprintf("it says it is %q seconds behind", text)
		}
		worst = max(worst, n)
	}
	return &worst, ""
}

// either reads a column by either of its names. The servers have renamed it,
// and leave it NULL where they do not know.
func either(row map[string]string, names ...string) (string, bool) {
	for _, name := range names {
		if v, ok := row[name]; ok {
			return v, true
		}
	}
	return "", false
}

func (e *examiner) judgeReplica(f Follower) {
	c := Check{Code: CodeReplica, Object: f.Name, Status: OK, Limit: secondsOf(e.in.MaxLag.Seconds())}
	switch {
	case f.Lag == nil:
		c.Status, c.What = Unknown, f.Trouble
		c.Remedy = "mend it, or take it off the list: the backfill waits for what it cannot measure"
	case *f.Lag > int64(e.in.MaxLag.Seconds()):
		c.Status, c.Remedy = Care, "wait until it has caught up: the backfill would wait for it as well"
		fallthrough
	default:
		c.Value, c.What = secondsOf(float64(*f.Lag)), fmt.Sprintf("%s behind, version %s", secondsText(float64(*f.Lag)), f.Version)
	}
	e.check(c)
	if f.Version == "" {
		return
	}
	if strings.Contains(strings.ToLower(f.Version), "mariadb") != (e.r.Server.Flavour == plan.MariaDB) {
		e.check(Check{Code: CodeReplica, Object: f.Name, What: "it is a server of another kind: " + f.Version, Status: Care,
			Remedy: "try the plan's statements on it first: what is instant here may copy there, or be refused"})
	}
	if f.ReadOnly == "0" {
		e.check(Check{Code: CodeReplica, Object: f.Name, What: "read_only is off: somebody may write to it", Status: Care,
			Remedy: "set read_only there, unless it takes writes on purpose"})
	}
}

// lookAtRegistered compares the replicas that have registered here with those
// that were given.
func (e *examiner) lookAtRegistered(ctx context.Context) error {
	c := Check{Code: CodeReplicas, Object: "replicas", Status: OK}
	seen, err := e.list(ctx, registered[e.r.Server.Flavour])
	switch mysqlx.Classify(err) {
	case mysqlx.ClassNone:
	case mysqlx.ClassPrivilege:
		c.Status, c.What = Unknown, "this user may not see which replicas there are"
		c.Remedy = "grant REPLICATION SLAVE ON *.* (MariaDB: REPLICATION MASTER ADMIN), or give every replica"
		e.check(c)
		return nil
	default:
		return fmt.Errorf("list the replicas: %w", err)
	}
	var strangers []string
	for _, row := range seen {
		id, _ := either(row, "Server_Id", "Server_id")
		if !slices.ContainsFunc(e.r.Replicas, func(f Follower) bool { return f.Server == id }) {
			strangers = append(strangers, fmt.Sprintf("server %s at %s:%s", id, row["Host"], row["Port"]))
		}
	}
	slices.Sort(strangers)
	c.What = fmt.Sprintf("%d registered here, %d given", len(seen), len(e.r.Replicas))
	if len(strangers) > 0 {
		c.Status, c.What = Care, c.What+"; nobody watches the lag of "+strings.Join(strangers, ", ")
		c.Remedy = "name them under backfill.replicas in the change file"
	}
	e.check(c)
	return nil
}
