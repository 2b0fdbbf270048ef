package openfeature

import (
	"context"
	"errors"
	"fmt"

	of "github.com/open-feature/go-sdk/openfeature"

	"github.com/underpin-db/underpin/flags"
)

// ErrRamp says that the flag system does not say, or does not say clearly, which
// share a ramp should have. The share that the database holds then stays.
var ErrRamp = errors.New("the flag system gives no share for the ramp")

// Evaluator is the part of an OpenFeature client that a ramp asks.
type Evaluator interface {
	FloatValueDetails(ctx context.Context, flag string, defaultValue float64, c of.EvaluationContext, options ...of.Option) (of.FloatEvaluationDetails, error)
}

// Ramp asks an OpenFeature client for the share of reads that should go to the
// target of a change: a number flag that holds a percentage, from 0 to 100. It
// is safe for concurrent use.
type Ramp struct {
	client Evaluator
	flag   func(change string) string
}

// NewRamp returns the ramps of changes. flag names the flag of a change; nil is
// "underpin." and the change's name.
func NewRamp(client Evaluator, flag func(change string) string) *Ramp {
	if flag == nil {
		flag = func(change string) string { return "underpin." + change }
	}
	return &Ramp{client, flag}
}

// Share returns the share that the ramp of a change should have, or [ErrRamp].
// It never makes one up: a flag that is missing, of another type, out of bounds
// or finer than a basis point is an error, and so is a default.
func (r *Ramp) Share(ctx context.Context, change string) (flags.Share, error) {
	name := r.flag(change)
	d, err := r.client.FloatValueDetails(ctx, name, -1, of.NewEvaluationContext(change, map[string]any{"change": change}))
	if err != nil || d.ErrorCode != "" || d.Reason == of.ErrorReason {
		return 0, fmt.Errorf("change %s: %w: flag %s: %w", change, ErrRamp, name, errors.Join(err, errors.New(string(d.ErrorCode)+" "+d.ErrorMessage)))
	}
	share, err := flags.ParseShare(fmt.Sprint(d.Value))
	if err != nil {
		return 0, fmt.Errorf("change %s: %w: flag %s: %w", change, ErrRamp, name, err)
	}
	return share, nil
}
