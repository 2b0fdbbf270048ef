package flagsbench

import (
	"log/slog"
	"testing"

	"github.com/launchdarkly/go-sdk-common/v3/ldcontext"
	"github.com/launchdarkly/go-sdk-common/v3/ldlog"
	"github.com/launchdarkly/go-sdk-common/v3/ldvalue"
	ld "github.com/launchdarkly/go-server-sdk/v7"
	"github.com/launchdarkly/go-server-sdk/v7/ldcomponents"
	"github.com/launchdarkly/go-server-sdk/v7/testhelpers/ldtestdata"
	of "github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/memprovider"

	"github.com/underpin-db/underpin/flags"
	ofunderpin "github.com/underpin-db/underpin/flags/openfeature"
)

// toggle is a boolean flag.
func toggle(name, serve string) flags.Flag {
	return flags.Flag{Name: name, Type: flags.Boolean, Kind: flags.Release, Owner: "shop", Off: "off", Safe: "off", Serve: flags.Serve{Variant: serve}}
}

// ramp is a boolean flag with one rule about an attribute and a percentage.
func ramp(name string) flags.Flag {
	f := toggle(name, "off")
	f.Rules = []flags.Rule{{
		When:  []flags.Condition{{Attribute: "country", Op: flags.In, Values: []flags.Value{flags.ValueOf("DE"), flags.ValueOf("FR")}}},
		Serve: flags.Serve{Variant: "on"},
	}}
	f.Ramp = &flags.Ramp{Variant: "on", Share: 2500}
	return f
}

func underpin(b *testing.B) *flags.Client {
	b.Helper()
	store, err := flags.NewMemory(toggle("static", "on"), ramp("ramp"))
	if err != nil {
		b.Fatal(err)
	}
	c, err := flags.Open(b.Context(), flags.Config{Source: store, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return c
}

func launchDarkly(b *testing.B) *ld.LDClient {
	b.Helper()
	data := ldtestdata.DataSource()
	data.Update(data.Flag("static").BooleanFlag().VariationForAll(true))
	data.Update(data.Flag("ramp").BooleanFlag().FallthroughVariation(false).
		IfMatch("country", ldvalue.String("DE"), ldvalue.String("FR")).ThenReturn(true))
	c, err := ld.MakeCustomClient("none", ld.Config{
		DataSource: data, Events: ldcomponents.NoEvents(), Logging: ldcomponents.Logging().MinLevel(ldlog.None),
	}, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return c
}

// openFeature returns an OpenFeature client on a provider.
func openFeature(b *testing.B, p of.FeatureProvider) *of.Client {
	b.Helper()
	if err := of.SetNamedProviderAndWait(b.Name(), p); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = of.SetNamedProviderAndWait(b.Name(), of.NoopProvider{}) })
	return of.NewClient(b.Name())
}

func memory() of.FeatureProvider {
	return memprovider.NewInMemoryProvider(map[string]memprovider.InMemoryFlag{
		"static": {State: memprovider.Enabled, DefaultVariant: "on", Variants: map[string]any{"on": true, "off": false}},
	})
}

func BenchmarkStatic(b *testing.B) {
	b.Run("underpin", func(b *testing.B) {
		c, ctx, who := underpin(b), b.Context(), flags.User("4711")
		parallel(b, "static boolean: underpin", 25, func() bool { return c.Bool(ctx, "static", who, false) })
	})
	b.Run("launchdarkly", func(b *testing.B) {
		c, who := launchDarkly(b), ldcontext.New("4711")
		parallel(b, "static boolean: LaunchDarkly", 0, func() bool { v, _ := c.BoolVariation("static", who, false); return v })
	})
	b.Run("openfeature-memory", func(b *testing.B) {
		c, ctx, who := openFeature(b, memory()), b.Context(), of.NewEvaluationContext("4711", nil)
		parallel(b, "static boolean: OpenFeature, memory provider", 0, func() bool { return c.Boolean(ctx, "static", false, who) })
	})
	b.Run("openfeature-underpin", func(b *testing.B) {
		c, ctx, who := openFeature(b, ofunderpin.NewProvider(underpin(b))), b.Context(), of.NewEvaluationContext("4711", nil)
		parallel(b, "static boolean: OpenFeature, underpin's provider", 0, func() bool { return c.Boolean(ctx, "static", false, who) })
	})
}

// BenchmarkRule evaluates a flag with a rule about one attribute that does not
// match. Underpin's has a percentage behind it; the test data of LaunchDarkly's
// SDK cannot express one, so it does less.
func BenchmarkRule(b *testing.B) {
	b.Run("underpin", func(b *testing.B) {
		c, ctx, who := underpin(b), b.Context(), flags.User("4711").With("country", "PL")
		parallel(b, "rule and percentage: underpin", 80, func() bool { return c.Bool(ctx, "ramp", who, false) })
	})
	b.Run("launchdarkly", func(b *testing.B) {
		c, who := launchDarkly(b), ldcontext.NewBuilder("4711").SetString("country", "PL").Build()
		parallel(b, "rule: LaunchDarkly", 0, func() bool { v, _ := c.BoolVariation("ramp", who, false); return v })
	})
	b.Run("openfeature-underpin", func(b *testing.B) {
		c, ctx := openFeature(b, ofunderpin.NewProvider(underpin(b))), b.Context()
		who := of.NewEvaluationContext("4711", map[string]any{"country": "PL"})
		parallel(b, "rule and percentage: OpenFeature, underpin's provider", 0, func() bool { return c.Boolean(ctx, "ramp", false, who) })
	})
}

// BenchmarkCores compares all processors with one. A counter that they share shows
// what it looks like where they have to wait for each other.
func BenchmarkCores(b *testing.B) {
	compare := func(name string, aim float64, fn func() func()) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				times, share := speedup(fn)
				note(b, figure{what: "all cores over one: " + name, unit: "x"}, times)
				note(b, figure{what: "as a share of what a loop gets that shares nothing: " + name, unit: "of it", aim: aim, better: atLeast}, share)
			}
		})
	}
	c, ctx := underpin(b), b.Context()
	static, ramped := flags.User("4711"), flags.User("4711").With("country", "PL")
	compare("static boolean", 0.9, func() func() { return func() { c.Bool(ctx, "static", static, false) } })
	compare("rule and percentage", 0.9, func() func() { return func() { c.Bool(ctx, "ramp", ramped, false) } })
	one := new(padded)
	compare("a counter that all share", 0, func() func() { return func() { one.Add(1) } })
}
