package querykiller

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// innocent is something that runs past the budget and must live.
type innocent struct {
	name  string
	id    uint64
	check func() bool // lives still
}

const conformanceBudget = time.Second

// TestConformance: what a killer must never hit runs past the budget beside a
// statement that it must. Where percona-toolkit is installed pt-kill is run on
// the same list; the table is in the log.
func TestConformance(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		private := servers.Private(t, servers.Options{Engine: s.Engine(), ExtraArgs: []string{"--event-scheduler=ON"}})
		w := watch(t, private, Options{})
		w.exec("CREATE TABLE t (id INT PRIMARY KEY)")
		results := map[string][]string{}
		ours := conform(t, w, func() func() { return runKiller(t, w.d.DSN, conformanceBudget, nil) })
		for name, r := range ours {
			results[name] = append(results[name], r)
		}
		pt := conform(t, w, func() func() {
			stop, ok := ptKill(t, w, conformanceBudget, "--match-all", "--ignore-user", "nobody")
			if !ok {
				return nil
			}
			return stop
		})
		for name, r := range pt {
			results[name] = append(results[name], r)
		}
		t.Logf("\n%s", table(string(s.Engine()), results))
		for name, r := range ours {
			want := "lives"
			if name == offenderName {
				want = "killed"
			}
			require.Equal(t, want, r, name)
		}
	})
}

const offenderName = "a SELECT past its budget (must die)"

func table(engine string, results map[string][]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | underpin | pt-kill |\n|---|---|---|\n", engine)
	for _, name := range slices.Sorted(maps.Keys(results)) {
		theirs := "not installed"
		if r := results[name]; len(r) > 1 {
			theirs = r[1]
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, results[name][0], theirs)
	}
	return b.String()
}

// conform runs the list under a killer and says of each whether it lives. A
// killer that is not there is nil, and the answer empty.
func conform(t *testing.T, w *watched, start func() func()) map[string]string {
	t.Helper()
	offender := w.client()
	holder, ddl := w.client(), w.client()
	holder.exec("BEGIN")
	holder.exec("SELECT * FROM t")
	waiting := ddl.start("ALTER TABLE t FORCE")
	dump := withProgram(t, w.d.DSN, "mysqldump")
	dumping := dump.start("SELECT /*!40001 SQL_NO_CACHE */ SLEEP(60)")
	own := withProgram(t, w.d.DSN, mysqlx.Program)
	owning := own.start(mysqlx.Marker("backfill") + "SELECT SLEEP(60)")
	feed := newFeed(t, w)
	event := fmt.Sprintf("e%d", time.Now().UnixNano())
	w.exec("CREATE EVENT " + event + " ON SCHEDULE AT CURRENT_TIMESTAMP DO BEGIN DO SLEEP(4); CREATE TABLE " + event + "_done (id INT); END")
	innocents := []innocent{
		{"GTID feed of a replica", feed.id, feed.alive},
		{"ALTER TABLE that waits", ddl.id, func() bool { return len(waiting) == 0 }},
		{"mysqldump", dump.id, func() bool { return len(dumping) == 0 }},
		{"Underpin's own connection", own.id, func() bool { return len(owning) == 0 }},
	}
	stop := start()
	if stop == nil {
		return nil
	}
	sent := time.Now()
	dying := offender.start("SELECT SLEEP(60) + 1")
	results := map[string]string{offenderName: "lives"}
	require.Eventually(t, func() bool {
		if len(dying) > 0 {
			results[offenderName] = "killed"
		}
		return time.Since(sent) > 3500*time.Millisecond
	}, 20*time.Second, 20*time.Millisecond)
	for _, i := range innocents {
		results[i.name] = map[bool]string{true: "lives", false: "killed"}[i.check()]
	}
	var scheduler, done int
	require.Eventually(t, func() bool { // the event ends, or is never seen to
		err := w.d.DB.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?",
			w.d.Name, event+"_done").Scan(&done)
		return err == nil && (done > 0 || time.Since(sent) > 8*time.Second)
	}, 20*time.Second, 50*time.Millisecond)
	stop()
	require.NoError(t, w.d.DB.QueryRowContext(t.Context(),
		"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'event_scheduler'").Scan(&scheduler))
	results["event scheduler and its event"] = map[bool]string{true: "lives", false: "killed"}[scheduler > 0 && done > 0]
	holder.exec("ROLLBACK")
	for _, c := range []*client{offender, dump, own} {
		_, _ = w.d.DB.ExecContext(t.Context(), fmt.Sprintf("KILL %d", c.id)) // or it has gone already
	}
	return results
}

// withProgram connects under another program's name.
func withProgram(t testing.TB, dsn, program string) *client {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	cfg.ConnectionAttributes = "program_name:" + program
	return openUser(t, cfg.FormatDSN())
}

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
	w.find(f.id, "a replica's feed", func(s Session) bool { return strings.HasPrefix(s.Command, "Binlog Dump") })
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
