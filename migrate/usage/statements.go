package usage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// selectDigests reads every digest. MariaDB keeps no sample.
const selectDigests = `/* underpin usage */
SELECT COALESCE(SCHEMA_NAME, ''), DIGEST, DIGEST_TEXT, COUNT_STAR, UNIX_TIMESTAMP(FIRST_SEEN), UNIX_TIMESTAMP(LAST_SEEN), %s
FROM performance_schema.events_statements_summary_by_digest
WHERE COALESCE(SCHEMA_NAME, '')` + notOurs

var sampleColumn = [2]string{mySQL: "LEFT(QUERY_SAMPLE_TEXT, 200)", mariaDB: "''"}

// selectDigestLength is how many bytes of a digest are kept.
const selectDigestLength = `/* underpin usage */
SELECT LEAST(@@GLOBAL.max_digest_length, @@GLOBAL.performance_schema_max_digest_length)`

// selectConsumers tells whether digests are being kept.
const selectConsumers = `/* underpin usage */
SELECT NAME, ENABLED
FROM performance_schema.setup_consumers
WHERE NAME IN ('global_instrumentation', 'thread_instrumentation', 'statements_digest')`

const selectUptime = `/* underpin usage */
SHOW GLOBAL STATUS LIKE 'Uptime'`

// selectNow is the server's clock, by which it says when it saw a statement.
const selectNow = `/* underpin usage */
SELECT UNIX_TIMESTAMP(NOW(6))`

const selectPrepared = `/* underpin usage */
SELECT p.STATEMENT_ID, p.SQL_TEXT, p.COUNT_EXECUTE, t.PROCESSLIST_ID, COALESCE(t.PROCESSLIST_DB, '')
FROM performance_schema.prepared_statements_instances AS p
LEFT JOIN performance_schema.threads AS t ON t.THREAD_ID = p.OWNER_THREAD_ID`

// readStatements judges what was run, is prepared and runs now.
func (l *look) readStatements(ctx context.Context, _ []Element) error {
	s := statements{look: l, ownShapes: map[string]bool{}, seen: map[string]bool{}}
	for _, text := range l.opts.Own {
		s.ownShapes[canon(lex(text, plainText))] = true
	}
	if err := s.findSource(ctx); err != nil {
		return fmt.Errorf("find out whether the server keeps statements: %w", err)
	}
	if err := s.readSessions(ctx); err != nil {
		return fmt.Errorf("read who is connected: %w", err)
	}
	if s.digests {
		if err := s.readDigests(ctx); err != nil {
			return fmt.Errorf("read the statement digests: %w", err)
		}
		if err := s.readPrepared(ctx); err != nil {
			return fmt.Errorf("read the prepared statements: %w", err)
		}
	}
	if err := s.readRunning(ctx); err != nil {
		return fmt.Errorf("read the process list: %w", err)
	}
	return nil
}

// statements gathers what was run.
type statements struct {
	*look
	digests   bool // the server keeps digests, and they may be read
	ownShapes map[string]bool
	sessions  map[uint64]Session // by connection
	senders   map[string][]sender
	seen      map[string]bool // running statements already reported
}

// findSource finds out whether there are digests to read, and how far back.
func (s *statements) findSource(ctx context.Context) error {
	const remedy = "start the server with performance_schema=ON and wait as long as the rarest job of the application takes, " +
		"or take the application's word"
	if !s.counting {
		s.blind("statements that ran before this look", "the server keeps no digests: performance_schema is off; only what ran during "+
			s.opts.Window.String()+" was sampled", remedy)
		return nil
	}
	off := ""
	ok, err := s.eachIfSeen(ctx, selectConsumers, func(r row) error {
		if r.text(1) != "YES" {
			off = r.text(0)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case !ok:
		s.counting = false
		s.blind("statements that ran before this look", "this user may not read performance_schema; only what ran during "+
			s.opts.Window.String()+" was sampled", "GRANT SELECT ON performance_schema.* to it")
		return nil
	case off != "":
		s.blind("statements that ran before this look", "the consumer "+off+" of performance_schema is switched off",
			"switch it on in performance_schema.setup_consumers and look again later")
	}
	s.digests = true
	return s.checkReach(ctx)
}

// checkReach says if the server has not been up for long enough.
func (s *statements) checkReach(ctx context.Context) error {
	var now time.Time
	var uptime uint64
	if err := s.each(ctx, selectNow, nil, func(r row) error { now = r.when(0); return nil }); err != nil {
		return err
	}
	if err := s.each(ctx, selectUptime, nil, func(r row) error { uptime = r.number(1); return nil }); err != nil {
		return err
	}
	start := now.Add(-time.Duration(uptime) * time.Second)
	if !s.opts.Since.IsZero() && start.After(s.opts.Since) {
		s.blind("statements from before "+start.Format(time.RFC3339), "the server started then, later than "+
			s.opts.Since.UTC().Format(time.RFC3339)+", and has forgotten them", "wait as long again as you wanted to look back")
	}
	return nil
}

// slack is the most that one token takes of a digest's room: a digest with
// less left may have lost its end, which the server does not say.
const slack = 200

// stored is about how many bytes a digest of these tokens takes.
func stored(tokens []token) int {
	n := 0
	for _, t := range tokens {
		n += 2
		if t.kind == quoted {
			n += 2 + len(t.text)
		}
	}
	return n
}

// record is a digest before it is judged.
type record struct {
	item
	marked bool // its sample begins with Underpin's marker
	shape  []token
	digest string
}

// readDigests judges every digest.
func (s *statements) readDigests(ctx context.Context) error {
	form := [2]form{mySQL: digestText, mariaDB: digestMaria}[s.flavour]
	var limit int
	if err := s.conn.QueryRowContext(ctx, selectDigestLength).Scan(&limit); err != nil {
		return err
	}
	records := map[string]record{}
	var items []item
	var lost uint64
	err := s.each(ctx, fmt.Sprintf(selectDigests, sampleColumn[s.flavour]), nil, func(r row) error {
		if !r[1].Valid { // everything that found no room
			lost += r.number(3)
			return nil
		}
		tokens := lex(r.text(2), form)
		i := item{schema: r.text(0), raw: r.text(2), loose: s.flavour == mySQL, pieces: [][]token{tokens}, use: Use{
			Kind: Digest, Name: r.text(1), Text: display(tokens),
			Count: r.number(3), FirstSeen: r.when(4), LastSeen: r.when(5),
		}}
		i.full = stored(tokens)+slack > limit
		if !i.mentions(s.targets) && !i.isCut() {
			return nil
		}
		records[r.text(0)+"\x00"+r.text(1)] = record{i, isMarked(r.text(6)), tokens, r.text(1)}
		i.use.Name = r.text(0) + "\x00" + r.text(1)
		items = append(items, i)
		return nil
	})
	if err != nil {
		return err
	}
	if lost > 0 {
		s.blind(fmt.Sprintf("%d statements whose digests were not kept", lost), "the server's table of digests is full, and what came later is not in it",
			"raise performance_schema_digests_size and restart, or truncate performance_schema.events_statements_summary_by_digest, and look again later")
	}
	uses, err := s.judge(ctx, items)
	if err != nil {
		return err
	}
	if err := s.readSenders(ctx); err != nil {
		return err
	}
	s.warnCut(items, uses)
	for _, u := range uses {
		rec := records[u.Name]
		u.Name = rec.digest
		s.addDigest(u, rec)
	}
	return nil
}

// addDigest puts the use by a digest where it belongs.
func (s *statements) addDigest(u Use, rec record) {
	own := rec.marked || s.ownShapes[canon(rec.shape)]
	for _, sent := range s.senders[rec.digest] {
		u.Sessions = appendSession(u.Sessions, sent.Session)
		own = own && (sent.marked || sent.Program == mysqlx.Program)
	}
	switch {
	case own:
		s.report.Own = append(s.report.Own, u)
	case u.LastSeen.Before(s.opts.Since):
		s.report.Past = append(s.report.Past, u)
	default:
		s.report.Uses = append(s.report.Uses, u)
	}
}

// warnCut says of digests whose end is missing, and which were no use by what
// is left of them, that they may be one.
func (s *statements) warnCut(items []item, uses []Use) {
	used := map[string]bool{}
	for _, u := range uses {
		used[u.Name] = true
	}
	n, sample := 0, ""
	for _, i := range items {
		if !i.isCut() || used[i.use.Name] || i.use.LastSeen.Before(s.opts.Since) {
			continue
		}
		n++
		if sample == "" {
			_, sample, _ = strings.Cut(i.use.Name, "\x00")
		}
	}
	if n > 0 {
		s.blind(fmt.Sprintf("the ends of %d statement digests, %s among them", n, sample),
			"they are longer than the server keeps, and the part that is missing may name the element",
			"raise max_digest_length and performance_schema_max_digest_length, restart, and look again later")
	}
}

// readPrepared judges statements that sessions hold prepared.
func (s *statements) readPrepared(ctx context.Context) error {
	var items []item
	ok, err := s.eachIfSeen(ctx, selectPrepared, func(r row) error {
		session, known := s.sessions[r.number(3)]
		if r.number(3) == s.own || isMarked(r.text(1)) {
			return nil
		}
		i := running(r.text(1), r.text(4))
		i.use = Use{Kind: PreparedStatement, Name: fmt.Sprintf("%s of connection %d", r.text(0), r.number(3)), Text: display(i.pieces[0]), Count: r.number(2)}
		if known {
			i.use.Sessions = []Session{session}
		}
		items = append(items, i)
		return nil
	})
	if err != nil {
		return err
	}
	if !ok {
		s.blind("prepared statements", "a session may hold one that names the element",
			"GRANT SELECT ON performance_schema.* to the user")
	}
	uses, err := s.judge(ctx, items)
	s.report.Uses = append(s.report.Uses, uses...)
	return err
}

// running is a statement as its sender wrote it. Whether the sender's session
// takes "x" for a name is not known, so such a statement is read both ways: a
// name is not overlooked, but a literal may be taken for one.
func running(text, schema string) item {
	i := item{schema: schema, raw: text, pieces: [][]token{lex(text, plainText)}}
	if strings.Contains(text, `"`) {
		i.pieces = append(i.pieces, lex(text, ansiText))
	}
	return i
}

// isMarked reports whether a statement begins with Underpin's marker.
func isMarked(text string) bool {
	return strings.HasPrefix(strings.TrimSpace(text), strings.TrimSuffix(mysqlx.Marker(""), " */ "))
}
