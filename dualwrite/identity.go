package dualwrite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/go-sql-driver/mysql"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/fleet"
)

// NewIdentity returns a new [Config.Instance]: 32 hexadecimal digits.
func NewIdentity() string { return fleet.NewID() }

// Attributes returns the connection attributes by which the server can tell the
// connections of this process: for an application that builds its own
// mysql.Config and sets ConnectionAttributes. It has to set Config.Instance
// (from [NewIdentity]) and Config.Tagged then.
func Attributes(cfg Config) string {
	return mysqlx.Attributes(cfg.Service, map[string]string{
		mysqlx.AttributeInstance: cfg.Instance, mysqlx.AttributeRelease: cfg.Release,
	})
}

// Connector returns a connector for sql.OpenDB whose connections name their
// service, release and instance. A client that joins over such a pool knows its
// identity; nothing else has to be set. Everything but the connection
// attributes is as the DSN says.
func Connector(dsn string, cfg Config) (driver.Connector, error) {
	parsed, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, errors.New("the DSN cannot be parsed: write it as user:password@tcp(host:port)/database")
	}
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	parsed.ConnectionAttributes = Attributes(cfg)
	inner, err := mysql.NewConnector(parsed)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", mysqlx.Redact(dsn), err)
	}
	return tagged{inner, taggedDriver{inner.Driver(), cfg.Instance}}, nil
}

// tagged is a connector whose driver knows the instance.
type tagged struct {
	driver.Connector
	driver taggedDriver
}

// Driver implements driver.Connector.
func (t tagged) Driver() driver.Driver { return t.driver }

// Connect implements driver.Connector.
func (t tagged) Connect(ctx context.Context) (driver.Conn, error) { return t.Connector.Connect(ctx) }

// taggedDriver carries the identity from the connector to the client, which
// sees nothing but the pool.
type taggedDriver struct {
	driver.Driver
	instance string
}

// identityOf returns the instance whose attribute the pool's connections carry.
func identityOf(db *sql.DB) (instance string, ok bool) {
	d, ok := db.Driver().(taggedDriver)
	return d.instance, ok
}
