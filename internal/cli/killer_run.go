package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/querykiller"
	"github.com/underpin-db/underpin/querykiller/promkiller"
)

// killerOptions are the flags of killer run.
type killerOptions struct {
	rules       string
	budget      time.Duration
	interval    time.Duration
	share       float64
	dryRun      bool
	metrics     string
	adminDSN    string
	webhookFile string
	retention   time.Duration
	lasts       time.Duration
	status      time.Duration
	trend       trendOptions
}

// mode is what the flags ask for.
func (o killerOptions) mode() querykiller.Mode {
	if o.dryRun {
		return querykiller.ModeDryRun
	}
	return querykiller.ModeKill
}

const (
	envWebhook = "UNDERPIN_WEBHOOK"
	// closeWithin bounds how long the end of a run waits for decisions to be
	// written.
	closeWithin = 10 * time.Second
)

// killerRunCommand watches a server until it is told to stop.
func killerRunCommand(a *app) *cobra.Command {
	var o killerOptions
	c := &cobra.Command{
		Use:   "run",
		Short: "Watch a server and end what is over its budget",
		Long: `Watch a server and end statements that are over their budget, until Ctrl-C or
SIGTERM. Decisions go to standard output, a line each, and to the control tables
(underpin killer log); a read-only server or missing control tables are said once
and stop nothing. With --json standard output is a structured log, one object a
line, decisions and everything else.

Give --rules FILE, or --budget for the built-in rules: reads past the budget are
ended, and writes if undoing them takes no longer than the budget; procedures, and
sessions that sleep in an open transaction for as long, are warned of.

SIGHUP reads the rules again, and lets a killer go on that its breaker had stopped.
A file with mistakes is named, and the rules stay as they were. The address of a
webhook is a secret: it comes from UNDERPIN_WEBHOOK or from --webhook-file.`,
		Example: "  underpin killer run --budget 30s --dry-run\n  underpin killer run --rules killer.yaml --metrics 127.0.0.1:9190\n  UNDERPIN_WEBHOOK=$(cat hook) underpin killer run --rules killer.yaml --json >> killer.log",
		Args:    takes(),
		RunE:    func(c *cobra.Command, _ []string) error { return a.killerRun(c.Context(), o) },
	}
	f := c.Flags()
	addRulesFlags(c, &o.rules, &o.budget)
	f.DurationVar(&o.interval, "interval", 200*time.Millisecond, "how often the server is looked at")
	f.Float64Var(&o.share, "share", 100*querykiller.DefaultShare, "how much of one core of the server looks may take, in percent: dearer ones come less often, as far as that makes no kill late")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be killed, and kill nothing")
	f.StringVar(&o.metrics, "metrics", "", "serve Prometheus metrics at this address, as host:port")
	f.StringVar(&o.adminDSN, "admin-dsn", "", "the same server by its administrative port, which answers also at max_connections; tried first (default UNDERPIN_ADMIN_DSN)")
	f.StringVar(&o.webhookFile, "webhook-file", "", "file that holds the address of a Slack-compatible webhook")
	f.DurationVar(&o.retention, "retention", querykiller.DefaultRetention, "how long decisions are kept in the control tables")
	f.DurationVar(&o.lasts, "for", 0, "stop after this time (default: never)")
	f.StringVar(&o.trend.file, "digests", "", "file that keeps looks at the server's statistics, to warn of statements that get slower")
	f.DurationVar(&o.trend.every, "digest-every", 6*time.Hour, "how often a look is taken for --digests")
	f.DurationVar(&o.trend.budget, "trend-budget", 2*time.Second, "the time that one execution may take, for --digests")
	f.DurationVar(&o.status, "status", time.Minute, "how often a line about the state is told; 0 is never")
	return c
}

// addRulesFlags adds the two flags by which commands get their rules.
func addRulesFlags(c *cobra.Command, file *string, budget *time.Duration) {
	c.Flags().StringVar(file, "rules", "", "file with the rules")
	c.Flags().DurationVar(budget, "budget", 0, "use the built-in rules with this budget")
}

// loadRules reads the rules file, or makes the built-in rules.
func loadRules(file string, budget time.Duration) (*querykiller.Rules, error) {
	switch {
	case file != "" && budget != 0:
		return nil, usagef("--rules and --budget: the budgets stand in the file")
	case file == "" && budget == 0:
		return nil, &usageError{err: errors.New("there are no rules"), hint: "give --rules FILE, or --budget 30s for the built-in rules"}
	case file == "":
		rules, err := querykiller.DefaultRules(budget)
		if err != nil {
			return nil, usagef("--budget %s: %w", budget, err)
		}
		return rules, nil
	}
	text, err := os.Open(file)
	if err != nil {
		return nil, &usageError{err: fmt.Errorf("read the rules: %w", err)}
	}
	defer text.Close()
	return querykiller.ParseRules(file, text)
}

// attention is the age from which a statement has to be looked at closely: well
// before the shortest budget is used up.
func attention(rules *querykiller.Rules) time.Duration {
	least := 200 * time.Millisecond
	for _, r := range rules.Rules {
		if r.Action == querykiller.ActLeave {
			continue
		}
		budget := r.Budget
		if r.TagBudget.Min > 0 {
			budget = min(budget, r.TagBudget.Min)
		}
		if rules.Overload.Factor > 0 {
			budget = time.Duration(float64(budget) * rules.Overload.Factor)
		}
		least = min(least, budget)
	}
	return max(least/2, time.Millisecond)
}

// check refuses flags that make no sense.
func (o killerOptions) check() error {
	for _, d := range []struct {
		name  string
		value time.Duration
		least time.Duration
	}{
		{"interval", o.interval, 10 * time.Millisecond}, {"retention", o.retention, time.Minute}, {"for", o.lasts, 0}, {"status", o.status, 0},
		{"digest-every", o.trend.every, time.Second}, {"trend-budget", o.trend.budget, time.Millisecond},
	} {
		if d.value < d.least {
			return usagef("--%s %s: it has to be %s or more", d.name, d.value, d.least)
		}
	}
	if !(o.share > 0 && o.share <= 100) {
		return usagef("--share %g: it has to be more than 0 and at most 100 percent", o.share)
	}
	return nil
}

// adminAddress is the DSN of the administrative port, with the password of the
// ordinary one unless it has its own.
func (a *app) adminAddress(flag, dsn string) (string, error) {
	if flag == "" {
		flag = a.getenv(env("admin-dsn"))
	}
	if flag == "" {
		return "", nil
	}
	admin, err := mysql.ParseDSN(flag)
	if err != nil {
		return "", usagef("the DSN of --admin-dsn cannot be parsed: write it as user@tcp(host:port)/")
	}
	if usual, err := mysql.ParseDSN(dsn); err == nil && admin.Passwd == "" && admin.User == usual.User {
		admin.Passwd = usual.Passwd
	}
	return admin.FormatDSN(), nil
}

// webhook returns the sink that tells people, nil if nobody is to be told.
func (a *app) webhook(o killerOptions, server string) (querykiller.Sink, error) {
	address := a.getenv(envWebhook)
	if o.webhookFile != "" {
		text, err := os.ReadFile(o.webhookFile)
		if err != nil {
			return nil, &usageError{err: fmt.Errorf("read the webhook's address: %w", err)}
		}
		address = strings.TrimSpace(string(text))
	}
	if address == "" {
		return nil, nil
	}
	w, err := querykiller.NewWebhook(querykiller.WebhookConfig{URL: address, Server: server})
	if err != nil {
		return nil, &usageError{err: err, hint: "it comes from " + envWebhook + " or --webhook-file"}
	}
	return w, nil
}

func (a *app) killerRun(ctx context.Context, o killerOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	rules, err := loadRules(o.rules, o.budget)
	if err != nil {
		return err
	}
	dsn, err := a.dsn()
	if err != nil {
		return err
	}
	admin, err := a.adminAddress(o.adminDSN, dsn)
	if err != nil {
		return err
	}
	v := a.newVoice(o)
	defer v.close()
	sinks, release, err := a.killerSinks(v, o, dsn)
	if err != nil {
		return err
	}
	defer release()
	server, err := querykiller.Connect(ctx, dsn, querykiller.Options{AdminDSN: admin, Attention: attention(rules)})
	if err != nil {
		return endOfWatch(ctx, err)
	}
	defer func() { _ = server.Close() }()
	return a.watchServer(ctx, v, o, watching{server: server, rules: rules, name: serverName(dsn), sinks: sinks})
}

// watching is what a run works with.
type watching struct {
	server querykiller.Server
	rules  *querykiller.Rules
	name   string
	sinks  []querykiller.Sink
}

// watchServer runs the killer until it is told to stop, and then writes what is
// still to be written.
func (a *app) watchServer(ctx context.Context, v *voice, o killerOptions, w watching) (err error) {
	fan := querykiller.NewFanout(querykiller.FanoutConfig{Sinks: w.sinks, Told: v.trouble})
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
		defer cancel()
		if late := fan.Close(closing); late != nil {
			err = errors.Join(err, fmt.Errorf("some decisions were not written before the end: %w", late))
		}
	}()
	var killer *querykiller.Killer
	var undo querykiller.UndoMeter // belongs to the killer's goroutine
	metrics := promkiller.New(promkiller.Sources{Lost: fan.Lost, Stopped: func() bool { return killer.Status().Stopped != "" }})
	killer, err = querykiller.New(querykiller.Config{
		Server: w.server, Rules: w.rules, Name: w.name, Interval: o.interval, Share: o.share / 100, Mode: o.mode(), Logger: v.logger,
		Recorder: querykiller.RecorderFunc(func(ctx context.Context, d querykiller.Decision) error {
			v.count(d)
			return errors.Join(metrics.Record(ctx, d), fan.Record(ctx, d))
		}),
		UndoRate: undo.Rate,
		OnPoll: func(p querykiller.Poll) {
			if p.Snapshot != nil {
				undo.See(p.Snapshot)
			}
			metrics.Polled(p)
			v.polled(p, killer.Status)
		},
	})
	if err != nil {
		return err
	}
	serving, err := serveMetrics(ctx, o.metrics, metrics, v)
	if err != nil {
		return err
	}
	defer serving()
	defer onHangup(ctx, func() { v.reload(o.rules, killer, attention(w.rules)) })()
	if o.lasts > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.lasts)
		defer cancel()
	}
	defer a.watchTrend(ctx, o.trend, v)()
	return killer.Run(ctx)
}

// killerSinks says where decisions go. What release gives back is to be called
// at the end.
func (a *app) killerSinks(v *voice, o killerOptions, dsn string) (sinks []querykiller.Sink, release func(), err error) {
	sinks, release = []querykiller.Sink{v.sink()}, func() {}
	hook, err := a.webhook(o, serverName(dsn))
	if err != nil {
		return nil, release, err
	}
	if hook != nil {
		sinks = append(sinks, hook)
	}
	db, err := auditPool(dsn)
	switch {
	case errors.Is(err, mysqlx.ErrNoDatabase):
		v.logger.Warn("the DSN names no database: decisions are not kept in control tables", slog.String("instead", "they are in this output"))
		return sinks, release, nil
	case err != nil:
		return nil, release, err
	}
	sinks = append(sinks, querykiller.NewDatabase(querykiller.DatabaseConfig{DB: db, Killer: a.actor(), Retention: o.retention}))
	return sinks, func() { _ = db.Close() }, nil
}

// serverName is what the server is called in messages: its address, and no
// password.
func serverName(dsn string) string {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return ""
	}
	return cfg.Addr
}
