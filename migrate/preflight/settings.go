package preflight

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"

	"github.com/underpin-db/underpin/migrate/ddl"
)

// queryWrites counts rows written by anybody. MariaDB has no count of InnoDB's
// own; its handlers' includes temporary tables, so it is never too low.
const queryWrites = `/* underpin preflight */ SHOW GLOBAL STATUS
WHERE Variable_name IN ('Handler_write', 'Handler_update', 'Handler_delete')`

// watched is for how long the server's writes are counted.
const watched = time.Second

// lookAtWrites measures how many rows a second the server writes now, before
// the sample adds to it.
func (e *examiner) lookAtWrites(ctx context.Context) error {
	before, err := e.countWrites(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := mysqlx.Wait(ctx, watched); err != nil {
		return err
	}
	after, err := e.countWrites(ctx)
	if err != nil {
		return err
	}
	e.writes = max(0, after-before) / time.Since(began).Seconds()
	return nil
}

func (e *examiner) countWrites(ctx context.Context) (total float64, err error) {
	rows, err := e.list(ctx, queryWrites)
	if err != nil {
		return 0, fmt.Errorf("count the rows written: %w", err)
	}
	for _, row := range rows {
		n, err := strconv.ParseFloat(row["Value"], 64)
		if err != nil {
			return 0, fmt.Errorf("count the rows written: %w", err)
		}
		total += n
	}
	return total, nil
}

// lookAtSettings looks at what the server is set to and a change stumbles over.
func (e *examiner) lookAtSettings(context.Context) error {
	e.judgeOnlineLog()
	wait, _ := e.number("lock_wait_timeout")
	e.check(Check{Code: CodeLockWait, Object: "lock_wait_timeout", Value: secondsOf(wait), Status: OK,
		What: fmt.Sprintf("the application's sessions wait up to %s behind a DDL; ours waits for seconds and gives way", secondsText(wait))})
	c := Check{Code: CodeSQLMode, Object: "sql_mode", What: "strict", Status: OK}
	if !strings.Contains(e.vars["sql_mode"], "STRICT_TRANS_TABLES") && !strings.Contains(e.vars["sql_mode"], "STRICT_ALL_TABLES") {
		c.What, c.Status = "not strict: sessions of the application may cut values silently", Care
		c.Remedy = "add STRICT_TRANS_TABLES to sql_mode, or set it in the application's DSN"
	}
	e.check(c)
	c = Check{Code: CodeForeignKeys, Object: "foreign_key_checks", What: "on", Status: OK}
	if !e.on("foreign_key_checks") {
		c.What, c.Status, c.Remedy = "off: rows without a parent may be there", Care, "set foreign_key_checks=ON"
	}
	e.check(c)
	e.judgePacket()
	return nil
}

// judgePacket compares the rows with what a replica takes in one piece.
func (e *examiner) judgePacket() {
	limit, _ := e.number("max_allowed_packet")
	c := Check{Code: CodePacket, Object: "max_allowed_packet", Value: bytesOf(limit), Status: OK, What: bytesText(uint64(limit))}
	for _, t := range e.r.Tables {
		if t.Rows > 1 && float64(t.RowBytes) > limit/4 {
			c.Status, c.What = Care, fmt.Sprintf("%s, and rows of %s have %s on average", bytesText(uint64(limit)), t.Table, bytesText(t.RowBytes))
			c.Remedy = "raise it on this server and on its replicas: the largest rows may not pass"
			break
		}
	}
	e.check(c)
}

// judgeOnlineLog compares the writes expected during a rebuild that lets them
// go on with the log that holds them: a statement whose log is full fails at
// its very end.
func (e *examiner) judgeOnlineLog() {
	limit, ok := e.number("innodb_online_alter_log_max_size")
	if !ok {
		return
	}
	for _, f := range e.r.Steps {
		if f.Time == nil || f.Class != ddl.InPlace && f.Class != ddl.InPlaceRebuild {
			continue
		}
		bytes := e.writes * float64(max(e.table(f.Table).RowBytes, 1)) * f.Time.High
		c := Check{Code: CodeOnlineLog, Object: f.Table + ": " + cut(f.What), Value: bytesOf(bytes), Limit: bytesOf(limit), Status: OK,
			What: fmt.Sprintf("at most %s of writes meanwhile, if all of the server's %.0f rows a second are this table's", bytesText(uint64(bytes)), e.writes)}
		if bytes > limit/2 {
			c.Status, c.Remedy = Care, "raise innodb_online_alter_log_max_size, or do it at a quiet time: the statement fails at its end when the log is full"
		}
		e.check(c)
	}
}
