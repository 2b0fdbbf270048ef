package doctor

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/plan"
)

// need is a privilege that a change cannot do without, and a statement on a
// scratch table that takes it. %s is the table.
type need struct{ privilege, statement, why string }

// needs are in the order in which they can be probed; the last drops the table.
var needs = []need{
	{"CREATE", "CREATE TABLE %s (id INT NOT NULL PRIMARY KEY, v INT NULL) ENGINE=InnoDB", "expand makes tables, and plan tries DDL on scratch tables"},
	{"ALTER", "ALTER TABLE %s ADD COLUMN w INT NULL", "expand and contract alter tables"},
	{"INDEX", "CREATE INDEX v ON %s (v)", "expand may add indexes"},
	{"INSERT", "INSERT INTO %s (id, v) VALUES (1, 1)", "the copy writes rows"},
	{"UPDATE", "UPDATE %s SET v = 2 WHERE id = 1", "the mirror writes rows"},
	{"SELECT", "SELECT id FROM %s LIMIT 0", "the verification reads both shapes"},
	{"DELETE", "DELETE FROM %s WHERE id = 1", "the mirror removes rows"},
	{"DROP", "DROP TABLE %s", "contract drops the source, and plan its scratch tables"},
}

// comfort is a privilege that makes a change easier, and a query with no
// effect that takes it; without a query SHOW GRANTS has to tell.
type comfort struct{ privilege, query, cost, grant string }

// comforts are what a user may lack, with the price.
var comforts = []comfort{
	{
		"PROCESS", "SELECT NAME FROM information_schema.INNODB_METRICS LIMIT 1", // LIMIT 0 would not even look
		"other users' connections are hidden: the dual-write gate will want your recorded word, and whoever blocks DDL is not named",
		"GRANT PROCESS ON *.*",
	},
	{
		"XA_RECOVER_ADMIN", "XA RECOVER",
		"prepared transactions are looked for in information_schema.INNODB_TRX, which a monitor that reads it often keeps old for everybody",
		"GRANT XA_RECOVER_ADMIN ON *.*",
	},
	{
		"SELECT on performance_schema", "SELECT PROCESSLIST_ID FROM performance_schema.session_connect_attrs LIMIT 0",
		"connections are told apart by user and host only: two releases that share an account look the same",
		"GRANT SELECT ON performance_schema.*",
	},
	{
		"SELECT on metadata_locks", "SELECT OBJECT_NAME FROM performance_schema.metadata_locks LIMIT 0",
		"the session that holds a metadata lock against DDL is guessed from open transactions",
		"GRANT SELECT ON performance_schema.*",
	},
	{
		"REPLICATION CLIENT", "SHOW REPLICA STATUS",
		"with replicas under backfill.replicas in a change file, the backfill cannot read their lag and waits",
		"GRANT REPLICATION CLIENT ON *.*",
	},
	{
		"TRIGGER", "",
		"triggers are hidden: a plan cannot rule them out, and says so",
		"GRANT TRIGGER ON %s.*",
	},
	{
		"SHOW VIEW", "",
		"definitions of views are hidden: such a view counts as one that names what contract drops",
		"GRANT SHOW VIEW ON %s.*",
	},
}

// examinePrivileges probes what the user may do.
func (p *patient) examinePrivileges(ctx context.Context) error {
	if err := p.probeNeeds(ctx); err != nil {
		return err
	}
	for _, c := range comforts {
		if err := p.probeComfort(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// probeNeeds does what a change does, on a scratch table of its own.
func (p *patient) probeNeeds(ctx context.Context) (err error) {
	table := mysqlx.Quote(plan.ScratchPrefix + "doctor_" + strings.ToLower(rand.Text()[:10]))
	made := false
	for _, n := range needs {
		if !made && n.privilege != "CREATE" {
			p.privilege(p.fromGrants(n))
			continue
		}
		_, err := p.db.ExecContext(ctx, mysqlx.Marker("doctor")+fmt.Sprintf(n.statement, table))
		switch mysqlx.Classify(err) {
		case mysqlx.ClassNone:
			made = true
			p.privilege(fine(n.privilege, "granted"))
		case mysqlx.ClassPrivilege:
			p.privilege(p.lacks(n))
			if n.privilege == "DROP" {
				p.report.Privileges[len(p.report.Privileges)-1].Cost += "; the scratch table " + table + " is left behind: drop it"
			}
		case mysqlx.ClassUnavailable: // read-only: a finding of its own
			p.privilege(p.fromGrants(n))
		default:
			return fmt.Errorf("probe the privilege %s: %w", n.privilege, err)
		}
	}
	return nil
}

// fromGrants judges a needed privilege that cannot be probed.
func (p *patient) fromGrants(n need) Finding {
	if p.granted(n.privilege) {
		return fine(n.privilege, "granted")
	}
	return p.lacks(n)
}

func (p *patient) lacks(n need) Finding {
	return Finding{
		Name: n.privilege, Level: Missing, Found: "not granted", Cost: n.why,
		Remedy: fmt.Sprintf("GRANT %s ON %s.* TO %s", n.privilege, mysqlx.Quote(p.report.Database), p.report.User),
	}
}

// probeComfort asks for what a privilege shows.
func (p *patient) probeComfort(ctx context.Context, c comfort) error {
	ok := p.granted(c.privilege)
	if c.query != "" {
		err := p.probe(ctx, c.query)
		switch {
		case err == nil:
			ok = true
		case mysqlx.Classify(err) == mysqlx.ClassPrivilege:
			ok = false
		default:
			return fmt.Errorf("probe the privilege %s: %w", c.privilege, err)
		}
	}
	if ok {
		p.privilege(fine(c.privilege, "granted"))
		return nil
	}
	grant := c.grant
	if strings.Contains(grant, "%s") {
		grant = fmt.Sprintf(grant, mysqlx.Quote(p.report.Database))
	}
	p.privilege(Finding{Name: c.privilege, Level: Costs, Found: "not granted", Cost: c.cost, Remedy: grant + " TO " + p.report.User})
	return nil
}

// probe runs a query to the end and throws away what it yields.
func (p *patient) probe(ctx context.Context, query string) error {
	rows, err := p.db.QueryContext(ctx, mysqlx.Marker("doctor")+query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		// Only whether it is allowed matters.
		continue
	}
	return rows.Err()
}
