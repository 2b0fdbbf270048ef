package dualwrite

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"github.com/underpin-db/underpin/internal/shape"
)

// Preparation says whether mirrors are kept prepared on the server.
type Preparation int

// The preparations.
const (
	// PrepareUsual keeps the mirror of one row with whole numbers for a key
	// prepared on every connection that has run it, which spares the server
	// the parsing: about a fifth of the statement. Prepared statements are
	// counted for all users of a server together, so it is done only while less than
	// a quarter of max_prepared_stmt_count is in use, looked at once a minute.
	PrepareUsual Preparation = iota
	// PrepareNothing sends text only, for proxies that carry no prepared
	// statements.
	PrepareNothing
)

const (
	roomEvery   = time.Minute
	roomShare   = 4 // one part in so many of max_prepared_stmt_count may be in use
	preparedMax = 8 // texts of one epoch: the kinds of mirror that one release runs
)

const (
	queryPreparedMax = `/* underpin dualwrite */
SELECT @@GLOBAL.max_prepared_stmt_count, VERSION() LIKE '%MariaDB%'`
	queryPreparedNow = `/* underpin dualwrite */
SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'`
)

// statements is the mirrors of a change that are prepared. Each belongs to the
// pool and is prepared by it on each connection that runs it. The texts name the
// epoch whose fence they take, so all of them go when a new one comes.
//
// Preparing needs a connection, which a unit that holds one must not wait for. A
// text that is asked for is therefore only noted, and prepared by tend, which
// runs after a commit, when the unit's own connection is back in the pool. If a
// statement turns out not to be prepared after all (max_prepared_stmt_count, a
// proxy that has changed servers), that is an error of the ride, which falls back
// on the fence by itself and on text.
type statements struct {
	mu    sync.RWMutex
	epoch uint64
	ready map[string]*sql.Stmt // nil: asked for
	stale []*sql.Stmt          // of epochs gone by; units may still be running them
	looks time.Time            // when to look for room again
	due   bool                 // there is something to prepare
	room  bool
	joint bool // the server runs compound statements
	gone  bool // the client is closed
}

// of returns the prepared form of a text of an epoch, nil if there is none yet.
func (s *statements) of(epoch uint64, text string) *sql.Stmt {
	s.mu.RLock()
	stmt, known := s.ready[text]
	s.mu.RUnlock()
	if !known {
		s.note(epoch, text)
	}
	return stmt
}

func (s *statements) note(epoch uint64, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if epoch > s.epoch {
		s.retire()
		s.epoch = epoch
	}
	if epoch < s.epoch || len(s.ready) >= preparedMax {
		return
	}
	if _, known := s.ready[text]; !known {
		s.ready[text], s.due = nil, true
	}
}

// retire puts all statements aside, to be closed when the next look finds that
// nobody can be running them any more.
func (s *statements) retire() {
	for _, stmt := range s.ready {
		if stmt != nil {
			s.stale = append(s.stale, stmt)
		}
	}
	s.ready = map[string]*sql.Stmt{}
}

// tend prepares what was asked for and, once in a while, looks whether there is
// still room on the server. It reports nothing: without a prepared statement the
// text is sent. Mostly there is nothing to do, and it takes one lock.
func (s *statements) tend(ctx context.Context, db *sql.DB, now time.Time) {
	s.mu.RLock()
	look, due := len(s.ready)+len(s.stale) > 0 && !now.Before(s.looks), s.due && s.room
	s.mu.RUnlock()
	if look {
		s.look(ctx, db, now)
	}
	if look || due {
		s.prepare(ctx, db)
	}
}

// look finds out whether there is room. Whoever comes first does it.
func (s *statements) look(ctx context.Context, db *sql.DB, now time.Time) {
	s.mu.Lock()
	first := !now.Before(s.looks)
	s.looks = now.Add(roomEvery)
	old := s.stale
	if first {
		s.stale = nil
	}
	s.mu.Unlock()
	if !first {
		return
	}
	closeAll(old)
	room, joint := hasRoom(ctx, db)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.room && !room {
		s.retire() // closed at the next look
	}
	s.room, s.joint = room && !s.gone, joint
}

// hasRoom reports whether the server has room for prepared statements, and
// whether they may be compound ones outside a stored program.
func hasRoom(ctx context.Context, db *sql.DB) (room, joint bool) {
	var name string
	var most, now int64
	if db.QueryRowContext(ctx, queryPreparedMax).Scan(&most, &joint) != nil {
		return false, false
	}
	if db.QueryRowContext(ctx, queryPreparedNow).Scan(&name, &now) != nil {
		return false, false
	}
	return now < most/roomShare, joint
}

// compound reports whether a landing may be asked for.
func (s *statements) compound() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.joint
}

// prepare prepares the texts that were asked for. One that the server does not
// take is not asked for again before the next epoch.
func (s *statements) prepare(ctx context.Context, db *sql.DB) {
	for _, text := range s.wanted() {
		stmt, err := db.PrepareContext(ctx, text) //nolint:sqlclosecheck // kept; closeAll closes it
		if err != nil {
			continue
		}
		s.mu.Lock()
		if _, asked := s.ready[text]; asked && !s.gone {
			s.ready[text] = stmt
		} else {
			s.stale = append(s.stale, stmt)
		}
		s.mu.Unlock()
	}
}

func (s *statements) wanted() (texts []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.due || !s.room {
		return nil
	}
	s.due = false
	for text, stmt := range s.ready {
		if stmt == nil {
			texts = append(texts, text)
		}
	}
	return texts
}

// close gives everything back to the server.
func (s *statements) close() {
	s.mu.Lock()
	s.retire()
	old := s.stale
	s.stale, s.room, s.gone = nil, false, true
	s.mu.Unlock()
	closeAll(old)
}

func closeAll(old []*sql.Stmt) {
	for _, stmt := range old {
		_ = stmt.Close() // a connection on which that fails is closed by the pool
	}
}

// numbered reports whether all arguments are whole numbers. Texts and bytes are
// compared by the character set of the session when they come as arguments, so
// they are never sent that way.
func numbered(s shape.Statement) bool {
	for _, arg := range s.Args {
		switch arg.(type) {
		case int64, uint64:
		default:
			return false
		}
	}
	return true
}
