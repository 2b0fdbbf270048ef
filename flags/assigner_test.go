package flags_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
)

// fixed assigns variants by flag and key.
type fixed map[string]map[string]string

func (a fixed) Assigns(flag string) bool { return len(a[flag]) > 0 }

func (a fixed) Variant(flag string, t flags.Target) (string, bool) {
	variant, ok := a[flag][t.Key()]
	return variant, ok
}

func TestAnAssignerComesBeforeTheFlagsOwnRules(t *testing.T) {
	on := flags.Serve{Variant: "on"}
	with := func(change func(*flags.Flag)) flags.Flag { return toggle("f", "off", change) }
	for _, c := range []struct {
		name   string
		flag   flags.Flag
		key    string
		want   bool
		reason flags.Reason
	}{
		{"a flag for everybody", with(func(*flags.Flag) {}), "in", true, flags.SplitReason},
		{"who takes no part", with(func(*flags.Flag) {}), "out", false, flags.StaticReason},
		{"nobody", with(func(*flags.Flag) {}), "", false, flags.StaticReason},
		{"rules", with(func(f *flags.Flag) {
			f.Serve, f.Rules = on, []flags.Rule{{When: when("key", flags.In, texts("in")...), Serve: flags.Serve{Variant: "off"}}}
		}), "in", true, flags.SplitReason},
		{"a ramp", with(func(f *flags.Flag) {
			f.Serve, f.Ramp = on, &flags.Ramp{Variant: "off", Share: flags.All}
		}), "in", true, flags.SplitReason},
		{"the switch beats it", with(func(f *flags.Flag) { f.State = flags.Off }), "in", false, flags.DisabledReason},
		{"a closed flag beats it", with(func(f *flags.Flag) { *f = f.Close("off") }), "in", false, flags.StaticReason},
		{"a requirement beats it", with(func(f *flags.Flag) { f.Requires = []flags.Requirement{{"gate", "on"}} }), "in", false, flags.RequirementReason},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := openWith(t, flags.Config{Source: memory(t, c.flag, toggle("gate", "off")), Assigner: fixed{"f": {"in": "on"}}})
			d := client.BoolDetail(t.Context(), "f", flags.User(c.key), !c.want)
			require.NoError(t, d.Err)
			require.NoError(t, d.Ignored)
			require.Equal(t, c.want, d.Value)
			require.Equal(t, c.reason, d.Reason)
			require.Equal(t, c.want, client.Bool(t.Context(), "f", flags.User(c.key), !c.want))
		})
	}
}

func TestARequirementSeesTheAssignedVariant(t *testing.T) {
	f := toggle("f", "on", func(f *flags.Flag) { f.Requires = []flags.Requirement{{"gate", "on"}} })
	c := openWith(t, flags.Config{Source: memory(t, f, toggle("gate", "off")), Assigner: fixed{"gate": {"in": "on"}}})
	require.True(t, c.Bool(t.Context(), "f", flags.User("in"), false))
	require.False(t, c.Bool(t.Context(), "f", flags.User("out"), true))
}

// failures counts evaluations that were not as they should be.
type failures struct {
	flags.NoMetrics
	code  atomic.Value
	count atomic.Int64
}

func (m *failures) Failed(code flags.Code) {
	m.code.Store(code)
	m.count.Add(1)
}

func TestAnUnknownVariantIsSaidAndTheRulesDecide(t *testing.T) {
	var m failures
	c := openWith(t, flags.Config{Source: memory(t, toggle("f", "on")), Assigner: fixed{"f": {"in": "blue"}}, Metrics: &m})
	d := c.BoolDetail(t.Context(), "f", flags.User("in"), false)
	require.NoError(t, d.Err, "the fallback was not returned")
	require.ErrorIs(t, d.Ignored, flags.ErrVariant)
	require.ErrorContains(t, d.Ignored, `"blue"`)
	require.True(t, d.Value)
	require.Equal(t, "on", d.Variant)
	require.Equal(t, flags.StaticReason, d.Reason)
	require.True(t, c.Bool(t.Context(), "f", flags.User("in"), false))
	require.EqualValues(t, 2, m.count.Load())
	require.Equal(t, flags.CodeVariant, m.code.Load())
}

func TestAStaleCopyBeatsTheAssigner(t *testing.T) {
	store := &troubled{Memory: memory(t, toggle("f", "off"))}
	inBubble(t, store, flags.Config{Assigner: fixed{"f": {"in": "on"}}}, func(t *testing.T, c *flags.Client) {
		require.True(t, c.Bool(t.Context(), "f", flags.User("in"), false))
		store.set(func(s *troubled) { s.err = errDown })
		pass(2 * flags.DefaultStaleAfter)
		d := c.BoolDetail(t.Context(), "f", flags.User("in"), true)
		require.NoError(t, d.Err)
		require.False(t, d.Value)
		require.Equal(t, flags.StaleReason, d.Reason)
	})
}

func TestAnAssignerCostsNoAllocation(t *testing.T) {
	c := openWith(t, flags.Config{Source: memory(t, benchFlags()...), Assigner: fixed{"ramp": {"in": "on"}}})
	for _, key := range []string{"in", "out"} {
		target := flags.User(key).With("country", "PL")
		for _, flag := range []string{"static", "ramp"} {
			require.Zero(t, testing.AllocsPerRun(100, func() { _ = c.Bool(t.Context(), flag, target, false) }))
		}
	}
}
