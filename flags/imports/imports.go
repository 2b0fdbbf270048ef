package imports

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/underpin-db/underpin/flags"
)

// Format is a kind of file.
type Format string

// The formats.
const (
	Flagd         Format = "flagd"
	GoFeatureFlag Format = "go-feature-flag"
)

// Formats returns every format.
func Formats() []Format { return []Format{Flagd, GoFeatureFlag} }

// Places says what becomes of users in shares.
type Places string

const (
	// KeepPlaces refuses flags with shares. The zero value means it.
	KeepPlaces Places = ""
	// NewPlaces lets every user be placed anew.
	NewPlaces Places = "new"
)

// Options are what the files do not say.
type Options struct {
	Owner  string
	Kind   flags.Kind
	Places Places
}

// ErrUnfaithful says that something of a flag cannot be taken over as it is.
var ErrUnfaithful = errors.New("it cannot be taken over faithfully")

// Refused is one thing that cannot be taken over.
type Refused struct {
	Flag, Field, Why string
}

func (r *Refused) Error() string {
	return fmt.Sprintf("flag %q: %s: %v: %s", r.Flag, r.Field, ErrUnfaithful, r.Why)
}

// Unwrap returns [ErrUnfaithful].
func (r *Refused) Unwrap() error { return ErrUnfaithful }

// maxSize is the size in bytes above which a file is refused.
const maxSize = 64 << 20

// Read reads a file. The flags it returns are valid and in the order of their
// names; what was refused is the error, of one or more [*Refused] joined, and
// the flags it is about are not among those returned.
func Read(r io.Reader, format Format, o Options) ([]flags.Flag, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read a file of %s: %w", format, err)
	}
	if len(text) > maxSize {
		return nil, fmt.Errorf("a file of %s with more than %d bytes is refused", format, maxSize)
	}
	var all map[string]any
	switch format {
	case Flagd:
		all, err = flagdFlags(text)
	case GoFeatureFlag:
		err = yaml.Unmarshal(text, &all) // JSON is YAML
	default:
		err = fmt.Errorf("it is none of %v", Formats())
	}
	if err != nil {
		return nil, fmt.Errorf("read a file of %s: %w", format, err)
	}
	var out []flags.Flag
	var errs []error
	for _, name := range sorted(all) {
		f, err := one(name, all[name], format, o)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, f)
	}
	return out, errors.Join(errs...)
}

func sorted(all map[string]any) []string {
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// reader takes one flag apart and gathers what is refused.
type reader struct {
	flag flags.Flag
	o    Options
	bad  []error
}

func (r *reader) refuse(field, format string, args ...any) {
	r.bad = append(r.bad, &Refused{r.flag.Name, field, fmt.Sprintf(format, args...)})
}

func one(name string, body any, format Format, o Options) (flags.Flag, error) {
	r := &reader{flag: flags.Flag{Name: name, Kind: o.Kind, Owner: o.Owner}, o: o}
	fields, ok := body.(map[string]any)
	switch {
	case !ok:
		r.refuse("flag", "it is no mapping")
	case format == Flagd:
		r.flagd(fields)
	default:
		r.goFeature(fields)
	}
	if len(r.bad) == 0 {
		if err := r.flag.Validate(); err != nil {
			r.bad = append(r.bad, err)
		}
	}
	return r.flag, errors.Join(r.bad...)
}

// only refuses fields that nobody has read.
func (r *reader) only(path string, fields map[string]any, known ...string) {
	for _, name := range sorted(fields) {
		if !slices.Contains(known, name) {
			r.refuse(strings.TrimPrefix(path+"."+name, "."), "there is nothing like it")
		}
	}
}

// variants reads values by name and finds the type that fits all of them.
func (r *reader) variants(field string, value any) {
	all, _ := value.(map[string]any)
	if len(all) == 0 {
		r.refuse(field, "there are none")
		return
	}
	types := map[flags.Type]bool{}
	for _, name := range sorted(all) {
		text, err := yaml.MarshalWithOptions(all[name], yaml.JSON())
		v, docErr := flags.Document(text)
		if err := errors.Join(err, docErr); err != nil {
			r.refuse(field+"."+name, "%v", err)
			return
		}
		r.flag.Variants = append(r.flag.Variants, flags.Variant{Name: name, Value: v})
		types[typeOf(all[name])] = true
	}
	if len(types) > 1 {
		r.refuse(field, "they are of several types")
	}
	for typ := range types {
		r.flag.Type = typ
	}
}

func typeOf(value any) flags.Type {
	switch value.(type) {
	case bool:
		return flags.Boolean
	case string:
		return flags.String
	case int, int64, uint64, float64:
		return flags.Number
	}
	return flags.JSON
}

// split reads weights by variant. total is what they sum to; each has to be a
// whole number of basis points of it.
func (r *reader) split(field string, weights []weight) flags.Serve {
	if r.o.Places != NewPlaces {
		r.refuse(field, "who is in which share cannot be kept: say that users may be placed anew")
		return flags.Serve{}
	}
	total := 0.0
	for _, w := range weights {
		total += w.weight
	}
	var out flags.Serve
	for _, w := range weights {
		share := w.weight / total * float64(flags.All)
		whole := flags.Share(share + 0.5)
		if total <= 0 || w.weight < 0 || share-float64(whole) > 1e-6 || float64(whole)-share > 1e-6 {
			r.refuse(field, "%g of %g is no share in steps of 0.01%%", w.weight, total)
			return flags.Serve{}
		}
		out.Split = append(out.Split, flags.Weight{Variant: w.variant, Share: whole})
	}
	return out
}

type weight struct {
	variant string
	weight  float64
}

func number(value any) (float64, bool) {
	switch n := value.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// scalar reads a value of a condition.
func scalar(value any) (flags.Value, bool) {
	switch v := value.(type) {
	case string:
		return flags.ValueOf(v), true
	case bool:
		return flags.ValueOf(v), true
	}
	n, ok := number(value)
	return flags.ValueOf(n), ok
}
