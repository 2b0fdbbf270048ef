package preflight

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/plan"
)

// locks is what the work that is no statement locks and for how long, in words;
// the words for statements are those of their class.
var locks = map[ddl.Class]string{
	Chunks:  "the rows of one chunk at a time, for about a chunk's target time",
	Reading: "nothing: each chunk is read from a snapshot",
}

// stale is the age from which statistics ask for care.
const stale = 7 * 24 * 3600

// slowDrop is from how many bytes on a DROP TABLE asks for care: the file
// system may take long to remove the file, and the server waits for it.
const slowDrop = 10 << 30

// judgeTable says what is known of a table, when all that can be is.
func (e *examiner) judgeTable(t *table) {
	c := Check{Code: CodeTable, Object: t.Table.Table, Status: OK}
	switch {
	case !t.there && e.made(t.Table.Table):
		return
	case !t.there:
		c.What, c.Status, c.Remedy = "there is no such table", No, "plan again: the schema has changed since"
	case t.blind != nil:
		c.What, c.Status = "its rows cannot be read: "+e.trouble(t.blind), Unknown
		c.Remedy = "see who holds its metadata lock, or grant SELECT, and look again"
	default:
		c.Value = &Quantity{float64(t.Rows), Rows}
		c.What = fmt.Sprintf("%s (%s), data %s, indexes %s", rowsText(t.Rows), t.RowsFrom, bytesText(t.DataBytes), bytesText(t.IndexBytes))
	}
	if t.there {
		e.r.Tables = append(e.r.Tables, t.Table)
	}
	e.check(c)
	if t.there && t.engine != "InnoDB" {
		e.check(Check{Code: CodeTable, Object: t.Table.Table, What: "its storage engine is " + t.engine, Status: No,
			Remedy: "convert it to InnoDB first: nothing here holds without transactions"})
	}
	e.judgeStatistics(t)
}

// judgeStatistics looks at the age of what the estimate rests on.
func (e *examiner) judgeStatistics(t *table) {
	if !t.there || t.Exact || t.blind != nil {
		return
	}
	c := Check{Code: CodeStatistics, Object: t.Table.Table, Status: OK, Limit: secondsOf(stale)}
	switch {
	case t.StatisticsAge == nil:
		c.Status, c.What = Unknown, "the server does not say how old its statistics are"
		c.Remedy = "grant SELECT on mysql.innodb_table_stats, or run ANALYZE TABLE at a quiet time"
	case *t.StatisticsAge > stale:
		c.Status, c.Remedy = Care, "run ANALYZE TABLE at a quiet time"
		fallthrough
	default:
		c.Value = secondsOf(float64(*t.StatisticsAge))
		c.What = fmt.Sprintf("the number of rows was estimated %s ago", secondsText(float64(*t.StatisticsAge)))
	}
	e.check(c)
	e.judgeDensity(t)
}

// judgeDensity compares the estimate with what the bytes are enough for by the
// sample's own rows.
func (e *examiner) judgeDensity(t *table) {
	s := e.scratches[key(t.Table.Table)]
	if s == nil || s.err != nil || s.fillRows < 1000 || s.fillBytes == 0 || t.bytes() == 0 {
		return
	}
	fit := float64(t.bytes()) * float64(s.fillRows) / float64(s.fillBytes)
	if ratio := float64(t.Rows) / fit; ratio > 3 || ratio < 1.0/3 {
		e.check(Check{Code: CodeStatistics, Object: t.Table.Table, Status: Care, Value: &Quantity{float64(t.Rows), Rows}, Limit: &Quantity{fit, Rows},
			What:   fmt.Sprintf("%s are estimated, and by the sample's rows the table's bytes are those of %s", rowsText(t.Rows), rowsText(uint64(fit))),
			Remedy: "run ANALYZE TABLE at a quiet time: forecasts rest on the estimate; or the table holds much free space"})
	}
}

// judgeStep says of a step how long it takes, what it locks, and whether the
// server takes it at all.
func (e *examiner) judgeStep(f *Forecast) {
	f.Why = e.trouble(f.err)
	f.Locks = cmp.Or(locks[f.Class], f.Class.Words())
	if f.Locks == "" {
		f.Locks = "unknown: take it for reads and writes of the table, from start to end"
	}
	if age, found := e.longest(f.Table); found && f.Class != Chunks && f.Class != Reading {
		f.Locks += fmt.Sprintf("; now it would wait for a transaction that has been open for %s", secondsText(age))
	}
	object := f.Table + ": " + cut(f.What)
	e.judgeClass(object, f)
	if f.err != nil {
		e.check(e.untried(object, f))
		e.judgeWaits(object, f)
		return
	}
	c := Check{Code: CodeDuration, Object: object, Status: OK}
	if f.Time == nil {
		c.Status, c.What, c.Remedy = Unknown, "no row could be sampled", "try it on a copy of the table"
	} else {
		c.Value, c.What = secondsOf(f.Time.Expected), f.Time.text()+", "+string(f.Class)
		if f.Time.High > 2*f.Time.Expected && f.Time.High > 60 {
			c.Status, c.What = Care, c.What+"; the table is larger than the buffer pool, and more of it will come from disk than in the sample"
			c.Remedy = "allow for the longer time"
		}
	}
	e.check(c)
	e.judgeWaits(object, f)
	if t := e.table(f.Table); kindOf(f.What) == plan.DropTable && t.bytes() > slowDrop {
		e.check(Check{Code: CodeDuration, Object: object, What: "the table's file is large, and removing it may stall the server", Status: Care,
			Value: bytesOf(t.bytes()), Limit: bytesOf(uint64(slowDrop)), Remedy: "truncate a hard link of the file later, or drop it at a quiet time"})
	}
}

// judgeClass compares how the server has carried a statement out with how it
// was expected to.
func (e *examiner) judgeClass(object string, f *Forecast) {
	if f.err == nil && f.given != "" && f.Class.HarderThan(f.given) {
		e.check(Check{Code: CodeStatement, Object: object, Status: Care,
			What:   fmt.Sprintf("this server does it %s, and the plan says %s", f.Class, f.given),
			Remedy: "plan again, and report the statement: the classification is wrong for this server"})
	}
}

// untried judges a step that could not be measured.
func (e *examiner) untried(object string, f *Forecast) Check {
	c := Check{Code: CodeStatement, Object: object, What: "not measured: " + f.Why, Status: Unknown,
		Remedy: "try it on a copy of the table"}
	const syntax = 1064 // it may be our rewriting of it that the server does not understand
	if errors.Is(f.err, errUntried) || mysqlx.Number(f.err) == syntax {
		return c
	}
	switch mysqlx.Classify(f.err) {
	case mysqlx.ClassPrivilege:
		c.Code, c.Status, c.Remedy = CodePrivilege, No, "grant the user CREATE, ALTER, INDEX, INSERT, UPDATE, DELETE, SELECT and DROP on the database"
	case mysqlx.ClassLockWait:
		c.Remedy = "see who holds the lock, and look again"
	case mysqlx.ClassOther, mysqlx.ClassSchema, mysqlx.ClassValue, mysqlx.ClassDuplicate:
		c.Status, c.What = No, "the server refuses it on a sample: "+f.Why
		c.Remedy = "mend the statement or the rows"
	}
	return c
}

// judgeWaits judges a step that keeps the application's writes waiting.
func (e *examiner) judgeWaits(object string, f *Forecast) {
	waiting := f.Class.Waits()
	if f.Time == nil || waiting == ddl.Nobody {
		return
	}
	c := Check{Code: CodeWritesWait, Object: object, Value: secondsOf(f.Time.High), Limit: secondsOf(e.in.MaxWritesWait.Seconds()), Status: Care,
		What:   fmt.Sprintf("%s wait for up to %s", waiting, secondsText(f.Time.High)),
		Remedy: "plan it as a change of its own, or do it at a quiet time with --allow-copy"}
	if f.Time.High > e.in.MaxWritesWait.Seconds() {
		c.Status = No
	}
	e.check(c)
}
