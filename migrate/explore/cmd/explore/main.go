// Command explore runs the model checker of the protocol and prints what it
// found, one line a variant: states, verdict, time.
//
//	go run ./migrate/explore/cmd/explore            # the scenarios and every switch
//	go run ./migrate/explore/cmd/explore -large     # and the large scenarios
//	go run ./migrate/explore/cmd/explore -traces    # and how each switch fails
//
// It exits with 1 when the intact protocol has a violation or the removal of a
// switch is not noticed.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/explore"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// report prints rows and remembers whether one of them was bad.
type report struct {
	table  *tabwriter.Writer
	traces bool
	bad    bool
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("explore", flag.ContinueOnError)
	flags.SetOutput(stderr)
	large := flags.Bool("large", false, "explore the large scenarios too: a minute and 2 GB")
	traces := flags.Bool("traces", false, "print the trace of every violation")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	r := &report{table: tabwriter.NewWriter(stdout, 0, 4, 2, ' ', 0), traces: *traces}
	scenarios := explore.Scenarios()
	if *large {
		scenarios = append(scenarios, explore.LargeScenarios()...)
	}
	fmt.Fprintln(r.table, "VARIANT\tSCENARIO\tSTATES\tVERDICT\tTIME")
	for _, c := range scenarios {
		r.intact(c)
	}
	for _, off := range explore.Mechanisms() {
		r.removed(off)
	}
	for _, e := range migrate.Mapped.Edges() {
		for _, g := range e.Guards {
			if explore.Unnoticed(g, e) == "" {
				r.removed(explore.WithoutGuardOn(g, e))
			}
		}
	}
	if err := r.table.Flush(); err != nil {
		fmt.Fprintln(stderr, "explore:", err)
		return 1
	}
	if r.bad {
		return 1
	}
	return 0
}

// intact prints a run of the whole protocol, which must find nothing.
func (r *report) intact(c explore.Config) {
	begin := time.Now()
	result, err := explore.Run(c)
	r.row("intact", c.Name, result, err, begin)
	r.bad = r.bad || err != nil || result.Violation != nil
}

// removed looks for a scenario in which the protocol fails without a switch.
func (r *report) removed(off explore.Switch) {
	begin := time.Now()
	c, result, err := explore.Find(off)
	r.row("without "+string(off), c.Name, result, err, begin)
	r.bad = r.bad || err != nil || result.Violation == nil
}

func (r *report) row(variant, scenario string, result explore.Result, err error, begin time.Time) {
	verdict := "holds"
	switch {
	case err != nil:
		verdict = err.Error()
	case result.Violation != nil:
		verdict = "violated: " + result.Violation.Property
	}
	fmt.Fprintf(r.table, "%s\t%s\t%d\t%s\t%s\n", variant, scenario, result.States, verdict,
		time.Since(begin).Round(time.Millisecond))
	if r.traces && result.Violation != nil {
		fmt.Fprintln(r.table, result.Violation)
	}
}
