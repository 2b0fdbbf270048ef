package preflight

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/plan"
)

// queryDisks works on MariaDB with the plugin DISKS, and takes FILE.
const queryDisks = `/* underpin preflight */ SELECT Available * 1024 AS free
FROM information_schema.DISKS
WHERE @@datadir LIKE CONCAT(Path, '%')
ORDER BY CHAR_LENGTH(Path) DESC
LIMIT 1`

// room is what free disk is known.
type room struct {
	data, temporary uint64
	// dataFrom and temporaryFrom say how it is known; empty is not at all.
	dataFrom, temporaryFrom string
}

// findFree finds out how much disk is free. That a directory of this machine is
// the server's is taken as proven only if one of our scratch tables, with its
// name of random look, has a file in it.
func (e *examiner) findFree(ctx context.Context) error {
	if e.in.FreeBytes > 0 {
		e.room.data, e.room.dataFrom = e.in.FreeBytes, "as given"
	}
	if e.here() {
		if n, err := free(e.vars["datadir"]); err == nil && e.room.dataFrom == "" {
			e.room.data, e.room.dataFrom = n, "the server runs on this machine"
		}
		if n, err := free(e.temporary()); err == nil {
			e.room.temporary, e.room.temporaryFrom = n, "the server runs on this machine"
		}
	}
	if e.room.dataFrom == "" && e.r.Server.Flavour == plan.MariaDB {
		var n uint64
		// Without the plugin, or the privilege, it stays unknown.
		if err := e.s.QueryRow(ctx, queryDisks, nil, &n); err == nil {
			e.room.data, e.room.dataFrom = n, "the plugin DISKS"
		}
	}
	return ctx.Err()
}

// here reports whether the server's data directory is on this machine.
func (e *examiner) here() bool {
	for _, s := range e.scratches {
		found, err := filepath.Glob(filepath.Join(e.vars["datadir"], "*", s.full+"*.ibd"))
		if err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}

// temporary is where sort files of an index build lie.
func (e *examiner) temporary() string {
	if dir := e.vars["innodb_tmpdir"]; dir != "" {
		return dir
	}
	return e.vars["tmpdir"]
}

// lookAtDisk compares the free disk with what the plan needs at its worst
// moment: all that stays, and the largest of what is needed for a while.
func (e *examiner) lookAtDisk(context.Context) error {
	var stays, passing, sorted uint64
	unknown := false
	for _, f := range e.r.Steps {
		if f.Class == Chunks {
			stays = sum(stays, f.Bytes, f.Binlog)
		} else {
			passing = max(passing, f.Bytes)
		}
		sorted = max(sorted, f.Sort)
		unknown = unknown || f.err != nil && f.Class != ddl.Metadata
	}
	need := sum(stays, passing)
	c := Check{Code: CodeDisk, Object: e.vars["datadir"], Value: bytesOf(need),
		What: fmt.Sprintf("%s are needed: %s that stay, binary log included, and %s for a while", bytesText(need), bytesText(stays), bytesText(passing))}
	if unknown {
		c.What += " (in part a guess from the table's size)"
	}
	e.judgeRoom(&c, need, e.room.data, e.room.dataFrom)
	e.check(c)
	if sorted == 0 {
		return nil
	}
	c = Check{Code: CodeTemporary, Object: e.temporary(), Value: bytesOf(sorted), What: bytesText(sorted) + " of sort files"}
	e.judgeRoom(&c, sorted, e.room.temporary, e.room.temporaryFrom)
	e.check(c)
	return nil
}

// judgeRoom compares a need with what is free. A fifth has to be left over.
func (e *examiner) judgeRoom(c *Check, need, free uint64, from string) {
	switch {
	case need == 0:
		c.Status = OK
		return
	case from == "":
		c.Status, c.What = Unknown, c.What+"; how much is free cannot be seen from here"
		c.Remedy = "run df -B1 there, and give the free bytes"
		return
	}
	c.Limit = bytesOf(free)
	c.What += fmt.Sprintf("; %s are free (%s)", bytesText(free), from)
	switch {
	case need > free:
		c.Status, c.Remedy = No, "make room first: a full disk stops the server's writes"
	case need > free/5*4:
		c.Status, c.Remedy = Care, "make room first: less than a fifth of what is free would be left"
	default:
		c.Status = OK
	}
}

// biggest is the largest step of a kind, for messages.
func (e *examiner) biggest(of func(Forecast) float64) (Forecast, bool) {
	if len(e.r.Steps) == 0 {
		return Forecast{}, false
	}
	f := slices.MaxFunc(e.r.Steps, func(a, b Forecast) int { return int(of(a)*1000) - int(of(b)*1000) })
	return f, of(f) > 0
}
