package cli

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/querykiller"
)

// auditPool is a pool of one connection that stays open, so that decisions can
// be written while max_connections is reached. It does not connect yet: a server
// that is overloaded now has to be watched all the same.
func auditPool(dsn string) (*sql.DB, error) {
	cfg, err := mysqlx.Config(dsn, mysqlx.Options{})
	if err != nil {
		return nil, err
	}
	cfg.Params["wait_timeout"] = "31536000" // else the server closes it after a quiet night
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", mysqlx.Redact(dsn), err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	return db, nil
}

// serveMetrics serves metrics at an address until what it gives back is called;
// an empty address serves none.
func serveMetrics(ctx context.Context, address string, metrics prometheus.Collector, v *voice) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &usageError{err: fmt.Errorf("--metrics %s: %w", address, err), hint: "give a free address as host:port"}
	}
	registry := prometheus.NewRegistry()
	if err := registry.Register(metrics); err != nil {
		return nil, errors.Join(fmt.Errorf("register metrics: %w", err), listener.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			v.logger.Error("metrics are no longer served", slog.String("why", err.Error()))
		}
	}()
	v.logger.Info("serving metrics", slog.String("at", "http://"+listener.Addr().String()+"/metrics"))
	return func() { _ = server.Close(); <-done }, nil
}

// onHangup calls fn at every SIGHUP until what it gives back is called.
func onHangup(ctx context.Context, fn func()) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-signals:
				fn()
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		cancel()
		<-done
	}
}

// reload reads the rules again and lets a killer go on that had stopped itself.
// Rules with mistakes are not taken; nor are those with budgets so short that
// the server would have to be looked at more closely than it is, from the age
// watched on.
func (v *voice) reload(file string, killer *querykiller.Killer, watched time.Duration) {
	if file != "" {
		rules, err := loadRules(file, 0)
		if err == nil && attention(rules) < watched {
			err = errors.New("they have shorter budgets than those at the start: restart the killer for them")
		}
		if err != nil {
			v.logger.Error("the rules stay as they were", slog.String("file", file), slog.String("why", err.Error()))
			return
		}
		killer.SetRules(rules)
		v.logger.Info("rules read again", slog.String("file", file), slog.Int("rules", len(rules.Rules)))
	}
	if why := killer.Status().Stopped; why != "" {
		killer.ResetBreaker()
		v.logger.Warn("the killer goes on", slog.String("had_stopped", why))
	}
}
