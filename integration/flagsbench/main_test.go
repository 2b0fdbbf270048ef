package flagsbench

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/redis/go-redis/v9"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/redispub"
	"github.com/underpin-db/underpin/flags/sqlstore"
	"github.com/underpin-db/underpin/integration/servers"
)

// Variables by which a process of the benchmark knows that it is one of the
// clients.
const (
	envClient  = "FLAGSBENCH_CLIENT" // the DSN
	envRedis   = "FLAGSBENCH_REDIS"
	envChannel = "FLAGSBENCH_CHANNEL"
)

func TestMain(m *testing.M) {
	if dsn := os.Getenv(envClient); dsn != "" {
		if err := beClient(dsn); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := servers.Tests{M: m}.Run()
	figures.print(os.Stdout)
	os.Exit(code)
}

var errNowhere = errors.New("there is no store")

// nowhere is a source that is never there.
type nowhere struct{}

func (nowhere) Fetch(context.Context, flags.Position) (flags.Update, error) {
	return flags.Update{}, errNowhere
}

// openDB opens a database as an application does.
func openDB(dsn string, conns int) (*sql.DB, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, err
	}
	cfg.InterpolateParams, cfg.ParseTime = true, true
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// hints returns the hints over Redis, none without a URL.
func hints(url, channel string) ([]flags.Hinter, *redispub.Hints, func(), error) {
	if url == "" {
		return nil, nil, func() {}, nil
	}
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, nil, nil, err
	}
	options.PoolSize = 1000
	client := redis.NewClient(options)
	h := redispub.New(client, channel)
	return []flags.Hinter{h}, h, func() { _ = client.Close() }, nil
}

// seen is when a client saw a version of the flag, by the machine's clock.
type seen struct {
	version uint64
	at      time.Time
}

// observe calls fn whenever a client's flag has another version.
func observe(c *flags.Client, fn func(seen)) {
	c.Subscribe(func(e flags.Event) {
		if e.Kind == flags.EventChanged {
			d := c.BoolDetail(context.Background(), "kill", flags.Nobody(), false)
			fn(seen{d.Version, time.Now()})
		}
	})
}

// beClient is a process with one client, which writes what it sees until its
// input ends.
func beClient(dsn string) error {
	db, err := openDB(dsn, 1)
	if err != nil {
		return err
	}
	defer db.Close()
	list, _, stop, err := hints(os.Getenv(envRedis), os.Getenv(envChannel))
	if err != nil {
		return err
	}
	defer stop()
	c, err := flags.Open(context.Background(), flags.Config{Source: sqlstore.New(db, sqlstore.Config{}), Hints: list, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	observe(c, func(s seen) { fmt.Printf("%d %d\n", s.version, s.at.UnixNano()) })
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, c.Close())
}

// startProcess starts such a process; what it sees goes to fn.
func startProcess(b *testing.B, dsn, url, channel string, fn func(seen)) {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), envClient+"="+dsn, envRedis+"="+url, envChannel+"="+channel)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		b.Fatal("a client did not start")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines.Scan() {
			var version uint64
			var at int64
			if _, err := fmt.Fscan(strings.NewReader(lines.Text()), &version, &at); err == nil {
				fn(seen{version, time.Unix(0, at)})
			}
		}
	}()
	b.Cleanup(func() {
		_ = in.Close()
		<-done
		_ = cmd.Wait()
	})
}
