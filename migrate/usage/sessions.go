package usage

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// showSessions lists what runs, whole. information_schema.PROCESSLIST fails on
// MySQL while any session runs a statement with a character outside the basic
// plane, and performance_schema is not everywhere.
const showSessions = `/* underpin usage */
SHOW FULL PROCESSLIST`

const selectAttributes = `/* underpin usage */
SELECT PROCESSLIST_ID, ATTR_NAME, COALESCE(ATTR_VALUE, '')
FROM performance_schema.session_connect_attrs
WHERE ATTR_NAME IN ('` + mysqlx.AttributeInstance + `', '` + mysqlx.AttributeRelease + `', 'program_name')`

// selectSenders reads the last statements of every session, which is as much
// as the server knows of who sent a digest.
const selectSenders = `/* underpin usage */
SELECT h.DIGEST, LEFT(h.SQL_TEXT, 200), t.PROCESSLIST_ID
FROM performance_schema.%s AS h
JOIN performance_schema.threads AS t ON t.THREAD_ID = h.THREAD_ID
WHERE h.DIGEST IS NOT NULL
  AND t.PROCESSLIST_ID IS NOT NULL`

// sender is a session that sent a statement, with Underpin's marker or not.
type sender struct {
	Session
	marked bool
}

// process is a line of the process list.
type process struct {
	id           uint64
	schema, text string
	Session
}

// readSessions learns who is connected.
func (s *statements) readSessions(ctx context.Context) error {
	s.sessions = map[uint64]Session{}
	list, err := s.processes(ctx)
	if err != nil {
		return err
	}
	if s.counting {
		attributes := map[uint64]Session{}
		_, err = s.eachIfSeen(ctx, selectAttributes, func(r row) error {
			a := attributes[r.number(0)]
			switch r.text(1) {
			case mysqlx.AttributeInstance:
				a.Instance = r.text(2)
			case mysqlx.AttributeRelease:
				a.Release = r.text(2)
			default:
				a.Program = r.text(2)
			}
			attributes[r.number(0)] = a
			return nil
		})
		for id, a := range attributes {
			s.sessions[id] = a
		}
	}
	for _, p := range list {
		known := s.sessions[p.id]
		known.User, known.Host = p.User, p.Host
		s.sessions[p.id] = known
	}
	return err
}

// readSenders learns which session sent which digest lately.
func (s *statements) readSenders(ctx context.Context) error {
	s.senders = map[string][]sender{}
	for _, table := range []string{"events_statements_current", "events_statements_history"} {
		_, err := s.eachIfSeen(ctx, fmt.Sprintf(selectSenders, table), func(r row) error {
			session, ok := s.sessions[r.number(2)]
			if ok && r.number(2) != s.own {
				s.senders[r.text(0)] = append(s.senders[r.text(0)], sender{session, isMarked(r.text(1))})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// processes reads the process list.
func (s *statements) processes(ctx context.Context) ([]process, error) {
	var out []process
	err := s.each(ctx, showSessions, nil, func(r row) error {
		host := r.text(2)
		if i := strings.LastIndexByte(host, ':'); i >= 0 {
			host = host[:i]
		}
		out = append(out, process{r.number(0), r.text(3), r.text(7), Session{User: r.text(1), Host: host}})
		return nil
	})
	return out, err
}

// readRunning judges what runs now: once where there are digests, all through
// the window where there are none.
func (s *statements) readRunning(ctx context.Context) error {
	err := s.conn.QueryRowContext(ctx, selectMetric).Scan(new(string))
	switch {
	case mysqlx.Classify(err) == mysqlx.ClassPrivilege:
		s.blind("what other users run", "this user sees its own sessions only", "GRANT PROCESS ON *.* to it")
	case err != nil:
		return err
	}
	looks := 1
	if !s.digests {
		looks = int(s.opts.Window/s.opts.Every) + 1
	}
	for n := range looks {
		if n > 0 {
			if err := mysqlx.Wait(ctx, s.opts.Every); err != nil {
				return err
			}
		}
		if err := s.sample(ctx); err != nil {
			return err
		}
	}
	return nil
}

// sample judges what runs at this moment.
func (s *statements) sample(ctx context.Context) error {
	list, err := s.processes(ctx)
	if err != nil {
		return err
	}
	var items []item
	for _, p := range list {
		session := s.sessions[p.id]
		session.User, session.Host = p.User, p.Host
		key := fmt.Sprint(p.id, p.text)
		if p.text == "" || p.id == s.own || session.Program == mysqlx.Program || isMarked(p.text) || s.seen[key] {
			continue
		}
		s.seen[key] = true
		i := running(p.text, p.schema)
		i.use = Use{
			Kind: Running, Name: fmt.Sprintf("of connection %d", p.id), Text: display(i.pieces[0]),
			Sessions: []Session{session}, LastSeen: time.Now().UTC(),
		}
		items = append(items, i)
	}
	uses, err := s.judge(ctx, items)
	s.report.Uses = append(s.report.Uses, uses...)
	return err
}

// mostSessions is how many senders of a statement are listed.
const mostSessions = 5

// appendSession adds a session unless it is there or there are enough.
func appendSession(all []Session, s Session) []Session {
	if slices.Contains(all, s) || len(all) == mostSessions {
		return all
	}
	all = append(all, s)
	slices.SortFunc(all, func(a, b Session) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Release, b.Release),
			cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Program, b.Program))
	})
	return all
}
