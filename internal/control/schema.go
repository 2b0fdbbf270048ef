package control

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Errors of the control schema.
var (
	// ErrNotInitialised says that the control tables are missing.
	ErrNotInitialised = errors.New("the control tables are missing: run underpin init")
	// ErrOlderSchema says that the control tables are older than this binary.
	ErrOlderSchema = errors.New("the control tables are older than this release of underpin: run underpin init")
	// ErrNewerSchema says that the control tables are newer than this binary.
	ErrNewerSchema = errors.New("the control tables are newer than this release of underpin: install the release that made them, or a later one")
	// ErrLost says that somebody else changed the row first.
	ErrLost = errors.New("somebody else was first")
)

const createMeta = `/* underpin init */
CREATE TABLE IF NOT EXISTS _underpin_meta (
  name  VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  value VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL
) ENGINE=InnoDB`

const selectVersion = `/* underpin control */
SELECT value
FROM _underpin_meta
WHERE name = 'schema_version'`

// raiseVersion never lowers the version, whoever comes last.
const raiseVersion = `/* underpin init */
INSERT INTO _underpin_meta (name, value)
VALUES ('schema_version', ?)
ON DUPLICATE KEY UPDATE
  value = IF(CAST(value AS UNSIGNED) < CAST(VALUES(value) AS UNSIGNED), VALUES(value), value)`

// migration is one numbered file.
type migration struct {
	version    int
	name       string
	statements []string
}

func migrations() ([]migration, error) {
	files, err := fs.ReadDir(schemaFiles, "schema") // in the order of their names
	if err != nil {
		return nil, err
	}
	var out []migration
	for _, f := range files {
		text, err := schemaFiles.ReadFile("schema/" + f.Name())
		if err != nil {
			return nil, err
		}
		number, _, _ := strings.Cut(f.Name(), "_")
		version, err := strconv.Atoi(number)
		if err != nil {
			return nil, fmt.Errorf("control schema file %s has no number: %w", f.Name(), err)
		}
		out = append(out, migration{version, f.Name(), splitStatements(string(text))})
	}
	return out, nil
}

// splitStatements cuts a schema file at semicolons that end a line and drops
// comment lines. The files are ours, so nothing cleverer is needed.
func splitStatements(text string) []string {
	var out []string
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "--") {
			continue
		}
		b.WriteString(line)
		if strings.HasSuffix(strings.TrimSpace(line), ";") {
			out = append(out, strings.TrimSuffix(strings.TrimSpace(b.String()), ";"))
			b.Reset()
		}
	}
	return out
}

// SchemaVersion is the version of the control tables that this binary makes
// and understands.
func SchemaVersion() int {
	all, err := migrations()
	if err != nil || len(all) == 0 {
		return 0 // a test holds that the embedded files are well-formed
	}
	return all[len(all)-1].version
}

// Initialised is what Init found and did.
type Initialised struct {
	From int `json:"from"` // 0 where there were no control tables
	To   int `json:"to"`
}

// Init creates the control tables, or upgrades them. It may be run at any
// time, by several processes at once: every statement can be repeated and the
// version only rises. It returns [ErrNewerSchema] without touching anything
// where a newer release has been at work.
func Init(ctx context.Context, db mysqlx.Querier) (Initialised, error) {
	if err := repeat(ctx, db, createMeta); err != nil {
		return Initialised{}, fmt.Errorf("create _underpin_meta: %w", err)
	}
	have, err := version(ctx, db)
	if err != nil {
		return Initialised{}, err
	}
	done := Initialised{From: have, To: have}
	all, err := migrations()
	if err != nil {
		return done, err
	}
	if have > SchemaVersion() {
		return done, fmt.Errorf("%w: they are at version %d, this binary at %d", ErrNewerSchema, have, SchemaVersion())
	}
	for _, m := range all {
		if m.version <= have {
			continue
		}
		for _, statement := range m.statements {
			if err := repeat(ctx, db, mysqlx.Marker("init")+statement); err != nil {
				return done, fmt.Errorf("control schema %s: %w", m.name, err)
			}
		}
		if err := repeat(ctx, db, raiseVersion, strconv.Itoa(m.version)); err != nil {
			return done, fmt.Errorf("record control schema version %d: %w", m.version, err)
		}
		done.To = m.version
	}
	return done, nil
}

// repeat runs a statement that can be repeated until it is neither the victim of a
// deadlock nor kept waiting for a lock: MySQL answers either to one of several that
// create the same table at once, whose entries in the dictionary are locked like rows.
func repeat(ctx context.Context, db mysqlx.Querier, statement string, args ...any) error {
	again := func(err error) bool {
		class := mysqlx.Classify(err)
		return class == mysqlx.ClassDeadlock || class == mysqlx.ClassLockWait
	}
	return mysqlx.Backoff{}.Retry(ctx, again, func(ctx context.Context) error {
		_, err := db.ExecContext(ctx, statement, args...)
		return err
	})
}

// version returns the recorded version, 0 where none is.
func version(ctx context.Context, db mysqlx.Querier) (int, error) {
	var text string
	err := db.QueryRowContext(ctx, selectVersion).Scan(&text)
	switch {
	case errors.Is(err, errNoRows):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("read the control schema's version: %w", err)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("_underpin_meta holds schema_version %q, which is no number", text)
	}
	return n, nil
}

// Check returns nil if the control tables are those of this binary, and else
// [ErrNotInitialised], [ErrOlderSchema] or [ErrNewerSchema].
func Check(ctx context.Context, db mysqlx.Querier) error {
	const noSuchTable = 1146
	have, err := version(ctx, db)
	switch want := SchemaVersion(); {
	case mysqlx.Number(err) == noSuchTable || (err == nil && have == 0):
		return ErrNotInitialised
	case err != nil:
		return err
	case have < want:
		return fmt.Errorf("%w (%d, this binary wants %d)", ErrOlderSchema, have, want)
	case have > want:
		return fmt.Errorf("%w (%d, this binary knows %d)", ErrNewerSchema, have, want)
	}
	return nil
}
