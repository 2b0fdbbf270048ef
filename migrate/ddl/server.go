package ddl

import (
	"context"
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Flavour is the kind of server.
type Flavour string

// The flavours.
const (
	MySQL   Flavour = "mysql"
	MariaDB Flavour = "mariadb"
)

// ForeignKeyChecks is what the executing session has @@foreign_key_checks set
// to. The zero value is the server's default.
type ForeignKeyChecks string

// The values of ForeignKeyChecks.
const (
	ChecksOn  ForeignKeyChecks = ""
	ChecksOff ForeignKeyChecks = "off"
)

// Server is the server, and of the session that is to execute, what the cost
// of a statement hangs on.
type Server struct {
	Flavour          Flavour
	Version          Version
	ForeignKeyChecks ForeignKeyChecks
}

// Version is a server's version. The zero value is below all others.
type Version struct{ Major, Minor, Patch int }

// ParseVersion reads the answer to SELECT VERSION().
func ParseVersion(text string) (Version, error) {
	var v Version
	if _, err := fmt.Sscanf(text, "%d.%d.%d", &v.Major, &v.Minor, &v.Patch); err != nil {
		return Version{}, fmt.Errorf("read the server's version out of %q: %w", text, err)
	}
	return v, nil
}

// Below reports whether v is older than w.
func (v Version) Below(w Version) bool {
	if v.Major != w.Major {
		return v.Major < w.Major
	}
	if v.Minor != w.Minor {
		return v.Minor < w.Minor
	}
	return v.Patch < w.Patch
}

func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch) }

const queryServer = `/* underpin ddl */ SELECT VERSION(), @@foreign_key_checks`

// ReadServer asks the server what it is.
func ReadServer(ctx context.Context, q mysqlx.Querier) (Server, error) {
	var text string
	var checks int
	if err := q.QueryRowContext(ctx, queryServer).Scan(&text, &checks); err != nil {
		return Server{}, fmt.Errorf("ask for the server's version: %w", err)
	}
	v, err := ParseVersion(text)
	if err != nil {
		return Server{}, err
	}
	s := Server{Flavour: MySQL, Version: v}
	if strings.Contains(strings.ToLower(text), "mariadb") {
		s.Flavour = MariaDB
	}
	if checks == 0 {
		s.ForeignKeyChecks = ChecksOff
	}
	return s, nil
}
