package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/demo"
)

// demoOptions are the flags of the demo. Its DSN is a flag of its own, and no
// setting: the demo makes a database and users, and must not do so on the
// server that underpin.yaml happens to name.
type demoOptions struct {
	engine, dsn   string
	rows, seconds int
	json          string // a file; - is stdout
}

func demoCommand(a *app) *cobra.Command {
	var o demoOptions
	c := &cobra.Command{
		Use:   "demo",
		Short: "Carry a change to its end under live traffic, and judge every request",
		Long: `Starts a private server, makes a table, and runs three releases of a sample
application as processes that read and write all the time, while one change is
carried through every phase. Processes are killed, gates refuse, the change is
rolled back and goes forward again. At the end every read and every acknowledged
write is judged. Exit code 0 says that none was wrong and none was lost.`,
		Example: "  underpin demo\n  underpin demo --engine mariadb --rows 50000 --seconds 30\n  underpin demo --json -",
		GroupID: groupLook,
		Args:    takes(),
		// The settings of other commands mean nothing here, and --json is a file.
		PersistentPreRunE: func(*cobra.Command, []string) error {
			a.settings.JSON = false
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return a.demo(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.engine, "engine", string(servers.MySQL), "server to start: mysql or mariadb")
	f.StringVar(&o.dsn, "dsn", "", "administrator's DSN of a running server to use instead: user:password@tcp(host:port)/")
	f.IntVar(&o.rows, "rows", demo.DefaultRows, "rows of the table")
	f.IntVar(&o.seconds, "seconds", demo.DefaultSeconds, "about how long it takes once the server runs")
	f.StringVar(&o.json, "json", "", "file for the result as JSON; - is the standard output")
	c.AddCommand(
		a.demoPart("app", "A process of the sample application", demo.App),
		a.demoPart("worker", "A backfill worker", demo.Worker),
	)
	return c
}

// demoPart is a hidden command that the demo runs as a process of its own.
func (a *app) demoPart(use, short string, run func(context.Context, io.Reader, io.Writer) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short + " (started by underpin demo)", Hidden: true, Args: takes(),
		RunE: func(c *cobra.Command, _ []string) error { return run(c.Context(), a.stdin, a.stdout) },
	}
}

// demo runs the demo and reports its result.
func (a *app) demo(ctx context.Context, o demoOptions) error {
	engine, err := servers.ParseEngine(o.engine)
	if err != nil {
		return &usageError{err: err}
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program, to start it as the sample application: %w", err)
	}
	out := a.stdout
	if o.json == "-" {
		out = a.stderr
	}
	cfg := demo.Config{
		Engine: engine, DSN: o.dsn, Rows: o.rows, Seconds: o.seconds,
		Command: []string{self, "demo"}, Out: out, Width: columnsOf(out),
	}
	if err := cfg.Validate(); err != nil {
		return &usageError{err: err}
	}
	result, err := demo.Run(ctx, cfg)
	if wrote := a.demoResult(result, o.json); wrote != nil {
		return errors.Join(err, wrote)
	}
	switch {
	case errors.Is(err, demo.ErrStory) && ctx.Err() == nil:
		return &refusedError{err: err}
	case err != nil:
		return err
	case !result.Clean():
		return outcome{exitRefused}
	}
	return nil
}

// demoResult writes the result as JSON where that was asked for.
func (a *app) demoResult(r demo.Result, file string) error {
	if file == "" {
		return nil
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("render the result: %w", err)
	}
	text = append(text, '\n')
	if file == "-" {
		_, err = a.stdout.Write(text)
	} else {
		err = os.WriteFile(file, text, 0o644) //nolint:gosec // a report for everybody to read
	}
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// columnsOf is the width of the terminal, 0 if there is none.
func columnsOf(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}
