package fleet

import (
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// kind is what a session was found to be.
type kind int

const (
	irrelevant kind = iota // it does not count
	ours                   // Underpin's own
	known                  // it carries the id of a live instance
	indistinct             // its account is that of a live instance
	stranger
)

// judge holds what sessions are judged by.
type judge struct {
	w        *watch
	accounts map[account]*control.Instance // of live instances that declare the change
	untagged map[account]*control.Instance // those whose connections carry no id
	users    map[string]bool               // the users of all live instances
}

func (w *watch) judge() judge {
	j := judge{w, map[account]*control.Instance{}, map[account]*control.Instance{}, map[string]bool{}}
	for id, i := range w.live {
		at := strings.LastIndexByte(i.User, '@')
		a := account{i.User[:max(at, 0)], i.User[at+1:]}
		j.users[a.user] = true
		if !w.declares[id] {
			continue
		}
		j.accounts[a] = &i
		if i.Tagged != migrate.Yes {
			j.untagged[a] = &i
		}
	}
	return j
}

// judge says what a session is, and if it is in the way, why.
func (j judge) judge(s session) (kind, string) {
	switch {
	case s.id == j.w.own || isSystem(s.user, s.command) || !j.counts(s):
		return irrelevant, ""
	case s.instance != "":
		return j.judgeTagged(s)
	case s.program == mysqlx.Program:
		return ours, ""
	case j.w.method != MethodAttributes && s.user == j.w.self.user && !j.isApplication(s.account()):
		return ours, "" // a user of Underpin's own, on whatever host
	}
	return j.judgeAccount(s)
}

// judgeTagged judges a session that carries the id of an instance.
func (j judge) judgeTagged(s session) (kind, string) {
	i, live := j.w.live[s.instance]
	switch {
	case live && j.w.declares[s.instance]:
		return known, ""
	case live:
		return stranger, fmt.Sprintf("it belongs to release %s of %s on %s, which does not declare the change: "+
			"replace it by a release that does, or vouch for it if it never writes these tables", i.Release, i.Service, i.Host)
	}
	return stranger, "it belongs to an instance that is not live, never announced or with its lease run out: " +
		"stop the process, or let it announce itself"
}

// judgeAccount judges a session that carries no id.
func (j judge) judgeAccount(s session) (kind, string) {
	a := s.account()
	if i := j.untagged[a]; i != nil {
		return indistinct, fmt.Sprintf("its account is that of release %s on %s, which does not tag its connections", i.Release, i.Host)
	}
	i := j.accounts[a]
	switch {
	case i != nil && j.w.method != MethodAttributes:
		return indistinct, fmt.Sprintf("its account is that of release %s on %s, and the server cannot tell its sessions apart", i.Release, i.Host)
	case i != nil:
		return stranger, fmt.Sprintf("its account is that of release %s on %s, whose connections carry the instance's id; this one does not, "+
			"so it is of other code, an older release perhaps: stop that, or vouch for it", i.Release, i.Host)
	case isProxy(s.program):
		return stranger, "it is a connection of a proxy (" + s.program + "), which hides who uses it: look there, then vouch for it"
	}
	return stranger, "no live instance of the fleet has this account: stop what uses it, let it announce itself, or vouch for it"
}

// counts reports whether a session matters to the database in question.
func (j judge) counts(s session) bool {
	return strings.EqualFold(s.db, j.w.cfg.Schema) || (s.db == "" && j.users[s.user]) || j.isNamed(s.account())
}

// isApplication reports whether an account is one of the application's.
func (j judge) isApplication(a account) bool { return j.users[a.user] || j.isNamed(a) }

func (j judge) isNamed(a account) bool {
	for _, pattern := range j.w.cfg.Users {
		if !strings.Contains(pattern, "@") {
			pattern += "@%"
		}
		if matches(pattern, a.String()) {
			return true
		}
	}
	return false
}

// isSystem recognises the server's own sessions, the feeds of replicas, and
// connections that have not logged in yet.
func isSystem(user, command string) bool {
	switch user {
	case "system user", "event_scheduler", "unauthenticated user", "mysql.session", "mysql.sys", "mysql.infoschema", "mariadb.sys":
		return true
	}
	return command == "Daemon" || strings.HasPrefix(command, "Binlog Dump")
}

func isProxy(program string) bool {
	program = strings.ToLower(program)
	return strings.Contains(program, "proxy") || strings.Contains(program, "maxscale") || strings.Contains(program, "router")
}
