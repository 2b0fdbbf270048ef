package servers_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

func chosenEngines(t *testing.T) []servers.Engine {
	t.Helper()
	engines, err := servers.ParseEngines(os.Getenv(servers.EnvEngines))
	require.NoError(t, err)
	return engines
}

func eachEngine(t *testing.T, fn func(t *testing.T, engine servers.Engine)) {
	for _, engine := range chosenEngines(t) {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			fn(t, engine)
		})
	}
}

func openDSN(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestNoServerSaysWhatWasTried(t *testing.T) {
	t.Setenv(servers.MySQL.EnvDSN(), "")
	t.Setenv(servers.EnvSource, "dsn")
	_, err := servers.Start(t.Context(), servers.Options{})
	var none *servers.NoServerError
	require.ErrorAs(t, err, &none)
	require.Len(t, none.Failures, 1)
	require.Equal(t, servers.DSN, none.Failures[0].Source)
	require.ErrorContains(t, err, "UNDERPIN_MYSQL_DSN is not set")
	require.ErrorContains(t, err, "withservers")
}

func TestWrongOptions(t *testing.T) {
	for name, opts := range map[string]servers.Options{
		"unknown engine":     {Engine: "postgres"},
		"unknown source":     {Via: "moon"},
		"unknown durability": {Durability: "eternal"},
	} {
		_, err := servers.Start(t.Context(), opts)
		require.ErrorContains(t, err, name)
	}
	t.Setenv(servers.EnvSource, "moon")
	_, err := servers.Start(t.Context(), servers.Options{})
	require.ErrorContains(t, err, servers.EnvSource)
}

// A server that refuses to start is a fault to be seen, not a reason to look for another one.
func TestServerThatDoesNotStartShowsItsLog(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine servers.Engine) {
		_, err := servers.Start(t.Context(), servers.Options{Engine: engine, Via: servers.Native, ExtraArgs: []string{"--no-such-option"}})
		require.ErrorContains(t, err, "no-such-option")
		require.ErrorContains(t, err, "the end of its log")
	})
}

func TestPortTakenBySomebodyElse(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine servers.Engine) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer listener.Close()
		_, port, err := net.SplitHostPort(listener.Addr().String())
		require.NoError(t, err)
		_, err = servers.Start(t.Context(), servers.Options{Engine: engine, Via: servers.Native, ExtraArgs: []string{"--port=" + port}})
		require.ErrorContains(t, err, "somebody else took the port")
	})
}

// envHelper makes this test binary start a server, print its address and wait to be killed.
const envHelper = "UNDERPIN_SERVERS_TEST_HELPER"

func helper() {
	s, err := servers.Start(context.Background(), servers.Options{Engine: servers.Engine(os.Getenv(envHelper)), Via: servers.Native})
	if err != nil {
		fmt.Println("failed:", err)
		return
	}
	fmt.Println(s.Addr())
	select {}
}

func TestServerDiesWithItsOwner(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine servers.Engine) {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), envHelper+"="+string(engine))
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		addr, err := bufio.NewReader(out).ReadString('\n')
		require.NoError(t, err)
		addr = strings.TrimSpace(addr)
		conn, err := net.Dial("tcp", addr)
		require.NoError(t, err, addr)
		require.NoError(t, conn.Close())

		require.NoError(t, cmd.Process.Kill())
		var exit *exec.ExitError
		require.True(t, errors.As(cmd.Wait(), &exit))
		require.Eventually(t, func() bool {
			conn, err := net.Dial("tcp", addr)
			if err == nil {
				_ = conn.Close()
			}
			return err != nil
		}, 10*time.Second, 20*time.Millisecond, "the server outlived its owner")
	})
}
