package review_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/rules"
	"github.com/underpin-db/underpin/review/source"
)

// writeHistory writes so many files of migrations, of the kinds that
// applications have: a table in every fifth, and changes of it in the others.
func writeHistory(tb testing.TB, dir string, files int) {
	tb.Helper()
	for i := range files {
		table := fmt.Sprintf("table_%d", i/5)
		var b strings.Builder
		b.WriteString("-- +goose Up\n")
		switch i % 5 {
		case 0:
			fmt.Fprintf(&b, "CREATE TABLE %s (\n  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,\n", table)
			for c := range 12 {
				fmt.Fprintf(&b, "  column_%d VARCHAR(%d) NOT NULL DEFAULT '',\n", c, 20+c)
			}
			b.WriteString("  created_at DATETIME NOT NULL,\n  PRIMARY KEY (id),\n  KEY by_created (created_at)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n")
		case 1:
			fmt.Fprintf(&b, "ALTER TABLE %s\n  ADD COLUMN state INT NOT NULL DEFAULT 0,\n  ADD INDEX by_state (state, created_at);\n", table)
		case 2:
			fmt.Fprintf(&b, "UPDATE %s SET state = 1 WHERE created_at < '2024-01-01' AND state = 0;\n", table)
			fmt.Fprintf(&b, "INSERT INTO %s (column_1, column_2, created_at) VALUES ('a', 'b', NOW()), ('c', 'd', NOW());\n", table)
		case 3:
			fmt.Fprintf(&b, "ALTER TABLE %s MODIFY column_3 VARCHAR(300) NOT NULL;\n", table)
			fmt.Fprintf(&b, "CREATE UNIQUE INDEX by_column_4 ON %s (column_4);\n", table)
		case 4:
			fmt.Fprintf(&b, "ALTER TABLE %s RENAME COLUMN column_5 TO five, DROP COLUMN column_6;\n", table)
		}
		fmt.Fprintf(&b, "-- +goose Down\nDROP TABLE %s;\n", table)
		name := filepath.Join(dir, fmt.Sprintf("%05d_change.sql", i))
		if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkReview reads and reviews 1 000 files of migrations with all rules,
// those of schema design too, and no facts.
func BenchmarkReview(b *testing.B) {
	dir := b.TempDir()
	writeHistory(b, dir, 1000)
	var report *review.Report
	for b.Loop() {
		found, err := source.Read(b.Context(), source.Config{Root: dir})
		if err != nil {
			b.Fatal(err)
		}
		report, err = review.Run(b.Context(), review.Input{
			Migrations: found.Migrations, Rules: rules.All(), Config: review.Config{Profiles: []review.Profile{review.SchemaDesign}},
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-from-system")
	b.ReportMetric(float64(report.Statements), "statements")
	b.ReportMetric(float64(len(report.Findings)), "findings")
	if report.Migrations != 1000 {
		b.Fatalf("%d migrations", report.Migrations)
	}
}

// BenchmarkReviewProgram is the same with the program itself, from its start to
// its end: each round is a new process.
func BenchmarkReviewProgram(b *testing.B) {
	dir := b.TempDir()
	program := filepath.Join(dir, "underpin")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", program, "../cmd/underpin").CombinedOutput(); err != nil {
		b.Fatalf("build the program: %v\n%s", err, out)
	}
	writeHistory(b, dir, 1000)
	if err := os.WriteFile(filepath.Join(dir, "underpin.yaml"), []byte("review: {profiles: [schema-design]}\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	var most int64
	for b.Loop() {
		c := exec.CommandContext(b.Context(), program, "review", "--report", "json", "--out", filepath.Join(b.TempDir(), "review.json"), ".")
		c.Dir = dir
		if out, err := c.CombinedOutput(); c.ProcessState.ExitCode() != 1 { // there are findings
			b.Fatalf("%v\n%s", err, out)
		}
		most = max(most, c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) //nolint:forcetypeassert // what it is on Unix
	}
	b.ReportMetric(float64(most)/1024, "MiB-resident") // Linux counts in KiB
}
