package querykiller

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// feed is a connection that reads the binary log, as a replica's does.
type feed struct {
	id   uint64
	conn net.Conn
	dead chan struct{}
}

func (f *feed) alive() bool {
	select {
	case <-f.dead:
		return false
	default:
		return true
	}
}

const feeds = `
SELECT COUNT(*)
FROM information_schema.PROCESSLIST
WHERE ID = ?
  AND COMMAND LIKE 'Binlog Dump%'`

// newFeed speaks the protocol as far as a replica without a password needs it.
func newFeed(t testing.TB, w *watched) *feed {
	t.Helper()
	user := "replica" + fmt.Sprint(time.Now().UnixNano()%1_000_000)
	w.exec("CREATE USER " + user + "@'%'")
	w.exec("GRANT REPLICATION SLAVE ON *.* TO " + user + "@'%'")
	conn, err := net.Dial("tcp", w.d.Server.Addr())
	require.NoError(t, err)
	f := &feed{conn: conn, dead: make(chan struct{})}
	hello := readPacket(t, conn)
	end := 1 + strings.IndexByte(string(hello[1:]), 0)
	f.id = uint64(binary.LittleEndian.Uint32(hello[end+1:]))
	plugin := "caching_sha2_password"
	if w.d.Server.Engine() == servers.MariaDB {
		plugin = "mysql_native_password"
	}
	const protocol41, secure, pluginAuth = 0x200, 0x8000, 0x80000
	login := binary.LittleEndian.AppendUint32(nil, protocol41|secure|pluginAuth)
	login = binary.LittleEndian.AppendUint32(login, 1<<24)
	login = append(append(login, 45), make([]byte, 23)...)
	login = append(append(login, user...), 0, 0)
	login = append(append(login, plugin...), 0)
	writePacket(t, conn, 1, login)
	require.Zero(t, readPacket(t, conn)[0], "logged in")
	command(t, conn, "SET @source_binlog_checksum = 'NONE', @master_binlog_checksum = 'NONE'")
	dump := []byte{0x12, 4, 0, 0, 0, 0, 0} // COM_BINLOG_DUMP from the first file
	dump = binary.LittleEndian.AppendUint32(dump, uint32(f.id)+1000)
	if w.d.Server.Engine() == servers.MySQL {
		dump = []byte{0x1e, 0, 0} // COM_BINLOG_DUMP_GTID
		dump = binary.LittleEndian.AppendUint32(dump, uint32(f.id)+1000)
		dump = binary.LittleEndian.AppendUint32(dump, 0)
		dump = binary.LittleEndian.AppendUint64(dump, 4)
		dump = binary.LittleEndian.AppendUint32(dump, 8)
		dump = binary.LittleEndian.AppendUint64(dump, 0)
	}
	writePacket(t, conn, 0, dump)
	go func() {
		_, _ = io.Copy(io.Discard, conn)
		close(f.dead)
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-f.dead
	})
	w.until("a replica's feed", feeds, f.id)
	return f
}

func command(t testing.TB, conn net.Conn, query string) {
	t.Helper()
	writePacket(t, conn, 0, append([]byte{3}, query...))
	require.Zero(t, readPacket(t, conn)[0], query)
}

func writePacket(t testing.TB, conn net.Conn, sequence byte, payload []byte) {
	t.Helper()
	head := []byte{byte(len(payload)), byte(len(payload) >> 8), byte(len(payload) >> 16), sequence}
	_, err := conn.Write(append(head, payload...))
	require.NoError(t, err)
}

func readPacket(t testing.TB, conn net.Conn) []byte {
	t.Helper()
	head := make([]byte, 4)
	_, err := io.ReadFull(conn, head)
	require.NoError(t, err)
	payload := make([]byte, int(head[0])|int(head[1])<<8|int(head[2])<<16)
	_, err = io.ReadFull(conn, payload)
	require.NoError(t, err)
	return payload
}
