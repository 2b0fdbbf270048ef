package openfeature

import (
	"math"
	"sync/atomic"
	"time"

	of "github.com/open-feature/go-sdk/openfeature"

	"github.com/underpin-db/underpin/flags"
)

// resolution translates everything but the value.
func resolution[T any](p *Provider, d flags.Detail[T]) of.ProviderResolutionDetail {
	out := of.ProviderResolutionDetail{Reason: of.Reason(d.Reason), Variant: d.Variant, FlagMetadata: p.labels.of(d.Version)}
	if d.Err == nil {
		return out
	}
	message := d.Err.Error()
	switch d.Code() {
	case flags.CodeNotFound:
		out.ResolutionError = of.NewFlagNotFoundResolutionError(message)
	case flags.CodeType:
		out.ResolutionError = of.NewTypeMismatchResolutionError(message)
	case flags.CodeNoKey:
		out.ResolutionError = of.NewTargetingKeyMissingResolutionError(message)
	case flags.CodeNotReady:
		out.ResolutionError = of.NewProviderNotReadyResolutionError(message)
	default:
		out.ResolutionError = of.NewGeneralResolutionError(message)
	}
	return out
}

// labels keeps the metadata of the versions last asked for, so that evaluations
// share it: making it anew would be three allocations each, and the SDK copies it
// in any case. It is safe for concurrent use.
type labels [512]atomic.Pointer[label]

type label struct {
	version  uint64
	metadata of.FlagMetadata
}

func (l *labels) of(version uint64) of.FlagMetadata {
	if version == 0 {
		return nil
	}
	place := &l[version%uint64(len(l))]
	if have := place.Load(); have != nil && have.version == version {
		return have.metadata
	}
	made := &label{version, of.FlagMetadata{VersionMetadata: int64(min(version, math.MaxInt64))}}
	place.Store(made)
	return made.metadata
}

// usual is how many attributes a context usually has at most; more cost an
// allocation more.
const usual = 16

// target translates an evaluation context.
func target(c of.FlattenedContext) flags.Target {
	key, _ := c[of.TargetingKey].(string)
	var place [usual]flags.Attribute
	list := place[:0]
	for name, value := range c {
		if name == of.TargetingKey {
			continue
		}
		if a, ok := attribute(name, value); ok {
			list = append(list, a)
		}
	}
	if len(list) == 0 {
		return flags.User(key)
	}
	return flags.User(key).WithAll(list...)
}

// attribute translates one attribute, unless it is of a kind that has no
// meaning here.
func attribute(name string, value any) (flags.Attribute, bool) {
	switch v := value.(type) {
	case string:
		return flags.AttributeOf(name, v), true
	case bool:
		return flags.AttributeOf(name, v), true
	case []string:
		return flags.AttributeOf(name, v), true
	case []any:
		list := make([]string, 0, len(v))
		for _, one := range v {
			if text, ok := one.(string); ok {
				list = append(list, text)
			}
		}
		return flags.AttributeOf(name, list), true
	case time.Time:
		return flags.AttributeOf(name, v.Format(time.RFC3339Nano)), true
	}
	n, ok := number(value)
	return flags.AttributeOf(name, n), ok
}

func number(value any) (float64, bool) {
	switch v := value.(type) {
	case int:
		return float64(v), true
	case int8:
		return float64(v), true
	case int16:
		return float64(v), true
	case int32:
		return float64(v), true
	case int64:
		return float64(v), true
	case uint:
		return float64(v), true
	case uint8:
		return float64(v), true
	case uint16:
		return float64(v), true
	case uint32:
		return float64(v), true
	case uint64:
		return float64(v), true
	case float32:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
