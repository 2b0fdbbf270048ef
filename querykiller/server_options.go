package querykiller

import "time"

// Options say how a server is watched. The zero value is right.
type Options struct {
	// AdminDSN reaches the same server over its administrative port (MySQL's
	// admin_address, MariaDB's extra_port), which has connections of its own
	// when max_connections is reached. It is tried first; where it does not
	// answer the ordinary DSN is used, and every poll says so.
	AdminDSN string
	// TextLimit is how many bytes of a statement's text are read. Defaults to
	// 4096; MySQL keeps no more than performance_schema_max_sql_text_length.
	TextLimit int
	// Attention is the age from which what is expensive to read (connection
	// attributes, rows modified, locks held) is read for a statement; before
	// it these fields are in Unknown. Defaults to 100 ms. It must be shorter
	// than the shortest budget.
	Attention time.Duration
	// SweepEvery is how often idle sessions are read; between two times they are
	// remembered. Defaults to 1 s.
	SweepEvery time.Duration
	// ConnectTimeout bounds the dialling of one connection. Defaults to 5 s.
	ConnectTimeout time.Duration
	// Killers is how many connections are held to kill with, each of which ends
	// one victim at a time. Defaults to 8.
	Killers int
	// Fuse is how long after MySQL has read a statement's identity again the
	// kill may still be executed. Later ones expire at the server and are
	// tried again. Defaults to 2 ms.
	Fuse time.Duration
}

func (o Options) withDefaults() Options {
	if o.TextLimit <= 0 {
		o.TextLimit = 4096
	}
	if o.Killers <= 0 {
		o.Killers = 8
	}
	for _, d := range []struct {
		of  *time.Duration
		def time.Duration
	}{
		{&o.Attention, 100 * time.Millisecond},
		{&o.SweepEvery, time.Second},
		{&o.ConnectTimeout, 5 * time.Second},
		{&o.Fuse, 2 * time.Millisecond},
	} {
		if *d.of <= 0 {
			*d.of = d.def
		}
	}
	return o
}
