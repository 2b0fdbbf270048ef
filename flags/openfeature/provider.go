package openfeature

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	of "github.com/open-feature/go-sdk/openfeature"

	"github.com/underpin-db/underpin/flags"
)

// Name is the provider's name in OpenFeature's metadata.
const Name = "underpin"

// VersionMetadata is the key of a flag's version in the metadata of an
// evaluation, as OpenTelemetry's events take it. Evaluations share the metadata, of
// which the SDK hands out copies: who calls the provider's methods without the SDK
// must not write to it.
const VersionMetadata = "version"

// mostEvents is how many events wait for the SDK; when they are not taken the
// oldest give way.
const mostEvents = 64

// Provider is an OpenFeature provider on a client. The client stays the
// caller's: shutting the provider down does not close it. It is safe for
// concurrent use.
type Provider struct {
	client *flags.Client
	events chan of.Event
	labels labels

	mu     sync.Mutex
	cancel func() // of the subscription; nil while there is none
}

var (
	_ of.FeatureProvider          = (*Provider)(nil)
	_ of.ContextAwareStateHandler = (*Provider)(nil)
	_ of.EventHandler             = (*Provider)(nil)
)

// NewProvider returns a provider that answers from a client.
func NewProvider(client *flags.Client) *Provider {
	return &Provider{client: client, events: make(chan of.Event, mostEvents)}
}

// Metadata implements openfeature.FeatureProvider.
func (p *Provider) Metadata() of.Metadata { return of.Metadata{Name: Name} }

// Hooks implements openfeature.FeatureProvider.
func (p *Provider) Hooks() []of.Hook { return nil }

// Init implements openfeature.StateHandler.
func (p *Provider) Init(c of.EvaluationContext) error {
	return p.InitWithContext(context.Background(), c)
}

// InitWithContext implements openfeature.ContextAwareStateHandler. A client
// without any copy is not ready; the event tells when it is.
func (p *Provider) InitWithContext(ctx context.Context, _ of.EvaluationContext) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel == nil {
		p.cancel = p.client.Subscribe(p.pass)
	}
	switch st := p.client.Status(); {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case st.Age < 0 && st.Flags == 0:
		return &of.ProviderInitError{ErrorCode: of.ProviderNotReadyCode, Message: errors.Join(flags.ErrNotReady, st.Err).Error()}
	}
	if p.client.Stale() { // the SDK says "ready" by itself; this follows it
		p.send(of.ProviderStale, of.ProviderEventDetails{Message: "the copy of the flags is old"})
	}
	return nil
}

// Shutdown implements openfeature.StateHandler.
func (p *Provider) Shutdown() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil {
		p.cancel()
		p.cancel = nil
	}
}

// ShutdownWithContext implements openfeature.ContextAwareStateHandler.
func (p *Provider) ShutdownWithContext(context.Context) error {
	p.Shutdown()
	return nil
}

// EventChannel implements openfeature.EventHandler.
func (p *Provider) EventChannel() <-chan of.Event { return p.events }

// pass translates an event of the client.
func (p *Provider) pass(e flags.Event) {
	switch e.Kind {
	case flags.EventChanged:
		p.send(of.ProviderConfigChange, of.ProviderEventDetails{FlagChanges: e.Flags})
	case flags.EventStale:
		p.send(of.ProviderStale, of.ProviderEventDetails{Message: "the copy of the flags is old"})
	case flags.EventFresh:
		p.send(of.ProviderReady, of.ProviderEventDetails{})
	case flags.EventFailed:
		// One failed poll changes no answer, and an error would make the SDK
		// return defaults: it is an error only while there is no copy.
		if st := p.client.Status(); st.Age < 0 && st.Flags == 0 {
			p.send(of.ProviderError, of.ProviderEventDetails{Message: e.Err.Error(), ErrorCode: of.GeneralCode})
		}
	}
}

// send never waits: the client's goroutine calls it.
func (p *Provider) send(kind of.EventType, details of.ProviderEventDetails) {
	e := of.Event{ProviderName: Name, EventType: kind, ProviderEventDetails: details}
	for {
		select {
		case p.events <- e:
			return
		default:
		}
		select {
		case <-p.events:
		default:
		}
	}
}

// BooleanEvaluation implements openfeature.FeatureProvider.
func (p *Provider) BooleanEvaluation(ctx context.Context, flag string, defaultValue bool, c of.FlattenedContext) of.BoolResolutionDetail {
	d := p.client.BoolDetail(ctx, flag, target(c), defaultValue)
	return of.BoolResolutionDetail{Value: d.Value, ProviderResolutionDetail: resolution(p, d)}
}

// StringEvaluation implements openfeature.FeatureProvider.
func (p *Provider) StringEvaluation(ctx context.Context, flag string, defaultValue string, c of.FlattenedContext) of.StringResolutionDetail {
	d := p.client.StringDetail(ctx, flag, target(c), defaultValue)
	return of.StringResolutionDetail{Value: d.Value, ProviderResolutionDetail: resolution(p, d)}
}

// FloatEvaluation implements openfeature.FeatureProvider.
func (p *Provider) FloatEvaluation(ctx context.Context, flag string, defaultValue float64, c of.FlattenedContext) of.FloatResolutionDetail {
	d := p.client.FloatDetail(ctx, flag, target(c), defaultValue)
	return of.FloatResolutionDetail{Value: d.Value, ProviderResolutionDetail: resolution(p, d)}
}

// IntEvaluation implements openfeature.FeatureProvider.
func (p *Provider) IntEvaluation(ctx context.Context, flag string, defaultValue int64, c of.FlattenedContext) of.IntResolutionDetail {
	d := p.client.IntDetail(ctx, flag, target(c), defaultValue)
	return of.IntResolutionDetail{Value: d.Value, ProviderResolutionDetail: resolution(p, d)}
}

// ObjectEvaluation implements openfeature.FeatureProvider. The document is
// decoded anew each time, so that the caller may change it.
func (p *Provider) ObjectEvaluation(ctx context.Context, flag string, defaultValue any, c of.FlattenedContext) of.InterfaceResolutionDetail {
	d := p.client.JSONDetail(ctx, flag, target(c), nil)
	out := of.InterfaceResolutionDetail{Value: defaultValue, ProviderResolutionDetail: resolution(p, d)}
	if d.Err != nil {
		return out
	}
	var value any
	if err := json.Unmarshal(d.Value, &value); err != nil {
		out.Reason, out.Variant, out.ResolutionError = of.ErrorReason, "", of.NewParseErrorResolutionError(err.Error())
		return out
	}
	out.Value = value
	return out
}
