package querykiller

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// tangle makes an ALTER wait for an idle transaction, a SELECT for the ALTER,
// and an UPDATE for the row of another transaction.
type tangle struct{ holder, alter, reader, rowHolder, rowWaiter *client }

func newTangle(w *watched) tangle {
	w.t.Helper()
	w.exec("CREATE TABLE orders (id INT PRIMARY KEY, v INT)")
	w.exec("INSERT INTO orders VALUES (1, 1)")
	w.exec("CREATE TABLE stock (id INT PRIMARY KEY, v INT)")
	w.exec("INSERT INTO stock VALUES (1, 1)")
	g := tangle{w.client(), w.client(), w.client(), w.client(), w.client()}
	g.holder.exec("BEGIN")
	g.holder.exec("SELECT * FROM orders")
	g.rowHolder.exec("BEGIN")
	g.rowHolder.exec("UPDATE stock SET v = 2")
	g.alter.start("ALTER TABLE orders ADD COLUMN x INT")
	w.find(g.alter.id, "the ALTER waits", func(s Session) bool { return strings.Contains(s.State, "metadata lock") })
	g.reader.start("SELECT COUNT(*) FROM orders")
	g.rowWaiter.start("UPDATE stock SET v = 3")
	w.find(g.reader.id, "the reader waits", func(s Session) bool { return strings.Contains(s.State, "metadata lock") })
	w.running(g.rowWaiter.id, 300*time.Millisecond)
	return g
}

// under returns the node of a session below another.
func under(nodes []*Node, id uint64) *Node {
	for _, n := range nodes {
		if n.Session.ID == id {
			return n
		}
		if found := under(n.Waiting, id); found != nil {
			return found
		}
	}
	return nil
}

func explain(t testing.TB, w *watched) *Tree {
	t.Helper()
	tree, err := Explain(t.Context(), w.s)
	require.NoError(t, err)
	return tree
}

func requireTangle(t testing.TB, w *watched, g tangle) {
	t.Helper()
	tree := explain(t, w)
	var text bytes.Buffer
	require.NoError(t, tree.WriteText(&text))
	holder := under(tree.Roots, g.holder.id)
	require.NotNil(t, holder, "%s", &text)
	alter := under(holder.Waiting, g.alter.id)
	require.NotNil(t, alter, "%s", &text)
	require.Equal(t, LockMetadata, alter.Lock)
	require.Equal(t, w.d.Name+".orders", alter.Object)
	reader := under(alter.Waiting, g.reader.id)
	require.NotNil(t, reader, "the reader waits behind the ALTER: %s", &text)
	require.Nil(t, under([]*Node{under(tree.Roots, g.rowHolder.id)}, g.alter.id))
	require.GreaterOrEqual(t, holder.Held(), 2)
	require.Contains(t, text.String(), fmt.Sprintf("holds up %d", holder.Held()))
	_, err := json.Marshal(tree)
	require.NoError(t, err)

	p := w.find(g.alter.id, "blocked", func(s Session) bool { return len(s.BlockedBy) > 0 && s.Locked > 0 })
	require.Contains(t, p.BlockedBy, Block{Session: g.holder.id, Lock: LockMetadata, Object: w.d.Name + ".orders"})
	require.LessOrEqual(t, p.Locked, p.Age)
}

// requireRowWait polls for it: the servers refresh what they tell of
// transactions only while nobody else reads it.
func requireRowWait(t testing.TB, w *watched, g tangle) {
	t.Helper()
	var waiter *Node
	require.Eventually(t, func() bool {
		if row := under(explain(t, w).Roots, g.rowHolder.id); row != nil {
			waiter = under(row.Waiting, g.rowWaiter.id)
		}
		return waiter != nil
	}, 20*time.Second, 200*time.Millisecond)
	require.Equal(t, LockRow, waiter.Lock)
	require.Equal(t, w.d.Name+".stock", waiter.Object)
	p := w.find(g.rowWaiter.id, "blocked", func(s Session) bool { return len(s.BlockedBy) > 0 })
	require.Equal(t, g.rowHolder.id, p.BlockedBy[0].Session)
}

// TestExplain on servers as they come: MySQL knows, MariaDB guesses about
// metadata locks, says so, and judges nobody by it.
func TestExplain(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, s, Options{})
		g := newTangle(w)
		requireRowWait(t, w, g)
		if s.Engine() == servers.MySQL {
			requireTangle(t, w, g)
			return
		}
		tree := explain(t, w)
		require.Contains(t, strings.Join(tree.Notes, "\n"), "a guess")
		holder := under(tree.Roots, g.holder.id)
		require.NotNil(t, holder)
		require.NotNil(t, under(holder.Waiting, g.alter.id))
		p := w.find(g.alter.id, "waits", func(s Session) bool { return s.Age > 200*time.Millisecond })
		require.Empty(t, p.BlockedBy)
		require.Contains(t, p.Unknown, "blocked_by")
	})
}

// TestExplainMariaDBSchema: with performance_schema and its instrument MariaDB
// knows as well, and who connected.
func TestExplainMariaDBSchema(t *testing.T) {
	private := servers.Private(t, servers.Options{Engine: servers.MariaDB, ExtraArgs: []string{
		"--performance-schema=ON", "--performance-schema-instrument=wait/lock/metadata/sql/mdl=ON",
	}})
	w := watch(t, private, Options{})
	require.NotContains(t, degraded(w.poll()), "metadata locks")
	g := newTangle(w)
	requireRowWait(t, w, g)
	requireTangle(t, w, g)
	require.Equal(t, No, w.running(g.reader.id, 0).HoldsTables)
	c := w.client()
	c.exec("CREATE TABLE other (id INT)")
	c.exec("LOCK TABLES other WRITE")
	c.start("DO SLEEP(5)")
	require.Equal(t, Yes, w.running(c.id, 200*time.Millisecond).HoldsTables)
}

// TestExplainMariaDBPlugin: with the plugin METADATA_LOCK_INFO MariaDB tells who
// has which metadata lock; for which somebody waits is known from his statement.
func TestExplainMariaDBPlugin(t *testing.T) {
	private := servers.Private(t, servers.Options{
		Engine: servers.MariaDB, ExtraArgs: append(servers.MariaDBPlugins(t), "--plugin-load-add=metadata_lock_info"),
	})
	w := watch(t, private, Options{})
	require.NotContains(t, degraded(w.poll()), "metadata locks")
	requireHolders(t, w, map[string]Tri{
		"BEGIN":                       No,
		"LOCK TABLES a READ":          Yes,
		"LOCK TABLES a WRITE":         Yes,
		"FLUSH TABLES WITH READ LOCK": Yes,
		"BACKUP STAGE START":          Yes,
	})
	g := newTangle(w)
	requireRowWait(t, w, g)
	requireTangle(t, w, g)
	require.Contains(t, strings.Join(explain(t, w).Notes, "\n"), "METADATA_LOCK_INFO tells who holds a metadata lock")
}

// TestHoldsTables: LOCK TABLES, FLUSH TABLES WITH READ LOCK and the backup lock
// are seen on MySQL, and a transaction is none of them.
func TestHoldsTables(t *testing.T) {
	requireHolders(t, watch(t, servers.Private(t, servers.Options{Engine: servers.MySQL}), Options{}), map[string]Tri{
		"BEGIN":                       No,
		"LOCK TABLES a READ":          Yes,
		"LOCK TABLES a WRITE":         Yes,
		"LOCK INSTANCE FOR BACKUP":    Yes,
		"FLUSH TABLES WITH READ LOCK": Yes,
	})
}

// requireHolders runs the statements, each on a connection of its own that then
// gives up what it holds, and requires what is told of it.
func requireHolders(t *testing.T, w *watched, statements map[string]Tri) {
	t.Helper()
	w.exec("CREATE TABLE a (id INT PRIMARY KEY)")
	for statement, want := range statements {
		c := w.client()
		c.exec(statement)
		c.start("DO SLEEP(60)")
		require.Equal(t, want, w.running(c.id, 200*time.Millisecond).HoldsTables, statement)
		w.exec(fmt.Sprintf("KILL %d", c.id))
	}
}

// TestTreeOfCircles: waits in a circle are drawn once, and marked.
func TestTreeOfCircles(t *testing.T) {
	s := &Snapshot{Sessions: []Session{
		{ID: 1, BlockedBy: []Block{{Session: 2, Lock: LockRow}}},
		{ID: 2, BlockedBy: []Block{{Session: 1, Lock: LockMetadata}}},
		{ID: 3, BlockedBy: []Block{{Session: 2, Lock: LockRow}, {Session: 9, Lock: LockRow}}},
	}}
	tree := NewTree(s)
	var text bytes.Buffer
	require.NoError(t, tree.WriteText(&text))
	require.Len(t, tree.Roots, 2)
	require.Contains(t, text.String(), "(a circle: it is above)")
	require.Equal(t, 3, strings.Count(text.String(), "waits for a row lock")+strings.Count(text.String(), "waits for a metadata lock")-1, "%s", &text)
	var none bytes.Buffer
	require.NoError(t, NewTree(&Snapshot{}).WriteText(&none))
	require.Equal(t, "nobody waits for anybody\n", none.String())
}
