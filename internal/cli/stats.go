package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/facts"
)

// statsFile is the default of where the facts go.
const statsFile = "underpin-stats.json"

// gathered is the result of the stats command.
type gathered struct {
	Written  string   `json:"written"`
	Database string   `json:"database"`
	Server   string   `json:"server"`
	Tables   int      `json:"tables"`
	Digests  int      `json:"digests"`
	Blind    []string `json:"blind"`
}

// statsCommand writes the facts that a review in CI wants to know.
func statsCommand(a *app) *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:     "stats",
		GroupID: groupGate,
		Short:   "Write sizes and settings of the database to a file for reviews",
		Long: `Write what a review wants to know of a database to a file, so that CI needs no
access to it: tables with their columns, indexes, sizes and growth, settings, and
the statements that the server remembers, without literals. No row is read, and
nothing is written to the database; a replica will do, and a user with SELECT.`,
		Example: "  underpin stats --out underpin-stats.json\n  underpin review --stats underpin-stats.json",
		Args:    takes(),
		RunE:    func(c *cobra.Command, _ []string) error { return a.stats(c.Context(), out) },
	}
	c.Flags().StringVar(&out, "out", statsFile, "file to write; - is the standard output")
	return c
}

func (a *app) stats(ctx context.Context, out string) error {
	db, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	f, err := facts.Read(ctx, db)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := facts.Write(&b, f); err != nil {
		return err
	}
	if out == "-" {
		_, err := a.stdout.Write(b.Bytes())
		return err
	}
	if err := os.WriteFile(out, b.Bytes(), 0o644); err != nil {
		return &usageError{err: fmt.Errorf("write the facts: %w", err)}
	}
	return a.emit(gatheredOf(f, out), func(p *page) {
		p.line("wrote %s: %s and %s of %s, %s %s", out, count(len(f.Tables), "table"), count(len(f.Digests), "statement"), f.Database, f.Server.Flavour, f.ServerText)
		for _, blind := range f.Blind {
			p.line("  %s not read: %s", p.warn("!"), blind)
		}
	})
}

func gatheredOf(f *review.Facts, out string) gathered {
	return gathered{out, f.Database, f.ServerText, len(f.Tables), len(f.Digests), append([]string{}, f.Blind...)}
}
