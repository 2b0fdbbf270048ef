// Package servers gives tests and the demo real database servers: MySQL and MariaDB, never a mock.
//
// A server comes from one of four sources, tried in this order until one has it:
//
//  1. dsn: somebody else's server, named by UNDERPIN_MYSQL_DSN or UNDERPIN_MARIADB_DSN.
//  2. native: a server binary on this machine, or the private tree that source 4 made, started on
//     a free port of 127.0.0.1 with its data in a temporary directory.
//  3. docker: a container, through testcontainers-go.
//  4. install: what Debian packages, then as native.
//
// UNDERPIN_SERVERS selects exactly one of them; Options.Via does the same from code. Two kinds of
// failure are kept apart: a source that does not have the server lets the next one try, a source
// that has it and cannot start it ends the search, because another server would hide the fault.
//
// What a server is called proves nothing (on Debian mysqld may be MariaDB), so every binary is asked
// for its version before it is started and every server for SELECT VERSION() afterwards. A native
// server is also asked for its data directory: that is how a server that took the port in between is
// told from ours.
//
// Nothing is left behind. A child is killed by the kernel when the process that started it dies
// (os_linux.go says how), and its directory is held by a file lock, so that a later start can tell the
// directories of dead processes from those in use and removes them. Ports are taken from below the
// kernel's ephemeral range: while a server restarts, no outgoing connection can take its port, and
// no client can by accident connect to itself on it.
//
// Redis comes through the same door, from the same four sources: [RedisForTest], [PrivateRedis], [StartRedis].
//
// Tests use [Run], [ForTest], [Each] and [Private]; programs use [Start].
package servers
