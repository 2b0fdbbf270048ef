package querykiller

import (
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Class is a kind of session that is protected unless a rule names the class in
// its unprotect list.
type Class string

// The classes.
const (
	// ClassReplication: feeds to replicas, appliers, group replication, Galera.
	ClassReplication Class = "replication"
	// ClassDaemon: the event scheduler and the server's other threads.
	ClassDaemon Class = "daemon"
	// ClassDDL: DDL and its online phases, also inside a procedure.
	ClassDDL Class = "ddl"
	// ClassBackup: dumps, physical backups, clone.
	ClassBackup Class = "backup"
	// ClassLockTables: holders of LOCK TABLES or FLUSH TABLES WITH READ LOCK. To
	// end the session gives the lock away; to end its statement does not.
	ClassLockTables Class = "lock_tables"
	// ClassRollingBack: what is being ended already. No rule can unprotect it.
	ClassRollingBack Class = "rolling_back"
	// ClassOwn: Underpin's own connections.
	ClassOwn Class = "own"
	// ClassSystem: the accounts that the server keeps for itself.
	ClassSystem Class = "system"
)

// Classes are the words of a rule's unprotect list.
func Classes() []Class {
	return []Class{ClassReplication, ClassDaemon, ClassDDL, ClassBackup, ClassLockTables, ClassOwn, ClassSystem}
}

// guard says whether a session is of a class, by the reason in words; "" is no.
type guard struct {
	class Class
	holds func(s folded) string
}

// folded is a session as the guards see it: what they compare is in small letters.
type folded struct {
	*Session
	kind                 Kind
	command, state, user string
	client               bool // see isClientCommand
}

func fold(s *Session, kind Kind) folded {
	return folded{
		Session: s, kind: kind, command: strings.ToLower(s.Command), state: strings.ToLower(s.State), user: strings.ToLower(s.User),
		client: isClientCommand(s.Command),
	}
}

// guards are in the order in which they are named as the reason.
var guards = []guard{
	{ClassReplication, isReplication},
	{ClassDaemon, isDaemon},
	{ClassSystem, isSystemUser},
	{ClassOwn, isOwn},
	{ClassRollingBack, isEnding},
	{ClassBackup, isBackup},
	{ClassLockTables, holdsTables},
	{ClassDDL, isDDL},
}

// protection is a class that a session is of.
type protection struct {
	class Class
	why   string
}

// protections returns every class that a session is of.
func protections(s *Session, kind Kind) []protection {
	shown := fold(s, kind)
	var all []protection
	for _, g := range guards {
		if why := g.holds(shown); why != "" {
			all = append(all, protection{g.class, why})
		}
	}
	return all
}

// The words by which the guards know what they protect, in small letters.
var (
	replicationCommands = []string{"binlog dump", "table dump", "register slave", "register replica", "connect out",
		"slave", "replica", "group replication", "group_replication"}
	replicationStates = []string{"group replication", "group_replication", "replica", "relay log", "to send event", "sent all binlog",
		"has sent all", "slave", "wsrep", "from source", "from master", "gtid", "binlog dump"}
	galeraStates   = []string{"wsrep", "group replication"}
	daemonStates   = []string{"waiting on empty queue", "waiting for next activation", "innodb", "compressing gtid"}
	systemUsers    = []string{"mysql.session", "mysql.sys", "mysql.infoschema", "mariadb.sys"}
	backupPrograms = []string{"mysqldump", "mariadb-dump", "mysqlpump", "mydumper", "myloader", "mysqlsh", "xtrabackup",
		"mariabackup", "mariadb-backup", "mysqlbackup", "innobackupex"}
	backupTexts  = []string{"BACKUP", "CLONE", "LOCK INSTANCE FOR BACKUP"}
	backupStates = []string{"clon", "backup"}
	endingStates = []string{"rollback", "rolling back"}
	lockTexts    = []string{"LOCK TABLE", "FLUSH TABLE", "FLUSH LOCAL TABLE", "FLUSH NO_WRITE_TO_BINLOG TABLE"}
	ddlStates    = []string{"alter", "copy to tmp table", "creating index", "rename table", "discard_or_import", "repair", "optimiz"}
	// optimizing and repairing also name phases of other statements; to spare
	// those by mistake is the safe side, but for "optimizing", which every SELECT
	// passes through.
	notDDLStates = []string{"optimizing"}
)

func isReplication(s folded) string {
	switch {
	case hasPrefix(s.command, replicationCommands):
		return s.Command + " is replication"
	case s.user == "system user":
		return "system user is replication"
	case !s.client && contains(s.state, replicationStates):
		return fmt.Sprintf("state %q is replication", s.State)
	case s.System && contains(s.state, galeraStates):
		return fmt.Sprintf("state %q is replication", s.State)
	}
	return ""
}

func isDaemon(s folded) string {
	switch {
	case strings.EqualFold(s.User, "event_scheduler"):
		return "the event scheduler"
	case strings.EqualFold(s.Command, "Daemon"):
		return "a daemon of the server"
	case s.System:
		return "a thread of the server with no client behind it"
	case s.User == "" && contains(s.state, daemonStates):
		return fmt.Sprintf("state %q is a thread of the server", s.State)
	}
	return ""
}

func isSystemUser(s folded) string {
	if slices.Contains(systemUsers, s.user) {
		return s.User + " is an account of the server"
	}
	return ""
}

// ownMarker is what every statement of Underpin begins with.
var ownMarker = strings.TrimSuffix(mysqlx.Marker(""), " */ ")

func isOwn(s folded) string {
	if s.Own || strings.EqualFold(s.Program, mysqlx.Program) ||
		strings.HasPrefix(strings.TrimLeft(s.Text, " \t\r\n"), ownMarker) {
		return "Underpin's own connection"
	}
	return ""
}

// killedAlready is the reason that a session which ends gives when nothing else
// shows it.
const killedAlready = "it has been killed already"

func isEnding(s folded) string {
	switch {
	case s.RollingBack == Yes:
		return "it is rolling back"
	case contains(s.state, endingStates):
		return fmt.Sprintf("state %q is a rollback", s.State)
	case strings.EqualFold(s.Command, "Killed"):
		return killedAlready
	}
	return ""
}

// dumpMark is what mysqldump and its relatives write into their SELECTs.
const dumpMark = "/*!40001 SQL_NO_CACHE */"

func isDumpText(text string) bool {
	return strings.Contains(text[:min(len(text), maxTagText)], dumpMark)
}

func isBackup(s folded) string {
	head := s.Text[:min(len(s.Text), maxTagText)]
	switch {
	case hasPrefix(strings.ToLower(s.Program), backupPrograms):
		return s.Program + " makes a backup"
	case isDumpText(s.Text):
		return dumpMark + " is the mark of a dump"
	case s.kind == KindAdmin && beginsWith(head, backupTexts):
		return "a backup statement"
	case !s.client && contains(s.state, backupStates):
		return fmt.Sprintf("state %q is a backup", s.State)
	}
	return ""
}

func holdsTables(s folded) string {
	switch {
	case s.HoldsTables == Yes:
		return "it holds LOCK TABLES or FLUSH TABLES WITH READ LOCK"
	case s.kind == KindAdmin && beginsWith(s.Text[:min(len(s.Text), maxTagText)], lockTexts):
		return "it is locking tables"
	}
	return ""
}

func isDDL(s folded) string {
	switch {
	case s.kind == KindDDL:
		return "it is DDL"
	case contains(s.state, ddlStates) && !hasPrefix(s.state, notDDLStates):
		return fmt.Sprintf("state %q is a phase of DDL", s.State)
	}
	return ""
}

// isClientCommand says whether a client's statement, or its absence, is behind
// the command.
func isClientCommand(command string) bool {
	return slices.ContainsFunc(anyCommands, func(c string) bool { return strings.EqualFold(c, command) })
}

func hasPrefix(s string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(s, w) })
}

func contains(s string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(s, w) })
}

// beginsWith says whether the statement's keywords, comments aside, begin with
// one of the texts.
func beginsWith(text string, starts []string) bool {
	for _, d := range dialects(text) {
		l := &lexer{dialect: d, text: text}
		var words []string
		for len(words) < 5 {
			t, ok := l.code()
			if !ok {
				break
			}
			if t.kind == tokenWord {
				words = append(words, strings.ToUpper(t.text))
			}
		}
		if hasPrefix(strings.Join(words, " "), starts) {
			return true
		}
	}
	return false
}
