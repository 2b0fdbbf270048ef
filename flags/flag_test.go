package flags_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/flags"
)

func TestParseShare(t *testing.T) {
	for text, want := range map[string]flags.Share{
		"0": 0, "0%": 0, "0.01%": 1, "0.010": 1, "5%": 500, "12.50 %": 1250, "33.33%": 3333, "99.99": 9999, "100%": flags.All, "100.00": flags.All,
	} {
		got, err := flags.ParseShare(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"33.333", "0.001%", "100.01%", "101", "-1", "+1", "", "%", ".5", "5.", "1e2", "NaN", "½", "99999999999999999999"} {
		_, err := flags.ParseShare(text)
		require.ErrorIs(t, err, flags.ErrShare, "%q", text)
	}
}

func TestShareTextComesBack(t *testing.T) {
	for s := range flags.All + 1 {
		got, err := flags.ParseShare(s.String())
		require.NoError(t, err)
		require.Equal(t, s, got)
	}
	require.Equal(t, []string{"0.01%", "33.3%", "10%", "100%"},
		[]string{flags.Share(1).String(), flags.Share(3330).String(), flags.Share(1000).String(), flags.All.String()})
}

// colours is a flag with everything that a flag may have.
func colours() flags.Flag {
	return flags.Flag{
		Name: "colour-ünïcode", Type: flags.String, Kind: flags.Experiment, Owner: "shop", Description: "the button",
		Variants: []flags.Variant{{"red", flags.ValueOf("#f00")}, {"green", flags.ValueOf("#0f0")}, {"blue", flags.ValueOf("#00f")}},
		Off:      "red", Safe: "red", StaleAfter: flags.Duration(30 * time.Second),
		Requires: []flags.Requirement{{"shop-open", "on"}},
		Rules: []flags.Rule{{
			Name: "old apps", When: []flags.Condition{{"app", flags.Older, []flags.Value{flags.ValueOf("2.10")}}}, Serve: flags.Serve{Variant: "red"},
		}},
		Ramp:    &flags.Ramp{Variant: "green", Rings: []string{"qa", "staff"}, Share: 1},
		Serve:   flags.Serve{Split: []flags.Weight{{"red", 3333}, {"green", 3333}, {"blue", 3334}}},
		Created: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), Expires: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
	}
}

func TestAFlagComesBackFromJSON(t *testing.T) {
	want := colours()
	require.NoError(t, want.Validate())
	text, err := json.Marshal(want)
	require.NoError(t, err)
	require.Contains(t, string(text), `"share":"33.34%"`)
	require.Contains(t, string(text), `"stale_after":"30s"`)
	var got flags.Flag
	require.NoError(t, json.Unmarshal(text, &got))
	require.Equal(t, want, got)
}

func TestValidateNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*flags.Flag)
		path   string
		want   error
	}{
		{"no name", func(f *flags.Flag) { f.Name = "" }, "name", flags.ErrName},
		{"a space", func(f *flags.Flag) { f.Name = "a b" }, "name", flags.ErrName},
		{"no UTF-8", func(f *flags.Flag) { f.Name = "a\xff" }, "name", flags.ErrName},
		{"a line", func(f *flags.Flag) { f.Name = "a\nb" }, "name", flags.ErrName},
		{"long name", func(f *flags.Flag) { f.Name = strings.Repeat("ä", flags.MaxName+1) }, "name", flags.ErrName},
		{"type", func(f *flags.Flag) { f.Type = "bool" }, "type", flags.ErrField},
		{"kind", func(f *flags.Flag) { f.Kind = "" }, "kind", flags.ErrField},
		{"state", func(f *flags.Flag) { f.State = "half" }, "state", flags.ErrField},
		{"owner", func(f *flags.Flag) { f.Owner = " " }, "owner", flags.ErrField},
		{"expires", func(f *flags.Flag) { f.Expires = f.Created.Add(-1) }, "expires", flags.ErrField},
		{"bound", func(f *flags.Flag) { f.StaleAfter = flags.Duration(time.Millisecond) }, "stale_after", flags.ErrField},
		{"no variants", func(f *flags.Flag) { f.Variants = nil }, "variants", flags.ErrVariant},
		{"twice", func(f *flags.Flag) { f.Variants[1].Name = "red" }, "variants[1].name", flags.ErrVariant},
		{"value", func(f *flags.Flag) { f.Variants[2].Value = flags.ValueOf(3) }, "variants[2].value", flags.ErrValue},
		{"off", func(f *flags.Flag) { f.Off = "" }, "off", flags.ErrVariant},
		{"safe", func(f *flags.Flag) { f.Safe = "yellow" }, "safe", flags.ErrVariant},
		{"weights below", func(f *flags.Flag) { f.Serve.Split[0].Share = 3332 }, "serve.split", flags.ErrWeights},
		{"weights above", func(f *flags.Flag) { f.Serve.Split[0].Share = 9000 }, "serve.split", flags.ErrWeights},
		{"weights of 16 bits", func(f *flags.Flag) {
			for i := range f.Serve.Split {
				f.Serve.Split[i].Share = 65535
			}
		}, "serve.split[0].share", flags.ErrShare},
		{"both", func(f *flags.Flag) { f.Serve.Variant = "red" }, "serve", flags.ErrField},
		{"neither", func(f *flags.Flag) { f.Serve = flags.Serve{} }, "serve", flags.ErrField},
		{"split of nothing", func(f *flags.Flag) { f.Serve.Split[2].Variant = "x" }, "serve.split[2].variant", flags.ErrVariant},
		{"ramp variant", func(f *flags.Flag) { f.Ramp.Variant = "x" }, "ramp.variant", flags.ErrVariant},
		{"ramp share", func(f *flags.Flag) { f.Ramp.Share = flags.All + 1 }, "ramp.share", flags.ErrShare},
		{"ring twice", func(f *flags.Flag) { f.Ramp.Rings = []string{"qa", "qa"} }, "ramp.rings[1]", flags.ErrField},
		{"no condition", func(f *flags.Flag) { f.Rules[0].When = nil }, "rules[0].when", flags.ErrCondition},
		{"no attribute", func(f *flags.Flag) { f.Rules[0].When[0].Attribute = "" }, "rules[0].when[0].attribute", flags.ErrCondition},
		{"operator", func(f *flags.Flag) { f.Rules[0].When[0].Op = "regexp" }, "rules[0].when[0].op", flags.ErrCondition},
		{"no version", func(f *flags.Flag) { f.Rules[0].When[0].Values[0] = flags.ValueOf("two") }, "rules[0].when[0].values", flags.ErrCondition},
		{"two versions", func(f *flags.Flag) { f.Rules[0].When[0].Values = append(f.Rules[0].When[0].Values, flags.ValueOf("3")) }, "rules[0].when[0].values", flags.ErrCondition},
		{"rule serves nothing", func(f *flags.Flag) { f.Rules[0].Serve = flags.Serve{} }, "rules[0].serve", flags.ErrField},
		{"closed with rules", func(f *flags.Flag) { f.State = flags.Closed }, "state", flags.ErrField},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := colours()
			c.change(&f)
			err := f.Validate()
			require.ErrorIs(t, err, c.want)
			var bad *flags.Invalid
			require.ErrorAs(t, err, &bad)
			require.Equal(t, f.Name, bad.Flag)
			require.Equal(t, c.path, bad.Problems[0].Path, "%v", err)
		})
	}
}

func TestCloseKeepsAFlagValid(t *testing.T) {
	f := colours().Close("blue")
	require.NoError(t, f.Validate())
	require.Equal(t, []string{"blue", "blue"}, []string{f.Serve.Variant, f.Safe})
	require.ErrorIs(t, colours().Close("yellow").Validate(), flags.ErrVariant)
}

func TestValidateSet(t *testing.T) {
	needs := func(of, variant string) func(*flags.Flag) {
		return func(f *flags.Flag) { f.Requires = append(f.Requires, flags.Requirement{of, variant}) }
	}
	require.NoError(t, flags.ValidateSet([]flags.Flag{toggle("a", "on"), toggle("b", "on", needs("a", "on")), toggle("c", "on", needs("a", "on"), needs("b", "off"))}))
	for want, all := range map[string][]flags.Flag{
		`there is no flag "a"`:       {toggle("b", "on", needs("a", "on"))},
		`"yes" is none of on, off`:   {toggle("a", "on"), toggle("b", "on", needs("a", "yes"))},
		`a requires a`:               {toggle("a", "on", needs("a", "on"))},
		`a requires b requires a`:    {toggle("a", "on", needs("b", "on")), toggle("b", "on", needs("a", "on"))},
		`a requires c requires b re`: {toggle("a", "on", needs("c", "on")), toggle("b", "on", needs("a", "on")), toggle("c", "on", needs("b", "on"))},
	} {
		err := flags.ValidateSet(all)
		require.ErrorIs(t, err, flags.ErrRequirement, want)
		require.ErrorContains(t, err, want)
	}
	require.ErrorIs(t, flags.ValidateSet([]flags.Flag{toggle("a", "on"), toggle("a", "off")}), flags.ErrName)

	deep := []flags.Flag{toggle("0", "on")}
	for i := range 20 {
		deep = append(deep, toggle(string(rune('a'+i)), "on", needs(deep[i].Name, "on")))
	}
	require.ErrorIs(t, flags.ValidateSet(deep), flags.ErrRequirement, "too deep to be evaluated")
}

// Whatever JSON says, reading and checking it does not panic.
func FuzzFlag(f *testing.F) {
	text, err := json.Marshal(colours())
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte(`{"name":"a","type":"boolean","rules":[{"when":[{"op":"less"}]}],"ramp":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var one flags.Flag
		if json.Unmarshal(text, &one) != nil || one.Validate() != nil || len(one.Requires) > 0 {
			return
		}
		c := open(t, memory(t, one))
		d := c.BoolDetail(t.Context(), one.Name, flags.User("ann").With("app", "1.0").In("qa"), true)
		require.Equal(t, d.Err != nil, d.Variant == "")
	})
}

// genFlag draws a valid boolean flag.
func genFlag(t *rapid.T) flags.Flag {
	f := toggle("flag", rapid.SampledFrom([]string{"on", "off"}).Draw(t, "serve"))
	f.State = rapid.SampledFrom([]flags.State{flags.On, flags.Off}).Draw(t, "state")
	if rapid.Bool().Draw(t, "ramp?") {
		f.Ramp = &flags.Ramp{Variant: "on", Rings: []string{"qa"}, Share: flags.Share(rapid.IntRange(0, int(flags.All)).Draw(t, "ramp"))}
	}
	if rapid.Bool().Draw(t, "split?") {
		on := flags.Share(rapid.IntRange(0, int(flags.All)).Draw(t, "on"))
		f.Serve = flags.Serve{Split: []flags.Weight{{"on", on}, {"off", flags.All - on}}}
	}
	for range rapid.IntRange(0, 3).Draw(t, "rules") {
		f.Rules = append(f.Rules, flags.Rule{
			When: []flags.Condition{{
				rapid.SampledFrom([]string{"key", "plan", "rings"}).Draw(t, "attribute"),
				rapid.SampledFrom([]flags.Operator{flags.In, flags.NotIn, flags.StartsWith}).Draw(t, "op"),
				[]flags.Value{flags.ValueOf(rapid.StringN(0, 3, -1).Draw(t, "value"))},
			}},
			Serve: flags.Serve{Variant: rapid.SampledFrom([]string{"on", "off"}).Draw(t, "then")},
		})
	}
	return f
}

// Every answer is one of the flag's variants, the same when asked again, and a
// wider ramp never takes the variant away from anybody.
func TestAnswersAreStickyAndRampsMonotone(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		f := genFlag(r)
		target := flags.User(rapid.StringN(1, 8, -1).Draw(r, "key")).With("plan", rapid.StringN(0, 3, -1).Draw(r, "plan"))
		wider := f
		if f.Ramp != nil {
			wider.Ramp = &flags.Ramp{Variant: "on", Rings: f.Ramp.Rings, Share: flags.Share(rapid.IntRange(int(f.Ramp.Share), int(flags.All)).Draw(r, "wider"))}
		}
		ctx := t.Context()
		first, again, wide := open(t, memory(t, f)).BoolDetail(ctx, "flag", target, false), open(t, memory(t, f)).BoolDetail(ctx, "flag", target, true), open(t, memory(t, wider)).BoolDetail(ctx, "flag", target, false)
		if first.Err != nil || first != again || first.Value != (first.Variant == "on") {
			r.Fatalf("%+v, then %+v", first, again)
		}
		if first.Value && !wide.Value {
			r.Fatalf("%+v at %v, and %+v at %v", first, f.Ramp, wide, wider.Ramp)
		}
	})
}
