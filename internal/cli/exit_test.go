package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/plan"
)

// codesTable is the table of codes as docs/exit-codes.md has it.
func codesTable() string {
	var b strings.Builder
	for _, r := range append(rules(), interrupted()) {
		fmt.Fprintf(&b, "| `%s` | %d | %s |\n", r.code, r.exit, r.says)
	}
	return b.String()
}

func TestDocumentationSaysWhatTheCodeDoes(t *testing.T) {
	doc, err := os.ReadFile("../../docs/exit-codes.md")
	require.NoError(t, err)
	for code, says := range exits() {
		require.Contains(t, string(doc), fmt.Sprintf("| %d | %s |\n", code, says))
	}
	_, table, found := strings.Cut(string(doc), "| code | exit | when |\n|---|---|---|\n")
	require.True(t, found)
	require.Equal(t, codesTable(), table, "the last table of docs/exit-codes.md")
}

func TestCodesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range append(rules(), interrupted()) {
		require.False(t, seen[r.code], r.code)
		require.NotEmpty(t, r.says, r.code)
		seen[r.code] = true
	}
}

func errOf(_ migrate.Phase, err error) error { return err }

func TestJudge(t *testing.T) {
	for _, test := range []struct {
		err  error
		exit exit
		code string
	}{
		{usagef("bad"), exitUsage, "usage"},
		{errOf(phaseOf("nowhere")), exitUsage, "unknown_phase"},
		{mysqlx.ErrNoDatabase, exitUsage, "no_database"},
		{fmt.Errorf("x: %w", plan.Errors{{Problem: "bad"}}), exitUsage, "bad_file"},
		{&plan.RefusedError{}, exitRefused, "plan_refused"},
		{fmt.Errorf("x: %w", engine.ErrPlanChanged), exitRefused, "plan_changed"},
		{&control.HeldError{}, exitRefused, "held"},
		{fmt.Errorf("x: %w", control.ErrNoChange), exitUsage, "unknown_change"},
		{&timeoutError{errors.New("late")}, exitTimedOut, "timed_out"},
		{fmt.Errorf("x: %w", &mysql.MySQLError{Number: 1045}), exitFailed, "access_denied"},
		{fmt.Errorf("x: %w", &mysql.MySQLError{Number: 1142}), exitFailed, "privilege"},
		{fmt.Errorf("x: %w", &mysql.MySQLError{Number: 1040}), exitFailed, "unavailable"},
		{mysql.ErrInvalidConn, exitFailed, "connection"},
		{errors.New("surprise"), exitFailed, "failed"},
	} {
		v := judge(t.Context(), test.err)
		require.Equal(t, test.exit, v.exit, test.err.Error())
		require.Equal(t, test.code, v.code, test.err.Error())
	}
}

func TestASignalExplainsWhateverFollows(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errInterrupted)
	v := judge(ctx, mysql.ErrInvalidConn)
	require.Equal(t, "interrupted", v.code)
	require.Equal(t, exitFailed, v.exit)
	require.NotEmpty(t, v.hint)
}
