// Command reviewcorpus reviews folders of migrations that somebody else wrote,
// and prints for each how much was understood and how often each rule spoke:
//
//	go run ./integration/cmd/reviewcorpus FOLDER...
//
// It shows what the review does to histories that nobody wrote for it. Each
// migration counts as released by itself.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/rules"
	"github.com/underpin-db/underpin/review/source"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: reviewcorpus FOLDER...")
		os.Exit(2)
	}
	t := &totals{rules: map[review.Code]int{}, files: map[review.Code]int{}}
	for _, dir := range os.Args[1:] {
		if err := t.add(context.Background(), dir, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "reviewcorpus:", err)
			os.Exit(1)
		}
	}
	t.print(os.Stdout)
}

// totals are counts over all folders.
type totals struct {
	migrations, statements, misread int
	rules, files                    map[review.Code]int // findings, and files with one
	examples                        []review.Finding    // of what was not understood
}

// add reviews one folder.
func (t *totals) add(ctx context.Context, dir string, w io.Writer) error {
	found, err := source.Read(ctx, source.Config{Root: dir, Paths: []string{"."}})
	if errors.Is(err, source.ErrNothing) {
		_, err = fmt.Fprintf(w, "%s: nothing that looks like migrations\n", dir)
		return err
	}
	if err != nil {
		return err
	}
	began := time.Now()
	report, err := review.Run(ctx, review.Input{Migrations: found.Migrations, Rules: rules.All()})
	if err != nil {
		return err
	}
	took := time.Since(began)
	misread := 0
	inFile := map[string]bool{}
	for _, f := range report.Findings {
		t.rules[f.Code]++
		if key := string(f.Code) + f.Path; !inFile[key] {
			inFile[key] = true
			t.files[f.Code]++
		}
		if f.Code == "RS001" {
			misread++
			t.examples = append(t.examples, f)
		}
	}
	t.migrations, t.statements, t.misread = t.migrations+report.Migrations, t.statements+report.Statements, t.misread+misread
	_, err = fmt.Fprintf(w, "%s: %d migrations, %d statements, %d not understood (%s), %d findings, %s\n", dir,
		report.Migrations, report.Statements, misread, share(misread, report.Statements), len(report.Findings), took.Round(time.Millisecond))
	return err
}

func share(part, whole int) string {
	return fmt.Sprintf("%.2f %%", 100*float64(part)/float64(max(whole, 1)))
}

// mostExamples is how many statements that were not understood are shown.
const mostExamples = 40

func (t *totals) print(w io.Writer) {
	fmt.Fprintf(w, "\nin all: %d migrations, %d statements, %.2f %% understood\n\n", t.migrations, t.statements,
		100-100*float64(t.misread)/float64(max(t.statements, 1)))
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "code\tfindings\tfiles\tof files")
	codes := slices.SortedFunc(maps.Keys(t.rules), func(a, b review.Code) int { return cmp.Compare(t.rules[b], t.rules[a]) })
	for _, c := range codes {
		fmt.Fprintf(tab, "%s\t%d\t%d\t%s\n", c, t.rules[c], t.files[c], share(t.files[c], t.migrations))
	}
	if err := tab.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, "reviewcorpus:", err)
	}
	for _, f := range t.examples[:min(len(t.examples), mostExamples)] {
		fmt.Fprintf(w, "\n%s:%d:%d %s\n", f.Path, f.Span.Start.Line, f.Span.Start.Column, f.Message)
	}
}
