package imports

import (
	"errors"
	"slices"

	"github.com/goccy/go-yaml"

	"github.com/underpin-db/underpin/flags"
)

// flagdFlags takes the flags out of a file, whose other parts would change what
// they mean.
func flagdFlags(text []byte) (map[string]any, error) {
	var file map[string]any
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	if _, ok := file["$evaluators"]; ok {
		return nil, errors.New("$evaluators: shared rules have to be written into the flags first")
	}
	all, ok := file["flags"].(map[string]any)
	if !ok {
		return nil, errors.New("there is no mapping `flags`")
	}
	return all, nil
}

// flagd reads a flag of flagd: https://flagd.dev/reference/flag-definitions/.
func (r *reader) flagd(fields map[string]any) {
	r.only("", fields, "state", "variants", "defaultVariant", "targeting", "metadata")
	r.variants("variants", fields["variants"])
	standard, ok := fields["defaultVariant"].(string)
	if !ok {
		r.refuse("defaultVariant", "without one the caller's default is served, and every flag here serves a variant")
	}
	r.flag.Off, r.flag.Safe, r.flag.Serve = standard, standard, flags.Serve{Variant: standard}
	switch fields["state"] {
	case "ENABLED":
	case "DISABLED":
		r.refuse("state", "a disabled flag of flagd is an error with the caller's default, and one that is off here serves a variant")
	default:
		r.refuse("state", "%v is neither ENABLED nor DISABLED", fields["state"])
	}
	if targeting, _ := fields["targeting"].(map[string]any); len(targeting) > 0 {
		r.flagdTargeting(targeting)
	}
}

// flagdTargeting reads {"if": [condition, variant, condition, variant, …, rest]}
// and {"fractional": …}.
func (r *reader) flagdTargeting(rule map[string]any) {
	steps, ok := rule["if"].([]any)
	if !ok {
		r.flag.Serve = r.flagdServe("targeting", rule)
		return
	}
	r.only("targeting", rule, "if")
	for len(steps) >= 2 {
		when := r.flagdConditions("targeting.if", steps[0])
		r.flag.Rules = append(r.flag.Rules, flags.Rule{When: when, Serve: r.flagdServe("targeting.if", steps[1])})
		steps = steps[2:]
	}
	if len(steps) == 1 && steps[0] != nil {
		r.flag.Serve = r.flagdServe("targeting.if", steps[0])
	}
}

func (r *reader) flagdServe(field string, value any) flags.Serve {
	switch v := value.(type) {
	case string:
		return flags.Serve{Variant: v}
	case map[string]any:
		parts, ok := v["fractional"].([]any)
		if !ok || len(v) != 1 {
			break
		}
		var weights []weight
		for _, p := range parts {
			pair, _ := p.([]any)
			if len(pair) == 0 || len(pair) > 2 {
				r.refuse(field+".fractional", "users are placed by their key here, not by an expression")
				return flags.Serve{}
			}
			name, _ := pair[0].(string)
			w := weight{name, 1}
			if len(pair) == 2 {
				w.weight, ok = number(pair[1])
			}
			if !ok || name == "" {
				r.refuse(field+".fractional", "%v is no variant with a weight", p)
				return flags.Serve{}
			}
			weights = append(weights, w)
		}
		return r.split(field+".fractional", weights)
	}
	r.refuse(field, "%v is neither a variant nor fractional", value)
	return flags.Serve{}
}

// flagdConditions reads comparisons, joined by "and".
func (r *reader) flagdConditions(field string, value any) []flags.Condition {
	expr, _ := value.(map[string]any)
	if len(expr) != 1 {
		r.refuse(field, "%v is no comparison", value)
		return nil
	}
	for op, args := range expr {
		list, _ := args.([]any)
		if op == "and" {
			var all []flags.Condition
			for _, one := range list {
				all = append(all, r.flagdConditions(field, one)...)
			}
			return all
		}
		if c, ok := flagdCondition(op, list); ok {
			return []flags.Condition{c}
		}
		r.refuse(field, "the operator %q in %v has no counterpart", op, value)
	}
	return nil
}

// flagdOperators are those with the same meaning here. "!=" is not among them:
// it holds for a target of whom nothing is known, and not_in does not.
var flagdOperators = map[string]flags.Operator{
	"==": flags.In, "===": flags.In, "in": flags.In, "starts_with": flags.StartsWith, "ends_with": flags.EndsWith,
	"<": flags.Less, ">=": flags.AtLeast,
}

func flagdCondition(op string, args []any) (flags.Condition, bool) {
	semantic := op == "sem_ver" && len(args) == 3
	if len(args) != 2 && !semantic {
		return flags.Condition{}, false
	}
	variable, _ := args[0].(map[string]any)
	name, ok := variable["var"].(string)
	if !ok || len(variable) != 1 {
		return flags.Condition{}, false
	}
	if name == "targetingKey" {
		name = flags.KeyAttribute
	}
	c := flags.Condition{Attribute: name, Op: flagdOperators[op]}
	value := args[len(args)-1]
	if semantic {
		c.Op = map[any]flags.Operator{"<": flags.Older, ">=": flags.Newer}[args[1]]
	}
	list, many := value.([]any)
	if !many {
		list = []any{value}
	}
	if many != (op == "in") { // a string "in" a string looks for a part of it
		return c, false
	}
	for _, one := range list {
		v, ok := scalar(one)
		if !ok {
			return c, false
		}
		c.Values = append(c.Values, v)
	}
	return c, c.Op != "" && !slices.Contains([]string{"$flagd.flagKey", "$flagd.timestamp"}, name)
}
