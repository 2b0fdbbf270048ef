package doctor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// oldest is the oldest release of each flavour that is supported.
var oldest = map[string][2]int{"mysql": {8, 0}, "mariadb": {10, 6}}

// examineSettings looks at the server's settings, one after the other.
func (p *patient) examineSettings(ctx context.Context) {
	p.version()
	p.controlTables(ctx)
	p.readOnly()
	p.connections()
	p.cluster()
	p.binlog()
	p.durability()
	p.sqlMode()
	p.isolation()
	p.timeZone()
	p.lockWaits()
	p.performanceSchema()
	p.snapshotIsolation()
	p.disk(ctx)
}

func (p *patient) version() {
	f := fine("version", p.report.Flavour+" "+p.report.Version)
	var major, minor int
	// A version that cannot be read is taken for too old.
	_, _ = fmt.Sscanf(p.report.Version, "%d.%d", &major, &minor)
	want := oldest[p.report.Flavour]
	if major < want[0] || major == want[0] && minor < want[1] {
		f.Level, f.Cost = Missing, fmt.Sprintf("the oldest release that is supported is %d.%d", want[0], want[1])
		f.Remedy = "upgrade the server first"
	}
	p.setting(f)
}

func (p *patient) controlTables(ctx context.Context) {
	err := control.Check(ctx, p.db)
	f := fine("control_tables", fmt.Sprintf("version %d", control.SchemaVersion()))
	switch {
	case errors.Is(err, control.ErrNewerSchema):
		f = Finding{Name: f.Name, Level: Missing, Found: "newer than this binary", Cost: err.Error(), Remedy: "use the release that made them, or a later one"}
	case err != nil:
		f = Finding{Name: f.Name, Level: Costs, Found: "not ready", Cost: err.Error(), Remedy: "run underpin init"}
	}
	p.setting(f)
}

func (p *patient) readOnly() {
	f := fine("read_only", "off")
	for _, name := range []string{"read_only", "super_read_only"} {
		if on(p.global[name]) {
			f = Finding{Name: f.Name, Level: Missing, Found: name + " is on",
				Cost: "this is a replica, or a primary that takes no writes", Remedy: "give the address of the primary"}
		}
	}
	p.setting(f)
}

func (p *patient) connections() {
	used, most := number(p.global["threads_connected"]), number(p.global["max_connections"])
	f := fine("max_connections", fmt.Sprintf("%d of %d used", used, most))
	if most > 0 && most-used < 30 {
		f.Level, f.Cost = Costs, "an apply takes up to 16 connections, every instance of the application one more"
		f.Remedy = "raise max_connections, or run with fewer --workers"
	}
	p.setting(f)
}

func (p *patient) cluster() {
	f := fine("cluster", "one server takes the writes")
	switch {
	case on(p.global["wsrep_on"]):
		f = Finding{Name: f.Name, Level: Costs, Found: "Galera",
			Cost: "a fence is a row lock, and row locks hold on one node only", Remedy: "send all writes of the application and of underpin to one node"}
	case p.global["group_replication_single_primary_mode"] == "OFF" && p.global["group_replication_group_name"] != "":
		f = Finding{Name: f.Name, Level: Missing, Found: "a group with several primaries",
			Cost: "a fence is a row lock, and row locks hold on one member only", Remedy: "switch the group to one primary"}
	}
	p.setting(f)
}

func (p *patient) binlog() {
	f := fine("binlog_format", "no binary log")
	if on(p.global["log_bin"]) {
		f.Found = p.global["binlog_format"]
		if f.Found == "" {
			f.Found = "ROW" // a server that has nothing else lists no such variable
		}
	}
	if f.Found == "STATEMENT" || f.Found == "MIXED" {
		f.Level, f.Cost = Costs, "replicas evaluate the mapping's statements once more, and may choose other rows"
		f.Remedy = "set binlog_format=ROW"
	}
	p.setting(f)
}

func (p *patient) durability() {
	flush, sync := p.global["innodb_flush_log_at_trx_commit"], p.global["sync_binlog"]
	f := fine("innodb_flush_log_at_trx_commit", flush)
	if flush != "1" {
		f.Level, f.Cost = Costs, "a crash of the machine may take back the last second of commits, those of underpin among them"
		f.Remedy = "set innodb_flush_log_at_trx_commit=1"
	}
	p.setting(f)
	if !on(p.global["log_bin"]) {
		return
	}
	f = fine("sync_binlog", sync)
	if sync != "1" {
		f.Level, f.Cost, f.Remedy = Costs, "after a crash of the machine replicas may hold commits that the primary lost", "set sync_binlog=1"
	}
	p.setting(f)
}

func (p *patient) sqlMode() {
	mode := p.global["sql_mode"]
	f := fine("sql_mode", "strict")
	if !strings.Contains(mode, "STRICT_TRANS_TABLES") && !strings.Contains(mode, "STRICT_ALL_TABLES") {
		f = Finding{Name: f.Name, Level: Costs, Found: "not strict",
			Cost: "sessions of the application that are not strict cut values silently, and the library refuses to mirror in them", Remedy: "add STRICT_TRANS_TABLES to sql_mode, or set it in the application's DSN"}
	}
	p.setting(f)
}

func (p *patient) isolation() {
	level := p.global["transaction_isolation"]
	if level == "" {
		level = p.global["tx_isolation"]
	}
	f := fine("transaction_isolation", level)
	switch level {
	case "READ-UNCOMMITTED":
		f.Level, f.Cost, f.Remedy = Costs, "readers see writes that are rolled back, of one shape and not of the other", "set READ-COMMITTED or REPEATABLE-READ"
	case "SERIALIZABLE":
		f.Level, f.Cost = Costs, "every read of the application locks, and waits for chunks of the backfill"
		f.Remedy = "set REPEATABLE-READ, or lower backfill.chunk_target"
	}
	p.setting(f)
}

func (p *patient) timeZone() {
	zone := p.global["time_zone"]
	if zone == "SYSTEM" {
		zone = p.global["system_time_zone"]
	}
	f := fine("time_zone", zone)
	switch zone {
	case "UTC", "+00:00", "GMT", "Etc/UTC":
	default:
		f.Level, f.Cost = Costs, "an expression that turns a TIMESTAMP into text or a DATETIME gives another result in the application's sessions than in underpin's, which are in UTC"
		f.Remedy = "set the application's sessions to UTC, if a mapping does that"
	}
	p.setting(f)
}

func (p *patient) lockWaits() {
	p.setting(fine("lock_wait_timeout", fmt.Sprintf("%s s, of rows %s s; underpin's own waits are shorter",
		p.global["lock_wait_timeout"], p.global["innodb_lock_wait_timeout"])))
}

func (p *patient) performanceSchema() {
	f := fine("performance_schema", "on")
	if !on(p.global["performance_schema"]) {
		f = Finding{Name: f.Name, Level: Costs, Found: "off",
			Cost:   "connections are told apart by user and host only, and whoever holds a metadata lock is guessed",
			Remedy: "set performance_schema=ON, which takes a restart; or use one database user a service"}
	}
	p.setting(f)
}

func (p *patient) snapshotIsolation() {
	value, ok := p.global["innodb_snapshot_isolation"]
	if !ok {
		return
	}
	found := "off"
	if on(value) {
		found = "on: conflicts show as error 1020, which the library retries"
	}
	p.setting(fine("innodb_snapshot_isolation", found))
}

// disk compares the database's size with the free space, where the server
// tells it (MariaDB with the plugin DISKS).
func (p *patient) disk(ctx context.Context) {
	var data, free uint64
	// Help for people only: a query that is not allowed leaves the number out.
	_ = p.db.QueryRowContext(ctx, mysqlx.Marker("doctor")+`SELECT COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0)
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE()`).Scan(&data)
	err := p.db.QueryRowContext(ctx, mysqlx.Marker("doctor")+`SELECT COALESCE(MAX(Available) * 1024, 0)
FROM information_schema.DISKS
WHERE @@datadir LIKE CONCAT(Path, '%')`).Scan(&free)
	f := fine("disk", fmt.Sprintf("the database has %d MiB; the server does not tell what is free", data>>20))
	if err == nil && free > 0 {
		f.Found = fmt.Sprintf("the database has %d MiB, %d MiB are free", data>>20, free>>20)
		if free < 2*data {
			f.Level, f.Cost, f.Remedy = Costs, "a table change needs room for a second copy, and for the binary log of it", "make room first"
		}
	}
	p.setting(f)
}

// on reads a variable that is on or off.
func on(value string) bool {
	switch strings.ToUpper(value) {
	case "ON", "1", "YES", "TRUE":
		return true
	}
	return false
}

// number reads a variable that is a number, 0 where it is none.
func number(value string) int {
	n, err := strconv.Atoi(value)
	if err != nil {
		return 0
	}
	return n
}
