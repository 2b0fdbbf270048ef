package flags_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
)

// reader reads all memory that can be reached from a value, plainly: under the
// race detector it meets every write of somebody else, atomic ones included.
type reader struct {
	seen map[uintptr]bool
	text strings.Builder
}

func (r *reader) read(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || r.seen[v.Pointer()] || v.Type().Elem().Kind() == reflect.Func {
			return
		}
		r.seen[v.Pointer()] = true
		r.read(v.Elem())
	case reflect.Interface:
		if !v.IsNil() {
			r.read(v.Elem())
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			r.read(field)
		}
	case reflect.Array, reflect.Slice:
		for i := range v.Len() {
			r.read(v.Index(i))
		}
	case reflect.Map:
		for _, key := range slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) }) {
			r.read(key)
			r.read(v.MapIndex(key))
		}
	case reflect.Func, reflect.Chan, reflect.UnsafePointer: // no state of an evaluation
	default:
		fmt.Fprintf(&r.text, "%v ", v)
	}
}

func memoryOf(v any) string {
	r := &reader{seen: map[uintptr]bool{}}
	r.read(reflect.ValueOf(v))
	return r.text.String()
}

// Evaluations share nothing that they write, so cores do not wait for each other:
// once a flag is marked as used, any number of evaluations, with any outcome,
// leaves no trace in the client's memory. Under the race detector the walk beside
// them also finds a write that changes nothing, and a lock.
func TestEvaluationsWriteNothing(t *testing.T) {
	needs := toggle("needs", "on", func(f *flags.Flag) { f.Requires = []flags.Requirement{{Flag: "static", Variant: "on"}} })
	split := toggle("split", "", func(f *flags.Flag) {
		f.Serve = flags.Serve{Split: []flags.Weight{{Variant: "on", Share: 3000}, {Variant: "off", Share: 7000}}}
	})
	c := openWith(t, flags.Config{Source: memory(t, append(benchFlags(), needs, split, toggle("off", "on", func(f *flags.Flag) { f.State = flags.Off }))...)})
	names := []string{"static", "ramp", "needs", "split", "off", "there is none"}
	all := func() {
		for i := range 50 {
			who := flags.User(i).With("country", "DE").In("qa")
			for _, name := range names {
				c.Bool(t.Context(), name, who, false)
				c.BoolDetail(t.Context(), name, flags.Nobody(), false)
				c.String(t.Context(), name, who, "")
				c.FloatDetail(t.Context(), name, who, 0)
				c.JSON(t.Context(), name, who, nil)
			}
		}
	}
	all()
	require.NoError(t, c.Close()) // its own goroutines do write
	before := memoryOf(c)
	require.Greater(t, len(before), 500, "the walk finds the flags")
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(all)
	}
	for range 20 {
		_ = memoryOf(c)
	}
	wait.Wait()
	require.Equal(t, before, memoryOf(c))
}
