package imports

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/underpin-db/underpin/flags"
)

// goFeature reads a flag of GO Feature Flag:
// https://gofeatureflag.org/docs/configure_flag/create-flags.
func (r *reader) goFeature(fields map[string]any) {
	// What is tracked and told about a flag decides nothing.
	r.only("", fields, "variations", "targeting", "defaultRule", "disable", "trackEvents", "version", "metadata")
	r.variants("variations", fields["variations"])
	if disabled, _ := fields["disable"].(bool); disabled {
		r.refuse("disable", "a disabled flag of GO Feature Flag serves the caller's default, and one that is off here serves a variant")
	}
	standard, _ := fields["defaultRule"].(map[string]any)
	r.flag.Serve = r.goServe("defaultRule", standard)
	safe := r.flag.Serve.Variant
	if safe == "" && len(r.flag.Variants) > 0 {
		safe = r.flag.Variants[0].Name
	}
	r.flag.Off, r.flag.Safe = safe, safe
	if meta, _ := fields["metadata"].(map[string]any); meta != nil {
		r.flag.Description, _ = meta["description"].(string)
	}
	rules, _ := fields["targeting"].([]any)
	for i, one := range rules {
		r.goRule(fmt.Sprintf("targeting[%d]", i), one)
	}
}

func (r *reader) goRule(field string, value any) {
	rule, _ := value.(map[string]any)
	if disabled, _ := rule["disable"].(bool); disabled {
		return
	}
	out := flags.Rule{Serve: r.goServe(field, rule)}
	out.Name, _ = rule["name"].(string)
	query, _ := rule["query"].(string)
	for part := range strings.SplitSeq(query, " and ") {
		c, ok := goCondition(strings.TrimSpace(part))
		if !ok {
			r.refuse(field+".query", "%q has no counterpart", part)
			return
		}
		out.When = append(out.When, c)
	}
	r.flag.Rules = append(r.flag.Rules, out)
}

// goServe reads a variation or a percentage.
func (r *reader) goServe(field string, rule map[string]any) flags.Serve {
	r.only(field, rule, "name", "query", "disable", "variation", "percentage")
	percentage, _ := rule["percentage"].(map[string]any)
	if variation, ok := rule["variation"].(string); ok && percentage == nil {
		return flags.Serve{Variant: variation}
	}
	var weights []weight
	for _, name := range sorted(percentage) {
		n, ok := number(percentage[name])
		if !ok {
			r.refuse(field+".percentage."+name, "%v is no number", percentage[name])
			return flags.Serve{}
		}
		weights = append(weights, weight{name, n})
	}
	if len(weights) == 0 {
		r.refuse(field, "there is neither a variation nor a percentage")
		return flags.Serve{}
	}
	return r.split(field+".percentage", weights)
}

// goOperators are those of nikunjy/rules with the same meaning here.
var goOperators = map[string]flags.Operator{
	"eq": flags.In, "==": flags.In, "in": flags.In, "sw": flags.StartsWith, "ew": flags.EndsWith, "co": flags.Contains,
	"lt": flags.Less, "<": flags.Less, "ge": flags.AtLeast, ">=": flags.AtLeast,
}

// goComparison is: attribute, operator, a value or a list of them. Anything with
// brackets, "or" or "not" in it does not match.
var goComparison = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*) +(eq|==|in|sw|ew|co|lt|<|ge|>=) +(\[[^\[\]()]*\]|"[^"\\]*"|-?[0-9]+(?:\.[0-9]+)?|true|false)$`)

func goCondition(text string) (flags.Condition, bool) {
	m := goComparison.FindStringSubmatch(text)
	if m == nil {
		return flags.Condition{}, false
	}
	c := flags.Condition{Attribute: m[1], Op: goOperators[m[2]]}
	if m[1] == "targetingKey" {
		c.Attribute = flags.KeyAttribute
	}
	list, many := strings.CutPrefix(m[3], "[")
	if many != (m[2] == "in") {
		return c, false
	}
	items := []string{list}
	if many {
		items = strings.Split(strings.TrimSuffix(list, "]"), ",")
	}
	for _, item := range items {
		v, ok := goValue(strings.TrimSpace(item))
		if !ok {
			return c, false
		}
		c.Values = append(c.Values, v)
	}
	return c, true
}

func goValue(text string) (flags.Value, bool) {
	if inner, ok := strings.CutPrefix(text, `"`); ok {
		inner, ok = strings.CutSuffix(inner, `"`)
		return flags.ValueOf(inner), ok && !strings.ContainsAny(inner, `"\`)
	}
	if b, err := strconv.ParseBool(text); err == nil && (text == "true" || text == "false") {
		return flags.ValueOf(b), true
	}
	n, err := strconv.ParseFloat(text, 64)
	return flags.ValueOf(n), err == nil
}
