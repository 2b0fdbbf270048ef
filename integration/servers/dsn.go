package servers

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/go-sql-driver/mysql"
)

// foreign is the backend of a server that is not ours: it is used and never touched.
type foreign struct{}

func (foreign) start(context.Context) error         { return ErrNotOurs }
func (foreign) alive() error                        { return nil }
func (foreign) owns(context.Context, *sql.DB) error { return nil }
func (foreign) shutdown(context.Context) error      { return ErrNotOurs }
func (foreign) kill(context.Context) error          { return ErrNotOurs }
func (foreign) remove(context.Context) error        { return nil }

func startDSN(ctx context.Context, opts Options) (*Server, error) {
	name := opts.Engine.EnvDSN()
	dsn := opts.Engine.dsnFromEnv()
	if dsn == "" {
		return nil, absent("%s is not set", name)
	}
	if len(opts.ExtraArgs) > 0 {
		return nil, absent("the server named by %s is running and cannot take the arguments %q", name, opts.ExtraArgs)
	}
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	config.DBName = ""
	server, err := newServer(ctx, opts, DSN, config, foreign{})
	if err != nil {
		return nil, fmt.Errorf("use the server named by %s: %w", name, err)
	}
	return server, nil
}

// adminConfig is how this package's own servers are reached.
func adminConfig(addr, password string) *mysql.Config {
	config := mysql.NewConfig()
	config.User, config.Passwd = "root", password
	config.Net, config.Addr = "tcp", addr
	return config
}
