package openfeature_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	of "github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/memprovider"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/openfeature"
)

const patience = 20 * time.Second

func value(t *testing.T, text string) flags.Value {
	t.Helper()
	v, err := flags.Document([]byte(text))
	require.NoError(t, err)
	return v
}

// one is a flag that serves one value to everybody.
func one(t *testing.T, name string, typ flags.Type, text string) flags.Flag {
	t.Helper()
	return flags.Flag{
		Name: name, Type: typ, Kind: flags.Ops, Owner: "shop", Variants: []flags.Variant{{Name: "v", Value: value(t, text)}},
		Off: "v", Safe: "v", Serve: flags.Serve{Variant: "v"},
	}
}

func targeted() flags.Flag {
	return flags.Flag{
		Name: "targeted", Type: flags.Boolean, Kind: flags.Release, Owner: "shop", Off: "off", Safe: "off", Serve: flags.Serve{Variant: "off"},
		Rules: []flags.Rule{{
			When: []flags.Condition{
				{Attribute: "key", Op: flags.In, Values: []flags.Value{flags.ValueOf("ann")}},
				{Attribute: "country", Op: flags.In, Values: []flags.Value{flags.ValueOf("DE")}},
				{Attribute: "age", Op: flags.AtLeast, Values: []flags.Value{flags.ValueOf(18)}},
				{Attribute: "paid", Op: flags.In, Values: []flags.Value{flags.ValueOf(true)}},
				{Attribute: "rings", Op: flags.In, Values: []flags.Value{flags.ValueOf("qa")}},
				{Attribute: "since", Op: flags.StartsWith, Values: []flags.Value{flags.ValueOf("2026-01-02T")}},
			},
			Serve: flags.Serve{Variant: "on"},
		}},
	}
}

// source is a store that can be down.
type source struct {
	*flags.Memory
	down atomic.Bool
}

func (s *source) Fetch(ctx context.Context, after flags.Position) (flags.Update, error) {
	if s.down.Load() {
		return flags.Update{}, errors.New("the store is down")
	}
	return s.Memory.Fetch(ctx, after)
}

// set makes a provider the one of the test's own domain and returns a client.
func set(t *testing.T, s *source, cfg flags.Config) (*of.Client, *flags.Client, error) {
	t.Helper()
	cfg.Source, cfg.Poll, cfg.Logger = s, 10*time.Millisecond, slog.New(slog.DiscardHandler)
	c, err := flags.Open(t.Context(), cfg)
	require.NoError(t, err)
	err = of.SetNamedProviderAndWait(t.Name(), openfeature.NewProvider(c))
	t.Cleanup(func() {
		require.NoError(t, of.SetNamedProviderAndWait(t.Name(), of.NoopProvider{}))
		require.NoError(t, c.Close())
	})
	return of.NewClient(t.Name()), c, err
}

func store(t *testing.T, all ...flags.Flag) *source {
	t.Helper()
	m, err := flags.NewMemory(all...)
	require.NoError(t, err)
	return &source{Memory: m}
}

func TestEvaluation(t *testing.T) {
	s := store(t, one(t, "bool", flags.Boolean, "true"), one(t, "text", flags.String, `"ü"`), one(t, "number", flags.Number, "1.5"),
		one(t, "int", flags.Number, "7"), one(t, "object", flags.JSON, `{"a": [1, "two"]}`))
	c, _, err := set(t, s, flags.Config{})
	require.NoError(t, err)
	require.Equal(t, of.ReadyState, c.State())
	ctx, nobody := t.Context(), of.NewTargetlessEvaluationContext(nil)

	d, err := c.BooleanValueDetails(ctx, "bool", false, nobody)
	require.NoError(t, err)
	require.True(t, d.Value)
	require.Equal(t, of.StaticReason, d.Reason)
	require.Equal(t, "v", d.Variant)
	version, err := d.FlagMetadata.GetInt(openfeature.VersionMetadata)
	require.NoError(t, err)
	require.Equal(t, int64(1), version)
	require.Equal(t, "ü", c.String(ctx, "text", "", nobody))
	require.InDelta(t, 1.5, c.Float(ctx, "number", 0, nobody), 0)
	require.Equal(t, int64(7), c.Int(ctx, "int", 0, nobody))
	object := c.Object(ctx, "object", nil, nobody)
	require.Equal(t, map[string]any{"a": []any{1.0, "two"}}, object)
	object.(map[string]any)["a"] = "changed"
	require.Equal(t, map[string]any{"a": []any{1.0, "two"}}, c.Object(ctx, "object", nil, nobody), "a caller's copy is its own")

	for flag, code := range map[string]of.ErrorCode{"none": of.FlagNotFoundCode, "text": of.TypeMismatchCode} {
		d, err := c.BooleanValueDetails(ctx, flag, true, nobody)
		require.Error(t, err)
		require.True(t, d.Value)
		require.Equal(t, code, d.ErrorCode)
		require.Equal(t, of.ErrorReason, d.Reason)
	}
	require.Equal(t, "default", c.Object(ctx, "bool", "default", nobody))
}

func TestContextsAreMergedAndTranslated(t *testing.T) {
	c, _, err := set(t, store(t, targeted()), flags.Config{})
	require.NoError(t, err)
	c.SetEvaluationContext(of.NewTargetlessEvaluationContext(map[string]any{"country": "DE", "age": 17, "paid": true}))
	call := of.NewEvaluationContext("ann", map[string]any{
		"age": int64(18), "rings": []any{"qa", 3}, "since": time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "odd": struct{}{},
	})
	d, err := c.BooleanValueDetails(t.Context(), "targeted", false, call)
	require.NoError(t, err)
	require.True(t, d.Value)
	require.Equal(t, of.TargetingMatchReason, d.Reason)
	require.False(t, c.Boolean(t.Context(), "targeted", true, of.NewEvaluationContext("bob", call.Attributes())))
	require.False(t, c.Boolean(t.Context(), "targeted", true, of.NewEvaluationContext("ann", map[string]any{"age": float32(18)})))
}

// What an evaluation allocates beyond the SDK's own is one list of attributes,
// however many there are, and nothing without any.
func TestAllocationsOfTheProvider(t *testing.T) {
	_, client, err := set(t, store(t, one(t, "f", flags.Boolean, "true"), targeted()), flags.Config{})
	require.NoError(t, err)
	p := openfeature.NewProvider(client)
	for _, c := range []struct {
		flag    string
		context of.FlattenedContext
		want    float64
	}{
		{"f", of.FlattenedContext{of.TargetingKey: "ann"}, 0},
		{"targeted", of.FlattenedContext{of.TargetingKey: "ann", "country": "DE"}, 1},
		{"targeted", of.FlattenedContext{of.TargetingKey: "ann", "country": "DE", "age": 18, "paid": true, "rings": []string{"qa"}, "weight": 70.5}, 1},
	} {
		got := testing.AllocsPerRun(100, func() { p.BooleanEvaluation(t.Context(), c.flag, false, c.context) })
		require.InDelta(t, c.want, got, 0, c.context)
	}
}

func TestMetadataIsOfTheFlagsVersion(t *testing.T) {
	m, err := flags.NewMemory()
	require.NoError(t, err)
	for i := range 600 { // more than are kept
		f := one(t, fmt.Sprint("f", i), flags.Boolean, "true")
		require.NoError(t, m.Put(f))
	}
	c, _, err := set(t, &source{Memory: m}, flags.Config{})
	require.NoError(t, err)
	for range 2 {
		for i := range int64(600) {
			d, err := c.BooleanValueDetails(t.Context(), fmt.Sprint("f", i), false, of.EvaluationContext{})
			require.NoError(t, err)
			version, err := d.FlagMetadata.GetInt(openfeature.VersionMetadata)
			require.NoError(t, err)
			require.Equal(t, i+2, version) // making the store was its first version
		}
	}
}

func TestEvents(t *testing.T) {
	s := store(t, one(t, "f", flags.Boolean, "true"))
	got := make(chan of.EventType, 100)
	changes := make(chan []string, 100)
	for _, kind := range []of.EventType{of.ProviderReady, of.ProviderConfigChange, of.ProviderStale, of.ProviderError} {
		handler := func(d of.EventDetails) {
			if kind == of.ProviderConfigChange {
				changes <- d.FlagChanges
			}
			got <- kind
		}
		client := of.NewClient(t.Name())
		client.AddHandler(kind, &handler)
		t.Cleanup(func() { client.RemoveHandler(kind, &handler) })
	}
	next := func(want of.EventType) {
		t.Helper()
		select {
		case kind := <-got:
			require.Equal(t, want, kind)
		case <-time.After(patience):
			t.Fatalf("no event %s", want)
		}
	}
	// Longer than a busy machine keeps polls waiting: nothing is stale before the store is down.
	c, _, err := set(t, s, flags.Config{MaxAge: 3 * time.Second})
	require.NoError(t, err)
	next(of.ProviderReady)
	require.NoError(t, s.Replace([]flags.Flag{one(t, "f", flags.Boolean, "false"), one(t, "g", flags.Boolean, "true")}))
	next(of.ProviderConfigChange)
	require.ElementsMatch(t, []string{"f", "g"}, <-changes)
	s.down.Store(true)
	next(of.ProviderStale)
	require.Equal(t, of.StaleState, c.State())
	require.True(t, c.Boolean(t.Context(), "g", false, of.EvaluationContext{}), "within its bound")
	s.down.Store(false)
	next(of.ProviderReady)
	require.Equal(t, of.ReadyState, c.State())
}

func TestAProviderThatIsNotReady(t *testing.T) {
	s := store(t, one(t, "f", flags.Boolean, "true"))
	s.down.Store(true)
	c, _, err := set(t, s, flags.Config{Start: flags.StartAnyway})
	require.Error(t, err)
	require.NotEqual(t, of.ReadyState, c.State())
	d, err := c.BooleanValueDetails(t.Context(), "f", false, of.EvaluationContext{})
	require.Error(t, err)
	require.False(t, d.Value)
	s.down.Store(false)
	require.Eventually(t, func() bool { return c.Boolean(t.Context(), "f", false, of.EvaluationContext{}) }, patience, time.Millisecond)
}

func TestShutdownEndsTheEventsAndNotTheClient(t *testing.T) {
	s := store(t, one(t, "f", flags.Boolean, "true"))
	c, err := flags.Open(t.Context(), flags.Config{Source: s, Poll: time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	p := openfeature.NewProvider(c)
	require.NoError(t, p.Init(of.EvaluationContext{}))
	for range 3 {
		require.NoError(t, p.ShutdownWithContext(t.Context()))
	}
	require.NoError(t, s.Replace([]flags.Flag{one(t, "g", flags.Boolean, "true")}))
	require.Eventually(t, func() bool { return c.Bool(t.Context(), "g", flags.Nobody(), false) }, patience, time.Millisecond)
	require.Empty(t, p.EventChannel())
	require.NoError(t, c.Close())
}

func TestAForeignFlagSystemHoldsARamp(t *testing.T) {
	flag := func(v any) memprovider.InMemoryFlag {
		return memprovider.InMemoryFlag{State: memprovider.Enabled, DefaultVariant: "v", Variants: map[string]any{"v": v}}
	}
	require.NoError(t, of.SetNamedProviderAndWait(t.Name(), memprovider.NewInMemoryProvider(map[string]memprovider.InMemoryFlag{
		"underpin.split-user-name": flag(12.5), "underpin.all": flag(100.0), "underpin.none": flag(0.0), "underpin.text": flag("5"),
		"underpin.over": flag(100.01), "underpin.below": flag(-1.0), "underpin.fine": flag(33.333), "own": flag(7.0),
	})))
	t.Cleanup(func() { require.NoError(t, of.SetNamedProviderAndWait(t.Name(), of.NoopProvider{})) })
	client := of.NewClient(t.Name())
	ramp := openfeature.NewRamp(client, nil)
	for change, want := range map[string]flags.Share{"split-user-name": 1250, "all": flags.All, "none": 0} {
		got, err := ramp.Share(t.Context(), change)
		require.NoError(t, err, change)
		require.Equal(t, want, got)
	}
	for _, change := range []string{"missing", "text", "over", "below", "fine"} {
		_, err := ramp.Share(t.Context(), change)
		require.ErrorIs(t, err, openfeature.ErrRamp, change)
		require.ErrorContains(t, err, change)
	}
	got, err := openfeature.NewRamp(client, func(string) string { return "own" }).Share(t.Context(), "any")
	require.NoError(t, err)
	require.Equal(t, flags.Share(700), got)
}
