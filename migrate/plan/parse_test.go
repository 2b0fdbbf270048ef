package plan_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

const head = "change: x\nservice: s\nsource: {table: t}\ntarget: {table: t}\nforward: {b: a}\n"

func TestParseFileDefaults(t *testing.T) {
	f := parse(t, head)
	assert.Equal(t, plan.DefaultRamp(), f.Reads.Ramp)
	assert.Equal(t, plan.Duration(plan.DefaultSoak), f.Reads.Soak)
	assert.Equal(t, plan.Duration(plan.DefaultChunkTarget), f.Backfill.ChunkTarget)
	assert.Equal(t, migrate.No, f.Reads.CopyOnRead)
	assert.Empty(t, f.Connections.Users)
	assert.Equal(t, plan.Scalar{Text: "a", Position: plan.Position{File: "change.yaml", Line: 5, Column: 14}}, f.Forward[0].Value)
}

func TestParseFileScalars(t *testing.T) {
	f := parse(t, "change: x\nservice: s\nsource: {table: t}\ntarget: {table: u}\nforward:\n  a: 0\n  b: 'NULL'\n  c: |\n    CONCAT(x,\n      y)\n  d: true\n")
	var got []string
	for _, a := range f.Forward {
		got = append(got, a.Value.Text)
	}
	assert.Equal(t, []string{"0", "NULL", "CONCAT(x,\n  y)", "true"}, got)
}

// mistakes are files with what is said about them, in order.
var mistakes = map[string]struct {
	text string
	want []string
}{
	"empty":         {"", []string{"change.yaml: it is empty"}},
	"comment only":  {"# nothing\n", []string{"it is empty"}},
	"list":          {"- a\n", []string{"change.yaml:1:1: this has to be a mapping, and is a list"}},
	"malformed":     {"change: [x\n", []string{"the YAML is malformed"}},
	"tab":           {"change:\n\tx: 1\n", []string{"the YAML is malformed"}},
	"two documents": {head + "---\n" + head, []string{"change.yaml:7:1: a second YAML document"}},
	"unknown field": {head + "forwards: {}\n", []string{"change.yaml:6:1: forwards: there is no such field; the fields here are change, service"}},
	"unknown nested field": {
		head + "reads:\n  ramps: [100]\n", []string{"change.yaml:7:3: reads.ramps: there is no such field"},
	},
	"duplicate": {head + "change: y\n", []string{"change.yaml:6:1: change: the field stands here for a second time; the first is in line 1"}},
	"duplicate column": {
		"change: x\nservice: s\nsource: {table: t}\ntarget: {table: t}\nforward:\n  b: a\n  B: a\n", []string{`change.yaml:7:3: forward: "B" stands here twice`},
	},
	"missing": {"change: x\n", []string{"service: the field is missing", "source: the field is missing", "target: the field is missing", "forward: the field is missing"}},
	"null":    {strings.Replace(head, "b: a", "b: null", 1), []string{"forward.b: this has to be a text, and is empty (null)"}},
	"anchor":  {strings.Replace(head, "change: x", "change: &a x", 1), []string{"change: this has to be a text, and is an anchor"}},
	"name":    {strings.Replace(head, "change: x", "change: X_y", 1), []string{`change.yaml:1:9: change: "X_y" is no name`}},
	"ramp falls": {
		head + "reads: {ramp: [5, 5, 100]}\n", []string{"reads.ramp[1]: the shares of a ramp have to rise"},
	},
	"ramp ends early": {head + "reads: {ramp: [5]}\n", []string{"reads.ramp: a ramp has to end at 100"}},
	"ramp too fine":   {head + "reads: {ramp: [0.001, 100]}\n", []string{"reads.ramp[0]: this has to be a share in percent"}},
	"ramp over":       {head + "reads: {ramp: [101]}\n", []string{"reads.ramp[0]: this has to be a share in percent"}},
	"soak":            {head + "reads: {soak: 10}\n", []string{"change.yaml:6:15: reads.soak: this has to be a duration; write it like 10m"}},
	"negative":        {head + "backfill: {chunk_target: -1s}\n", []string{"backfill.chunk_target: this has to be a duration"}},
	"bool":            {head + "reads: {copy_on_read: maybe}\n", []string{"reads.copy_on_read: this has to be true or false"}},
	"copy on read":    {head + "reads: {copy_on_read: true}\n", []string{"no row that could be missing"}},
	"indexes":         {head + "backfill: {indexes: later}\n", []string{"backfill.indexes: this has to be with_rows or after_rows"}},
	"threads":         {head + "backfill: {max_threads_running: 0}\n", []string{"between 1 and 1048576"}},
	"several at once": {
		"change: x\nservice: s\nsource: {table: t, tabel: u}\ntarget: 7\nforward: [a]\nreads: {soak: soon}\n",
		[]string{"change.yaml:3:20: source.tabel", "change.yaml:4:9: target", "change.yaml:5:10: forward", "change.yaml:6:15: reads.soak"},
	},
}

func TestParseFileMistakes(t *testing.T) {
	for name, c := range mistakes {
		t.Run(name, func(t *testing.T) {
			_, err := plan.ParseFile("change.yaml", strings.NewReader(c.text))
			var errs plan.Errors
			require.ErrorAs(t, err, &errs)
			assert.Len(t, errs, len(c.want), "%v", err)
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
			var one *plan.Error
			assert.ErrorAs(t, err, &one)
		})
	}
}

func TestParseFileReader(t *testing.T) {
	broken := errors.New("the disk is gone")
	_, err := plan.ParseFile("change.yaml", iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	_, err = plan.ParseFile("change.yaml", bytes.NewReader(make([]byte, plan.MaxFileSize+1)))
	require.ErrorContains(t, err, "larger than")
}

// Whatever the file, ParseFile returns, and its errors have places inside it.
func FuzzParseFile(f *testing.F) {
	for _, name := range []string{"testdata/split-user-name.yaml", "testdata/users-to-accounts.yaml"} {
		text, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Add([]byte(head))
	f.Add([]byte("a: &b [*b]\n"))
	f.Add([]byte("<<: {change: x}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := plan.ParseFile("f", bytes.NewReader(text))
		if err == nil {
			require.NotEmpty(t, file.Change.Text)
			require.NotEmpty(t, file.Forward)
			require.Equal(t, uint16(migrate.RampFull), file.Reads.Ramp[len(file.Reads.Ramp)-1])
			return
		}
		var errs plan.Errors
		require.ErrorAs(t, err, &errs)
		require.NotEmpty(t, errs)
		for _, e := range errs {
			require.LessOrEqual(t, e.Line, bytes.Count(text, []byte("\n"))+bytes.Count(text, []byte("\r"))+2)
		}
	})
}
