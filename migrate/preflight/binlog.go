package preflight

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/underpin-db/underpin/migrate"
)

const queryBinlogs = `/* underpin preflight */ SHOW BINARY LOGS`

// images is how many times a row stands in the binary log when it is updated.
var images = map[string]uint64{"FULL": 2, "NOBLOB": 2, "MINIMAL": 1}

// format is the binary log's; empty without one. A server that has nothing but
// rows lists no variable for it.
func (e *examiner) format() string {
	switch {
	case !e.on("log_bin"):
		return ""
	case e.vars["binlog_format"] == "":
		return "ROW"
	}
	return strings.ToUpper(e.vars["binlog_format"])
}

// binlogBytes is what a rewrite of all rows writes to the binary log: a row
// image for each row of a copy, one or two for each row of an update, of which
// a minimal one holds what is new and the key.
func (e *examiner) binlogBytes(m migrate.Mapping, t *table, grown uint64) uint64 {
	image := strings.ToUpper(e.vars["binlog_row_image"])
	const keyBytes = 16
	rows := t.Rows
	if m.Kind() == migrate.MergeChange {
		rows = min(rows, e.table(m.Source.Name).Rows) // no others change
	}
	switch format := e.format(); {
	case format == "" || format == "STATEMENT":
		return 0
	case m.Kind() == migrate.TableChange:
		return scaled(t.RowBytes, 1, t.Rows)
	case image == "MINIMAL":
		return sum(grown, scaled(keyBytes, 1, rows))
	default:
		return sum(scaled(images[image]*t.RowBytes, 1, rows), grown)
	}
}

// lookAtBinlog says what goes into the binary log and how long it is kept.
func (e *examiner) lookAtBinlog(ctx context.Context) error {
	format := e.format()
	if format == "" {
		e.check(Check{Code: CodeBinlog, Object: "binary log", What: "there is none", Status: OK})
		return nil
	}
	var bytes uint64
	for _, f := range e.r.Steps {
		bytes = sum(bytes, f.Binlog)
	}
	c := Check{Code: CodeBinlog, Object: "binary log", Value: bytesOf(bytes), Status: OK,
		What: fmt.Sprintf("format %s, row image %s, about %s to be written", format, e.vars["binlog_row_image"], bytesText(bytes))}
	if files, err := e.list(ctx, queryBinlogs); err == nil {
		var have uint64
		for _, f := range files {
			n, _ := strconv.ParseUint(f["File_size"], 10, 64) // one being purged has none
			have = sum(have, n)
		}
		c.What += fmt.Sprintf(" to the %s that are there", bytesText(have))
	}
	writes := slices.ContainsFunc(e.r.Steps, func(f Forecast) bool { return f.Class == Chunks })
	if format != "ROW" && writes { // DDL is logged as a statement in any format
		c.Status, c.Remedy = Care, "set binlog_format=ROW: replicas would evaluate the mapping once more, and may come to other rows"
	}
	e.check(c)
	e.judgeRetention()
	e.judgeReplay()
	e.judgeSemiSync(ctx)
	return nil
}

// judgeRetention compares how long binary logs are kept with how long the
// longest step takes: a replica that stands still meanwhile is lost.
func (e *examiner) judgeRetention() {
	kept, ok := e.number("binlog_expire_logs_seconds")
	if !ok {
		days, _ := e.number("expire_logs_days")
		kept = days * 86400
	}
	c := Check{Code: CodeBinlogKept, Object: "binary log", Value: secondsOf(kept), Status: OK, What: "kept for " + secondsText(kept)}
	if kept == 0 {
		c.Value, c.What = nil, "never removed by the server itself"
	}
	longest, found := e.biggest(func(f Forecast) float64 {
		if f.Time == nil {
			return 0
		}
		return f.Time.High
	})
	if found && kept > 0 && longest.Time.High > kept/2 {
		c.Status, c.Limit = Care, secondsOf(2*longest.Time.High)
		c.Remedy = "raise binlog_expire_logs_seconds: a replica that stands still during the plan could not catch up"
	}
	e.check(c)
}

// judgeReplay says how long replicas will be behind because of a statement:
// they begin it when it is done here.
func (e *examiner) judgeReplay() {
	longest, found := e.biggest(func(f Forecast) float64 {
		if f.Time == nil || f.Class == Chunks || f.Class == Reading {
			return 0
		}
		return f.Time.Expected
	})
	if limit := e.in.MaxLag.Seconds(); found && longest.Time.Expected > limit {
		e.check(Check{Code: CodeReplica, Object: "every replica", Value: secondsOf(longest.Time.Expected), Limit: secondsOf(limit), Status: Care,
			What:   fmt.Sprintf("it will be about %s behind, because it begins when the primary is done: %s", secondsText(longest.Time.Expected), cut(longest.What)),
			Remedy: "read from the primary meanwhile, if the application cannot bear that"})
	}
}

// judgeSemiSync looks at a server whose commits wait for a replica.
func (e *examiner) judgeSemiSync(ctx context.Context) {
	if !e.on("rpl_semi_sync_source_enabled") && !e.on("rpl_semi_sync_master_enabled") {
		return
	}
	c := Check{Code: CodeSemiSync, Object: "semi-synchronous replication", What: "every commit of the backfill waits for a replica", Status: OK}
	rows, err := e.list(ctx, "/* underpin preflight */ SHOW GLOBAL STATUS WHERE Variable_name IN ('Rpl_semi_sync_source_clients', 'Rpl_semi_sync_master_clients')")
	switch {
	case err != nil || len(rows) == 0:
		c.Status, c.What, c.Remedy = Unknown, c.What+"; how many there are is not shown", "see SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync%'"
	case rows[0]["Value"] == "0":
		c.Status, c.What, c.Remedy = Care, "it is on and no replica answers: commits wait for its timeout", "connect a replica, or turn it off"
	}
	e.check(c)
}
