package servers

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
)

// commonArgs are the settings of a server whatever its source; only paths and ports are left out.
func commonArgs(opts Options) []string {
	args := []string{
		"--skip-name-resolve", // accounts are made for '%'; a machine without DNS is no obstacle
		"--server-id=1",
		"--max-connections=500",
		"--character-set-server=utf8mb4",
	}
	if opts.Engine == MySQL {
		args = append(args, "--mysqlx=OFF", "--gtid-mode=ON", "--enforce-gtid-consistency=ON")
	} else {
		args = append(args, "--log-bin=binlog") // MySQL has it on by default
	}
	if opts.Durability == Relaxed {
		// Written is enough: what the operating system has outlives the server.
		args = append(args, "--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0", "--innodb-flush-method=nosync")
		if opts.Engine == MySQL {
			// Whoever looks at digests reads them all, and most are of databases that tests have dropped.
			args = append(args, "--performance-schema-digests-size=1000")
		}
	}
	if opts.BufferPoolMiB > 0 {
		args = append(args, "--innodb-buffer-pool-size="+strconv.Itoa(opts.BufferPoolMiB)+"M")
	}
	return append(args, opts.ExtraArgs...)
}

// accountsSQL opens the superuser to TCP. It is run by --init-file, one statement per line, at the
// first start only; it stays out of the binary log so that a replica does not get our password.
func accountsSQL(engine Engine, password string) string {
	statements := []string{
		"SET SESSION sql_log_bin = 0;",
		fmt.Sprintf("CREATE USER IF NOT EXISTS 'root'@'%%' IDENTIFIED BY '%s';", password),
		"GRANT ALL PRIVILEGES ON *.* TO 'root'@'%' WITH GRANT OPTION;",
		fmt.Sprintf("ALTER USER 'root'@'localhost' IDENTIFIED BY '%s';", password),
	}
	if engine == MariaDB {
		// Its installation makes accounts without a password, and the most specific host wins.
		statements = append(statements,
			"DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1', ''@'localhost', ''@'127.0.0.1';")
	}
	return strings.Join(statements, "\n") + "\n"
}

// newPassword is random because the port is open to every user of the machine.
func newPassword() string { return rand.Text() }
