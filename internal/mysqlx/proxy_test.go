package mysqlx_test

import (
	"bytes"
	"database/sql"
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// proxy passes packets on, and does something else once with a command that
// contains a text.
type proxy struct {
	listener net.Listener
	server   string
	wait     sync.WaitGroup

	mu    sync.Mutex
	text  string
	what  fault
	conns []net.Conn
}

type fault int

const (
	noFault      fault = iota
	answerKilled       // do not pass it on; answer with error 1317
	cutBefore          // do not pass it on; close both sides
	cutAfter           // pass it on, swallow the answer and close both sides
)

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: listener, server: server}
	p.wait.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.mu.Lock()
		for _, c := range p.conns {
			_ = c.Close()
		}
		p.mu.Unlock()
		p.wait.Wait()
	})
	return p
}

func (p *proxy) refuse(text string)          { p.arm(text, answerKilled) }
func (p *proxy) cut(text string, when fault) { p.arm(text, when) }
func (p *proxy) arm(text string, what fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text, p.what = text, what
}

// met reports whether the packet has come that a fault waited for.
func (p *proxy) met() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.what == noFault
}

func (p *proxy) take(packet []byte) (f fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.what != noFault && bytes.Contains(packet, []byte(p.text)) {
		f, p.what = p.what, noFault
	}
	return f
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
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		p.wait.Go(func() { p.forward(client, server) })
		p.wait.Go(func() { _, _ = io.Copy(client, server); _ = client.Close(); _ = server.Close() })
	}
}

// forward passes the client's packets on, one at a time.
func (p *proxy) forward(client, server net.Conn) {
	defer server.Close()
	defer client.Close()
	for {
		packet, err := readPacket(client)
		if err != nil {
			return
		}
		switch p.take(packet) {
		case answerKilled:
			if _, err := client.Write(errorPacket(packet[3]+1, 1317, "70100", "Query execution was interrupted")); err != nil {
				return
			}
			continue
		case cutBefore:
			return
		case cutAfter:
			_ = client.Close() // the answer has nowhere to go
			_, _ = server.Write(packet)
			_, _ = server.Write([]byte{1, 0, 0, 0, 1}) // COM_QUIT: the server gets to it after the command
			_, _ = io.Copy(io.Discard, server)
			return
		}
		if _, err := server.Write(packet); err != nil {
			return
		}
	}
}

func readPacket(r io.Reader) ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	body := make([]byte, int(head[0])|int(head[1])<<8|int(head[2])<<16)
	_, err := io.ReadFull(r, body)
	return slices.Concat(head, body), err
}

func errorPacket(sequence byte, number uint16, state, message string) []byte {
	body := append([]byte{0xff, byte(number), byte(number >> 8), '#'}, state+message...)
	return append([]byte{byte(len(body)), byte(len(body) >> 8), 0, sequence}, body...)
}

// openThrough opens a pool that reaches the server through the proxy.
func openThrough(t *testing.T, d *servers.Database, p *proxy, opts mysqlx.Options) *sql.DB {
	t.Helper()
	cfg, err := mysql.ParseDSN(d.DSN)
	require.NoError(t, err)
	cfg.Addr = p.listener.Addr().String()
	db, err := mysqlx.Open(t.Context(), cfg.FormatDSN(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}
