package dualwrite_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

// cut says where a proxy cuts the connection that commits.
type cut int32

const (
	pass cut = iota
	beforeCommit
	afterCommit // the server gets it, the client never hears
	refused     // the server rolls back and answers with an error of COMMIT
	watched     // the packet is passed on when somebody has been told of it
)

// commits recognises the packet that commits: a COMMIT is one of its own (header,
// command, text), also where it begins the next transaction, and a mirror that
// brings the COMMIT with it is the only prepared statement that these tests run
// while something is to be cut.
func commits(packet []byte) bool {
	const execute = 0x17 // COM_STMT_EXECUTE
	return len(packet) < 16 && bytes.HasSuffix(packet, []byte("COMMIT")) || chains(packet) || len(packet) > 4 && packet[4] == execute
}

func chains(packet []byte) bool { return bytes.HasSuffix(packet, []byte("COMMIT AND CHAIN")) }

// proxy passes connections on to a server until it is told to cut them. It
// cuts once and passes on again.
type proxy struct {
	listener net.Listener
	server   string
	cut      atomic.Int32
	cuts     atomic.Int32
	watch    func()      // what watched does first
	chained  atomic.Bool // what was cut last began the next transaction, too
	unchain  atomic.Bool // it drops the CHAIN
	all      sync.WaitGroup
}

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: listener, server: server}
	p.all.Go(p.accept)
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		p.all.Wait()
	})
	return p
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		var muted atomic.Bool
		p.all.Go(func() { p.toServer(client, server, &muted) })
		p.all.Go(func() { toClient(client, server, &muted) })
	}
}

func (p *proxy) toServer(client, server net.Conn, muted *atomic.Bool) {
	defer client.Close()
	defer server.Close()
	buffer := make([]byte, 1<<16)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		how := pass
		if commits(buffer[:n]) {
			how = cut(p.cut.Swap(int32(pass)))
			if how != pass {
				p.chained.Store(chains(buffer[:n]))
			}
		}
		if p.unchain.Load() && chains(buffer[:n]) {
			copy(buffer[:n], bytes.Replace(buffer[:n], []byte(" AND CHAIN"), []byte("          "), 1))
		}
		switch how {
		case beforeCommit:
			p.cuts.Add(1)
			return
		case watched:
			p.cuts.Add(1)
			p.watch()
		case refused:
			p.cuts.Add(1)
			n = copy(buffer, queryPacket(`BEGIN NOT ATOMIC ROLLBACK; SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1180; END`))
		}
		if how == afterCommit {
			muted.Store(true)
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
		if how == afterCommit {
			p.cuts.Add(1)
			// The answer shows that the server has done it. toClient drops it and
			// closes, which ends this read.
			_, _ = client.Read(buffer[:1])
			return
		}
	}
}

// queryPacket is a COM_QUERY as a client sends it.
func queryPacket(text string) []byte {
	const query = 0x03
	return append([]byte{byte(len(text) + 1), 0, 0, 0, query}, text...)
}

func toClient(client, server net.Conn, muted *atomic.Bool) {
	defer client.Close()
	defer server.Close()
	buffer := make([]byte, 1<<16)
	for {
		n, err := server.Read(buffer)
		if err != nil || muted.Load() {
			return
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// through returns the DSN that leads through the proxy.
func (p *proxy) through(t *testing.T, dsn string) string {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	cfg.Addr = p.listener.Addr().String()
	return cfg.FormatDSN()
}

// A connection that breaks at the COMMIT leaves an outcome that nobody knows:
// the write is neither tried again nor called failed, unless somebody finds out.
func TestCommitIsCut(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, chain := range chainings {
			t.Run("before/"+name, func(t *testing.T) { commitIsCut(t, s, beforeCommit, chain) })
			t.Run("after/"+name, func(t *testing.T) { commitIsCut(t, s, afterCommit, chain) })
		}
	})
}

func commitIsCut(t *testing.T, s *servers.Server, where cut, chain dualwrite.Chaining) {
	f := newFixture(t, s, nameSplit(), nameSplitDDL)
	f.to(migrate.DualWriting)
	p := newProxy(t, s.Addr())
	cfg := f.config(migrate.SourceShape, migrate.ReadNew)
	cfg.Poll, cfg.Lease = time.Hour, 24*time.Hour // no COMMIT but ours
	cfg.Prepare, cfg.Chain = dualwrite.PrepareNothing, chain
	client := f.joinOver(f.pool(p.through(t, f.database.DSN)), cfg)
	client.Linger(time.Hour)
	names := client.Change(splitName)
	_, err := insert(t.Context(), names, `INSERT INTO users (name) VALUES ('Grace Hopper')`) // so that others may follow
	require.NoError(t, err)
	attempts := 0
	write := func(resolve func(context.Context) (bool, error)) error {
		f.exec(`DELETE FROM users`)
		attempts = 0
		p.cut.Store(int32(where))
		return names.WriteWith(t.Context(), dualwrite.WriteOptions{Resolve: resolve}, func(ctx context.Context, tx *dualwrite.Tx) error {
			attempts++
			_, err := tx.ExecContext(ctx, `INSERT INTO users (id, name) VALUES (7, 'Ada Lovelace')`)
			tx.Touch(7)
			return err
		})
	}
	require.ErrorIs(t, write(nil), dualwrite.ErrUnknownOutcome)
	require.Equal(t, 1, attempts)
	require.EqualValues(t, 1, p.cuts.Load())
	require.Equal(t, chain == dualwrite.ChainProven, p.chained.Load())
	committed, err := f.seven(t.Context())
	require.NoError(t, err)
	require.Equal(t, where == afterCommit, committed)

	require.NoError(t, write(f.seven))
	require.Equal(t, where == afterCommit, attempts == 1, "tried again if and only if it had not happened")
	require.Equal(t, []string{"Ada Lovelace", "Ada", "Lovelace"}, f.row(`SELECT name, first_name, last_name FROM users`))

	err = write(func(context.Context) (bool, error) { return false, errors.New("nobody answers") })
	require.ErrorIs(t, err, dualwrite.ErrUnknownOutcome)
	require.ErrorContains(t, err, "nobody answers")
}

// seven reports whether user 7 is there, waiting for whoever is at it.
func (f *fixture) seven(ctx context.Context) (bool, error) {
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	var n int
	err = tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM users WHERE id = 7 FOR UPDATE`).Scan(&n)
	return n > 0, errors.Join(err, tx.Rollback())
}

// acknowledged waits until every instance has acknowledged a setting.
func (f *fixture) acknowledged(s migrate.Setting) {
	f.t.Helper()
	require.Eventually(f.t, func() bool {
		return f.row("SELECT MIN(applied_epoch) >= ? FROM _underpin_support WHERE `change` = ?", s.Epoch, f.change.Name)[0] == "1"
	}, 10*time.Second, 2*time.Millisecond)
}
