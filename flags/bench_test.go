package flags_test

import (
	"testing"

	"github.com/underpin-db/underpin/flags"
)

// benchFlags are one flag of each cost.
func benchFlags() []flags.Flag {
	on := flags.Serve{Variant: "on"}
	off := flags.Serve{Variant: "off"}
	base := flags.Flag{Type: flags.Boolean, Kind: flags.Release, Owner: "shop", Off: "off", Safe: "off"}
	static, ramp := base, base
	static.Name, static.Serve = "static", on
	ramp.Name, ramp.Serve = "ramp", off
	ramp.Rules = []flags.Rule{{When: []flags.Condition{{Attribute: "country", Op: flags.In, Values: []flags.Value{flags.ValueOf("DE"), flags.ValueOf("FR")}}}, Serve: on}}
	ramp.Ramp = &flags.Ramp{Variant: "on", Share: 2500}
	return []flags.Flag{static, ramp}
}

func BenchmarkStatic(b *testing.B) {
	c := open(b, memory(b, benchFlags()...))
	t, ctx := flags.User(int64(4711)), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if !c.Bool(ctx, "static", t, false) {
			b.Fatal("it is on")
		}
	}
}

func BenchmarkPercentageWithRule(b *testing.B) {
	c := open(b, memory(b, benchFlags()...))
	t, ctx := flags.User(int64(4711)).With("country", "PL"), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		_ = c.Bool(ctx, "ramp", t, false)
	}
}

func BenchmarkDetail(b *testing.B) {
	c := open(b, memory(b, benchFlags()...))
	t, ctx := flags.User(int64(4711)).With("country", "PL"), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		_ = c.BoolDetail(ctx, "ramp", t, false)
	}
}

func BenchmarkStaticOnAllCores(b *testing.B) {
	c := open(b, memory(b, benchFlags()...))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		t, ctx := flags.User(int64(4711)), b.Context()
		for pb.Next() {
			_ = c.Bool(ctx, "static", t, false)
		}
	})
}
