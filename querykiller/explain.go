package querykiller

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// waits is who waits for whom.
type waits struct {
	edges []wait
	// notes say what is not known, or only guessed.
	notes []string
	// guessed says that the edges of metadata locks are a guess.
	guessed bool
	// asked is how many queries that took, and worked how long the server, as the
	// clock says.
	asked  int
	worked time.Duration
}

// selectNothing is asked before the others of a round trip: what the server works
// for is seen from the first answer on.
const selectNothing = `/* underpin killer */
SELECT NULL`

// read asks the queries, and counts what the server works for them.
func (w *waits) read(ctx context.Context, conn *sql.Conn, parts ...part) error {
	nothing := part{selectNothing, func(*sql.Rows) error { return nil }}
	worked, err := readParts(ctx, conn, slices.Concat([]part{nothing}, parts)...)
	w.asked += len(parts)
	w.worked += worked
	return err
}

// wait is one session that waits for another.
type wait struct {
	waiter uint64
	Block
}

// attach tells the sessions whom they wait for. What is guessed stays unknown:
// somebody may be killed for it.
func (w waits) attach(sessions []*Session) {
	of := map[uint64][]Block{}
	for _, e := range w.edges {
		if w.guessed && e.Lock == LockMetadata {
			continue
		}
		of[e.waiter] = append(of[e.waiter], e.Block)
	}
	for _, s := range sessions {
		s.BlockedBy = of[s.ID]
		if w.guessed && strings.HasPrefix(s.State, "Waiting for") {
			s.Unknown = append(s.Unknown, "blocked_by")
		}
	}
}

// add adds an edge once.
func (w *waits) add(waiter uint64, b Block) {
	if waiter == b.Session || waiter == 0 || b.Session == 0 {
		return
	}
	if e := (wait{waiter, b}); !slices.Contains(w.edges, e) {
		w.edges = append(w.edges, e)
	}
}

// Tree says who blocks whom. It serialises as JSON; [Tree.WriteText] draws it.
type Tree struct {
	// At is the server's clock.
	At      time.Time `json:"at"`
	Flavour Flavour   `json:"flavour"`
	// Roots are the sessions that others wait for and that wait for nobody, the
	// one that holds up most first; then one of every circle of waits.
	Roots []*Node `json:"roots"`
	// Incomplete says that waits may be missing, or are those of a moment ago: the
	// server did not tell them as they are. A note says why.
	Incomplete bool `json:"incomplete,omitempty"`
	// Notes say what is a guess, and what could not be seen.
	Notes []string `json:"notes,omitempty"`
}

// Node is a session in a Tree.
type Node struct {
	Session Session `json:"session"`
	// Lock and Object are what it waits for; empty in a root.
	Lock   LockKind `json:"lock,omitempty"`
	Object string   `json:"object,omitempty"`
	// Waiting are the sessions that wait for this one.
	Waiting []*Node `json:"waiting,omitempty"`
	// Circle says that this session is above in the same branch: a deadlock
	// across kinds of lock, which no server resolves by itself.
	Circle bool `json:"circle,omitempty"`
}

// Explain asks the server who blocks whom, right now. The server must come from
// [Connect]. Where others keep the server from telling its transactions as they
// are it tries for three seconds, and then says so: see [Tree.Incomplete].
func Explain(ctx context.Context, s Server) (*Tree, error) {
	asked, ok := s.(*server)
	if !ok {
		return nil, fmt.Errorf("explain: a %T cannot tell who blocks whom", s)
	}
	snapshot, fresh, err := asked.pollFresh(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := asked.poller.get(ctx)
	if err != nil {
		return nil, err
	}
	w, err := asked.dialect.waits(ctx, conn)
	if err != nil {
		return nil, fmt.Errorf("explain: %w", asked.poller.check(err))
	}
	if !fresh && !slices.Contains(snapshot.Degraded, staleWords) {
		w.notes = append(w.notes, staleWords)
	}
	t := newTree(snapshot.Sessions, w.edges)
	t.At, t.Flavour, t.Notes = snapshot.At, snapshot.Flavour, slices.Concat(w.notes, snapshot.Degraded)
	t.Incomplete = !fresh || len(w.notes) > 0
	return t, nil
}

// freshWithin is how long Explain tries to read the transactions as they are.
const freshWithin = 3 * time.Second

// pollFresh polls until the transactions have been read as they are now; fresh
// is false if it gave up.
func (s *server) pollFresh(ctx context.Context) (_ *Snapshot, fresh bool, err error) {
	for began := time.Now(); ; {
		s.Renew()
		snapshot, err := s.Poll(ctx)
		if err != nil {
			return nil, false, err
		}
		ok, next := s.dialect.seen(began)
		if ok || next.Sub(began) > freshWithin {
			return snapshot, ok, nil
		}
		if err := mysqlx.Wait(ctx, time.Until(next)); err != nil {
			return nil, false, err
		}
	}
}

// NewTree draws up the tree from the BlockedBy of a snapshot, such as a saved
// one.
func NewTree(s *Snapshot) *Tree {
	var edges []wait
	for _, session := range s.Sessions {
		for _, b := range session.BlockedBy {
			edges = append(edges, wait{session.ID, b})
		}
	}
	t := newTree(s.Sessions, edges)
	t.At, t.Flavour, t.Notes = s.At, s.Flavour, s.Degraded
	return t
}

// grower builds a tree.
type grower struct {
	sessions map[uint64]Session
	waiting  map[uint64][]wait // by whom they wait for
	placed   map[uint64]bool
}

func newTree(sessions []Session, edges []wait) *Tree {
	g := grower{sessions: map[uint64]Session{}, waiting: map[uint64][]wait{}, placed: map[uint64]bool{}}
	for _, s := range sessions {
		g.sessions[s.ID] = s
	}
	waits := map[uint64]bool{}
	var holders []uint64
	for _, e := range edges {
		waits[e.waiter] = true
		if len(g.waiting[e.Session]) == 0 {
			holders = append(holders, e.Session)
		}
		g.waiting[e.Session] = append(g.waiting[e.Session], e)
	}
	slices.Sort(holders)
	t := &Tree{Roots: []*Node{}}
	for _, pure := range []bool{true, false} { // then the circles
		for _, id := range holders {
			if waits[id] != pure && !g.placed[id] {
				t.Roots = append(t.Roots, g.grow(wait{waiter: id}, nil))
			}
		}
	}
	slices.SortStableFunc(t.Roots, func(a, b *Node) int { return cmp.Compare(b.Held(), a.Held()) })
	return t
}

// grow makes the node of the waiter and of all who wait for it.
func (g *grower) grow(e wait, above []uint64) *Node {
	n := &Node{Session: g.session(e.waiter), Lock: e.Lock, Object: e.Object}
	if slices.Contains(above, e.waiter) {
		n.Circle = true
		return n
	}
	if g.placed[e.waiter] {
		return n // it waits for several: its own waiters are drawn once
	}
	g.placed[e.waiter] = true
	above = append(slices.Clip(above), e.waiter)
	for _, w := range g.waiting[e.waiter] {
		n.Waiting = append(n.Waiting, g.grow(w, above))
	}
	return n
}

// session returns what is known of a session, even if that is its id only.
func (g *grower) session(id uint64) Session {
	if s, ok := g.sessions[id]; ok {
		return s
	}
	return Session{ID: id, Statement: StatementID{Session: id}, Unknown: []string{"user", "command", "text"}}
}

// Held counts the sessions that wait for this one, directly or through others.
func (n *Node) Held() int {
	seen := map[uint64]bool{}
	n.collect(seen)
	delete(seen, n.Session.ID)
	return len(seen)
}

func (n *Node) collect(seen map[uint64]bool) {
	seen[n.Session.ID] = true
	for _, w := range n.Waiting {
		w.collect(seen)
	}
}

// WriteText draws the tree. Texts of statements are redacted.
func (t *Tree) WriteText(w io.Writer) error {
	var b strings.Builder
	switch {
	case len(t.Roots) > 0:
	case t.Incomplete:
		b.WriteString("nobody is seen to wait for anybody, and not all is seen\n")
	default:
		b.WriteString("nobody waits for anybody\n")
	}
	for _, r := range t.Roots {
		fmt.Fprintf(&b, "%s  holds up %d\n", r.line(), r.Held())
		r.draw(&b, "")
	}
	for _, n := range t.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (n *Node) draw(b *strings.Builder, indent string) {
	for i, w := range n.Waiting {
		branch, next := "├─ ", "│  "
		if i == len(n.Waiting)-1 {
			branch, next = "└─ ", "   "
		}
		fmt.Fprintf(b, "%s%s%s\n", indent, branch, w.line())
		w.draw(b, indent+next)
	}
}

// lineText is how many characters of a statement are drawn.
const lineText = 80

// line is one session in words.
func (n *Node) line() string {
	s := n.Session
	words := []string{fmt.Sprint(s.ID)}
	if s.User != "" {
		words = append(words, s.User+"@"+s.Host)
	}
	if s.Release != "" {
		words = append(words, "release "+s.Release)
	}
	if s.Command != "" {
		words = append(words, fmt.Sprintf("%s %.1fs", s.Command, s.Age.Seconds()))
	}
	if s.Transaction > 0 {
		words = append(words, fmt.Sprintf("transaction %.1fs", s.Transaction.Seconds()))
	}
	if s.RowsModified > 0 {
		words = append(words, fmt.Sprintf("%d rows modified", s.RowsModified))
	}
	if n.Lock != "" {
		words = append(words, strings.TrimSpace(fmt.Sprintf("waits for a %s lock %s", n.Lock, n.onObject())))
	}
	if n.Circle {
		words = append(words, "(a circle: it is above)")
	}
	if s.Text != "" {
		text := []rune(strings.Join(strings.Fields(Redact(s.Text)), " "))
		words = append(words, string(text[:min(len(text), lineText)]))
	}
	return strings.Join(words, "  ")
}

func (n *Node) onObject() string {
	if n.Object == "" {
		return ""
	}
	return "on " + n.Object
}
