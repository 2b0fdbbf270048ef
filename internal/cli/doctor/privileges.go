package doctor

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/plan"
)

// need is a privilege that a change cannot do without, and a statement on a
// scratch table that takes it. %[1]s is the table.
type need struct {
	privilege, statement, why string
	without                   Level // what its lack is: as a rule, Missing
}

// needs are in the order in which they can be probed; the last drops the table.
var needs = []need{
	{privilege: "CREATE", statement: "CREATE TABLE %[1]s (id INT NOT NULL PRIMARY KEY, v INT NULL) ENGINE=InnoDB", why: "expand makes tables, and plan tries DDL on scratch tables"},
	{privilege: "ALTER", statement: "ALTER TABLE %[1]s ADD COLUMN w INT NULL", why: "expand and contract alter tables"},
	{privilege: "INDEX", statement: "CREATE INDEX v ON %[1]s (v)", why: "expand may add indexes"},
	{
		// MariaDB takes any privilege on the rows of the table that is pointed at.
		privilege: "REFERENCES", statement: "ALTER TABLE %[1]s ADD FOREIGN KEY (v) REFERENCES %[1]s (id)", without: Costs,
		why: "foreign keys cannot be added, nor tables copied or moved that have some: such a change can neither be planned nor carried out",
	},
	{privilege: "INSERT", statement: "INSERT INTO %[1]s (id, v) VALUES (1, 1)", why: "the copy writes rows"},
	{privilege: "UPDATE", statement: "UPDATE %[1]s SET v = NULL WHERE id = 1", why: "the mirror writes rows"},
	{privilege: "SELECT", statement: "SELECT id FROM %[1]s LIMIT 0", why: "the verification reads both shapes"},
	{privilege: "DELETE", statement: "DELETE FROM %[1]s WHERE id = 1", why: "the mirror removes rows"},
	{privilege: "DROP", statement: "DROP TABLE %[1]s", why: "contract drops the source, and plan its scratch tables"},
}

// comfort is a privilege that makes a change easier, and a query with no
// effect that takes it; without a query SHOW GRANTS has to tell. It is the same on
// both servers unless it names one. A wider privilege may do as well.
type comfort struct{ privilege, query, cost, grant, only, wider string }

const (
	withoutLag   = "with replicas under backfill.replicas in a change file, the backfill cannot read their lag and waits"
	withoutHosts = "preflight cannot tell whether a replica is missing under backfill.replicas"
	withoutFlush = "preflight rebuilds its samples where it would flush them, and forecasts a rebuild in place up to half too long"
)

// comforts are what a user may lack, with the price.
var comforts = []comfort{
	{
		privilege: "PROCESS",
		query:     "SELECT NAME FROM information_schema.INNODB_METRICS LIMIT 1", // LIMIT 0 would not even look
		cost:      "other users' connections are hidden: the dual-write gate will want your recorded word, whoever blocks DDL is not named, and how many instant changes a table has had is not known",
		grant:     "GRANT PROCESS ON *.*",
	},
	{
		privilege: "XA_RECOVER_ADMIN",
		query:     "XA RECOVER",
		cost:      "prepared transactions are looked for in information_schema.INNODB_TRX, which a monitor that reads it often keeps old for everybody",
		grant:     "GRANT XA_RECOVER_ADMIN ON *.*",
		only:      "mysql", // MariaDB answers everybody
	},
	{
		privilege: "SELECT on performance_schema",
		query:     "SELECT PROCESSLIST_ID FROM performance_schema.session_connect_attrs LIMIT 0",
		cost:      "connections are told apart by user and host only: two releases that share an account look the same",
		grant:     "GRANT SELECT ON performance_schema.*",
	},
	{
		privilege: "SELECT on metadata_locks",
		query:     "SELECT OBJECT_NAME FROM performance_schema.metadata_locks LIMIT 0",
		cost:      "the session that holds a metadata lock against DDL is guessed from open transactions",
		grant:     "GRANT SELECT ON performance_schema.*",
	},
	{
		privilege: "REPLICATION CLIENT", query: "SHOW REPLICA STATUS", cost: withoutLag,
		grant: "GRANT REPLICATION CLIENT ON *.*", only: "mysql",
	},
	{
		privilege: "REPLICA MONITOR", query: "SHOW REPLICA STATUS", cost: withoutLag,
		grant: "GRANT REPLICA MONITOR ON *.*", only: "mariadb",
	},
	{
		privilege: "REPLICATION SLAVE", query: "SHOW REPLICAS", cost: withoutHosts,
		grant: "GRANT REPLICATION SLAVE ON *.*", only: "mysql",
	},
	{
		privilege: "REPLICATION MASTER ADMIN", query: "SHOW SLAVE HOSTS", cost: withoutHosts,
		grant: "GRANT REPLICATION MASTER ADMIN ON *.*", only: "mariadb",
	},
	{
		privilege: "SELECT on innodb_table_stats",
		query:     "SELECT last_update FROM mysql.innodb_table_stats LIMIT 0",
		cost:      "how old the statistics are that the size of a large table is estimated from is not known",
		grant:     "GRANT SELECT ON mysql.innodb_table_stats",
	},
	{
		privilege: "FLUSH_TABLES", cost: withoutFlush,
		grant: "GRANT FLUSH_TABLES ON *.*", only: "mysql", wider: "RELOAD",
	},
	{
		privilege: "RELOAD", cost: withoutFlush,
		grant: "GRANT RELOAD ON *.*", only: "mariadb",
	},
	{
		privilege: "LOCK TABLES", cost: withoutFlush,
		grant: "GRANT LOCK TABLES ON %s.*",
	},
	{
		privilege: "TRIGGER",
		cost:      "triggers are hidden: a plan cannot rule them out, and what drops something wants your recorded word that none names it",
		grant:     "GRANT TRIGGER ON %s.*",
	},
	{
		privilege: "SHOW VIEW",
		cost:      "definitions of views are hidden: what drops something wants your recorded word that none names it",
		grant:     "GRANT SHOW VIEW ON %s.*",
	},
	{
		privilege: "EVENT",
		cost:      "events are hidden: what drops something wants your recorded word that none names it",
		grant:     "GRANT EVENT ON %s.*",
	},
	{
		privilege: "EXECUTE",
		cost:      "routines are hidden: what drops something wants your recorded word that none names it",
		grant:     "GRANT EXECUTE ON %s.*",
	},
	{
		privilege: "CREATE TEMPORARY TABLES",
		cost:      "a desired schema is compared on scratch tables wherever it is not written as the server writes it, which takes far longer",
		grant:     "GRANT CREATE TEMPORARY TABLES ON %s.*",
	},
}

// examinePrivileges probes what the user may do.
func (p *patient) examinePrivileges(ctx context.Context) error {
	if err := p.probeNeeds(ctx); err != nil {
		return err
	}
	for _, c := range comforts {
		if c.only != "" && c.only != p.report.Flavour {
			continue
		}
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
	if p.report.Grants.Has(n.privilege, p.report.Database) {
		return fine(n.privilege, "granted")
	}
	return p.lacks(n)
}

func (p *patient) lacks(n need) Finding {
	return Finding{
		Name: n.privilege, Level: cmp.Or(n.without, Missing), Found: "not granted", Cost: n.why,
		Remedy: fmt.Sprintf("GRANT %s ON %s.* TO %s", n.privilege, mysqlx.Quote(p.report.Database), p.account()),
	}
}

// account is the user as GRANT takes it. A user's name may hold an @, a host's may not.
func (p *patient) account() string {
	at := strings.LastIndexByte(p.report.User, '@')
	if at < 0 {
		return mysqlx.Quote(p.report.User)
	}
	return mysqlx.Quote(p.report.User[:at]) + "@" + mysqlx.Quote(p.report.User[at+1:])
}

// probeComfort asks for what a privilege shows.
func (p *patient) probeComfort(ctx context.Context, c comfort) error {
	ok := p.report.Grants.Has(c.privilege, p.report.Database)
	if c.wider != "" {
		ok = ok || p.report.Grants.Has(c.wider, p.report.Database)
	}
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
	p.privilege(Finding{Name: c.privilege, Level: Costs, Found: "not granted", Cost: c.cost, Remedy: grant + " TO " + p.account()})
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
