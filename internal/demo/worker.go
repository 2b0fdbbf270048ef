package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/underpin-db/underpin/backfill"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// workerTask is what a backfill worker reads from its standard input.
type workerTask struct {
	DSN    string         `json:"dsn"`
	Change migrate.Change `json:"change"`
	Run    uint64         `json:"run"`
	Owner  string         `json:"owner"`
	Rows   int            `json:"rows"`
}

// The worker's chunks are small and its lease short, so that there is a middle
// in which to kill it and its successor need not wait long.
const (
	workerChunk = 2000
	workerLease = 2 * time.Second
)

// Worker is a backfill worker: what the hidden command `underpin demo worker`
// runs. It reads its task from in, tells its progress on out and ends when the
// work is done.
func Worker(ctx context.Context, in io.Reader, out io.Writer) error {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, maxLine)
	var t workerTask
	if !scanner.Scan() {
		return errors.Join(errors.New("demo worker: no task on the standard input; it is started by underpin demo"), scanner.Err())
	}
	if err := json.Unmarshal(scanner.Bytes(), &t); err != nil {
		return fmt.Errorf("demo worker: read the task: %w", err)
	}
	db, err := mysqlx.Open(ctx, t.DSN, mysqlx.Options{})
	if err != nil {
		return fmt.Errorf("demo worker: %w", err)
	}
	defer db.Close()
	told := &lines{w: out}
	w, err := backfill.New(backfill.Config{
		DB: db, Change: t.Change, Job: backfill.Backfill, Run: t.Run, Owner: t.Owner,
		SpanRows: max(t.Rows/8, 1000), Workers: 2, ChunkMin: 100, ChunkMax: min(workerChunk, max(t.Rows/50, 100)), Lease: workerLease,
		Progress:      func(p backfill.Progress) { _ = told.send(p) }, // the parent looks at the control tables
		ProgressEvery: 200 * time.Millisecond,
	})
	if err != nil {
		return fmt.Errorf("demo worker: %w", err)
	}
	if _, err := w.Run(ctx); err != nil {
		return fmt.Errorf("demo worker: %w", err)
	}
	return nil
}
