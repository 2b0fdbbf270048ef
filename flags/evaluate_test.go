package flags_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
)

func when(attribute string, op flags.Operator, values ...flags.Value) []flags.Condition {
	return []flags.Condition{{attribute, op, values}}
}

func texts(all ...string) (out []flags.Value) {
	for _, s := range all {
		out = append(out, flags.ValueOf(s))
	}
	return out
}

func TestOperators(t *testing.T) {
	many := texts("a", "b", "c", "d", "e", "f", "g", "h", "DE")
	target := flags.User(4711).With("country", "DE").With("app", "v2.9.1-rc1").WithNumber("age", 42).WithBool("paid", true).WithList("groups", "x", "y")
	for _, c := range []struct {
		when []flags.Condition
		want bool
	}{
		{when("country", flags.In, texts("FR", "DE")...), true},
		{when("country", flags.In, texts("de")...), false},
		{when("country", flags.In, many...), true},
		{when("country", flags.NotIn, many...), false},
		{when("country", flags.NotIn, texts("FR")...), true},
		{when("city", flags.NotIn, texts("FR")...), false},
		{when("city", flags.Absent), true},
		{when("country", flags.Absent), false},
		{when("key", flags.In, texts("4711")...), true},
		{when("country", flags.StartsWith, texts("X", "D")...), true},
		{when("country", flags.EndsWith, texts("E")...), true},
		{when("app", flags.Contains, texts("9.1")...), true},
		{when("age", flags.StartsWith, texts("4")...), false},
		{when("age", flags.Less, flags.ValueOf(42)), false},
		{when("age", flags.Less, flags.ValueOf(42.5)), true},
		{when("age", flags.AtLeast, flags.ValueOf(42)), true},
		{when("age", flags.In, flags.ValueOf(42)), true},
		{when("age", flags.In, texts("42")...), false},
		{when("country", flags.Less, flags.ValueOf(1)), false},
		{when("paid", flags.In, flags.ValueOf(true)), true},
		{when("paid", flags.NotIn, flags.ValueOf(true)), false},
		{when("app", flags.Older, texts("2.10")...), true},
		{when("app", flags.Older, texts("2.9.1")...), false},
		{when("app", flags.Newer, texts("2.9.1")...), true},
		{when("app", flags.Newer, texts("10")...), false},
		{when("country", flags.Newer, texts("0")...), false},
		{when("groups", flags.In, texts("y", "z")...), true},
		{when("groups", flags.In, texts("z")...), false},
		{when("groups", flags.NotIn, texts("z")...), true},
		{when("groups", flags.NotIn, texts("y")...), false},
		{append(when("country", flags.In, texts("DE")...), when("age", flags.Less, flags.ValueOf(18))...), false},
	} {
		f := toggle("f", "off", func(f *flags.Flag) { f.Rules = []flags.Rule{{When: c.when, Serve: flags.Serve{Variant: "on"}}} })
		d := open(t, memory(t, f)).BoolDetail(t.Context(), "f", target, false)
		require.NoError(t, d.Err)
		require.Equal(t, c.want, d.Value, "%+v", c.when)
	}
}

func TestTheOrderOfDecisions(t *testing.T) {
	full := toggle("f", "off", func(f *flags.Flag) {
		f.Requires = []flags.Requirement{{"gate", "on"}}
		f.Rules = []flags.Rule{{When: when("country", flags.In, texts("XX")...), Serve: flags.Serve{Variant: "off"}}}
		f.Ramp = &flags.Ramp{Variant: "on", Rings: []string{"qa"}, Share: 5000}
	})
	inside, outside := "", ""
	for i := 0; inside == "" || outside == ""; i++ {
		key := fmt.Sprint(i)
		if b, _ := flags.Bucket("f", key); b < 5000 {
			inside = key
		} else {
			outside = key
		}
	}
	for _, c := range []struct {
		name   string
		gate   string
		state  flags.State
		target flags.Target
		want   bool
		reason flags.Reason
	}{
		{"inside the share", "on", flags.On, flags.User(inside), true, flags.SplitReason},
		{"outside the share", "on", flags.On, flags.User(outside), false, flags.DefaultReason},
		{"a ring comes before the share", "on", flags.On, flags.User(outside).In("staff", "qa"), true, flags.TargetingReason},
		{"a rule comes before the ring", "on", flags.On, flags.User(inside).In("qa").With("country", "XX"), false, flags.TargetingReason},
		{"a requirement comes before rules", "off", flags.On, flags.User(inside).In("qa"), false, flags.RequirementReason},
		{"the switch comes before all", "on", flags.Off, flags.User(inside).In("qa"), false, flags.DisabledReason},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := full
			f.State = c.state
			d := open(t, memory(t, f, toggle("gate", c.gate))).BoolDetail(t.Context(), "f", c.target, !c.want)
			require.NoError(t, d.Err)
			require.Equal(t, c.want, d.Value)
			require.Equal(t, c.reason, d.Reason)
			require.NotZero(t, d.Version)
		})
	}
}

func TestStaticAnswers(t *testing.T) {
	ramped := func(share flags.Share) flags.Flag {
		return toggle("f", "off", func(f *flags.Flag) { f.Ramp = &flags.Ramp{Variant: "on", Share: share} })
	}
	for _, c := range []struct {
		flag   flags.Flag
		want   bool
		reason flags.Reason
	}{
		{toggle("f", "on"), true, flags.StaticReason},
		{ramped(0), false, flags.StaticReason},
		{ramped(flags.All), true, flags.StaticReason},
		{toggle("f", "off").Close("on"), true, flags.StaticReason},
	} {
		d := open(t, memory(t, c.flag)).BoolDetail(t.Context(), "f", flags.Nobody(), !c.want)
		require.NoError(t, d.Err, "everybody alike needs no key")
		require.Equal(t, c.want, d.Value)
		require.Equal(t, c.reason, d.Reason)
	}
}

func TestSharesReachTheirShare(t *testing.T) {
	const n = 100_000
	for share, want := range map[flags.Share]float64{1: 0.0001, 3333: 0.3333, 9999: 0.9999} {
		c := open(t, memory(t, toggle("f", "off", func(f *flags.Flag) { f.Ramp = &flags.Ramp{Variant: "on", Share: share} })))
		got := 0
		for i := range n {
			if c.Bool(t.Context(), "f", flags.User(i), false) {
				got++
			}
		}
		require.InDelta(t, want, float64(got)/n, 0.005)
		if share == 1 {
			require.NotZero(t, got, "0.01 % of 100 000 is about ten")
		}
	}
}

func TestTypes(t *testing.T) {
	value := func(name string, typ flags.Type, text string) flags.Flag {
		v, err := flags.Document([]byte(text))
		require.NoError(t, err)
		return flags.Flag{Name: name, Type: typ, Kind: flags.Ops, Owner: "shop", Variants: []flags.Variant{{"v", v}}, Off: "v", Safe: "v", Serve: flags.Serve{Variant: "v"}}
	}
	large := `{"big": "` + strings.Repeat("ü", 500_000) + `"}`
	c := open(t, memory(t, toggle("bool", "on"), value("text", flags.String, `"żółć \u0000"`), value("float", flags.Number, "1.5"),
		value("int", flags.Number, "9007199254740993"), value("exp", flags.Number, "1e3"), value("json", flags.JSON, large)))
	ctx, who := t.Context(), flags.Nobody()
	require.True(t, c.Bool(ctx, "bool", who, false))
	require.Equal(t, "żółć \x00", c.String(ctx, "text", who, ""))
	require.InDelta(t, 1.5, c.Float(ctx, "float", who, 0), 0)
	require.Equal(t, int64(9007199254740993), c.Int(ctx, "int", who, 0), "no detour over a float")
	require.Equal(t, int64(1000), c.Int(ctx, "exp", who, 0))
	require.JSONEq(t, large, string(c.JSON(ctx, "json", who, nil)))

	require.Equal(t, int64(7), c.Int(ctx, "float", who, 7))
	d := c.IntDetail(ctx, "float", who, 7)
	require.ErrorIs(t, d.Err, flags.ErrType)
	require.Equal(t, flags.CodeType, d.Code())
	require.Equal(t, flags.ErrorReason, d.Reason)
	require.Equal(t, "x", c.String(ctx, "bool", who, "x"))
	require.True(t, c.Bool(ctx, "text", who, true))
	require.Equal(t, json.RawMessage("{}"), c.JSON(ctx, "bool", who, json.RawMessage("{}")))
	require.InDelta(t, 2, c.Float(ctx, "bool", who, 2), 0)
}

func TestFailuresAreErrorsAndTheFallback(t *testing.T) {
	split := toggle("split", "off", func(f *flags.Flag) {
		f.Serve = flags.Serve{Split: []flags.Weight{{"on", 5000}, {"off", 5000}}}
	})
	c := open(t, memory(t, split))
	for name, want := range map[string]error{"none": flags.ErrNotFound, "split": flags.ErrNoKey} {
		for _, fallback := range []bool{true, false} {
			d := c.BoolDetail(t.Context(), name, flags.Nobody(), fallback)
			require.ErrorIs(t, d.Err, want)
			require.Equal(t, fallback, d.Value)
			require.Empty(t, d.Variant)
			require.Equal(t, fallback, c.Bool(t.Context(), name, flags.Nobody(), fallback))
		}
	}
	require.Equal(t, flags.CodeNotFound, c.BoolDetail(t.Context(), "none", flags.Nobody(), true).Code())
	require.Equal(t, flags.CodeNoKey, c.BoolDetail(t.Context(), "split", flags.Nobody(), true).Code())
}

func TestEvaluationDoesNotAllocate(t *testing.T) {
	c := open(t, memory(t, append(benchFlags(), colours(), toggle("shop-open", "on"))...))
	ctx, who := t.Context(), flags.User(4711).With("country", "PL").With("app", "3.0").In("ops")
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		_ = c.Bool(ctx, "static", who, false)
		_ = c.Bool(ctx, "ramp", who, false)
		_ = c.BoolDetail(ctx, "ramp", who, false)
		_ = c.String(ctx, "colour-ünïcode", who, "")
		_ = c.StringDetail(ctx, "colour-ünïcode", who, "")
		_ = c.Bool(ctx, "unknown", who, false)
	}))
}

func TestTargetsShareNothing(t *testing.T) {
	base := flags.User("ann").With("a", "1")
	left, right := base.With("b", "left"), base.With("b", "right").With("a", "2")
	f := toggle("f", "off", func(f *flags.Flag) {
		f.Rules = []flags.Rule{{When: append(when("b", flags.In, texts("left")...), when("a", flags.In, texts("1")...)...), Serve: flags.Serve{Variant: "on"}}}
	})
	c := open(t, memory(t, f))
	require.Equal(t, []bool{false, true, false}, []bool{
		c.Bool(t.Context(), "f", base, false), c.Bool(t.Context(), "f", left, false), c.Bool(t.Context(), "f", right, false),
	})
}
