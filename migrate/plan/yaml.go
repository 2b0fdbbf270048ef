package plan

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
)

// YAML returns the change file as text that [ParseFile] reads back, with why it
// is as it is at its top. Settings are left out: a derived file has the
// defaults.
func (d Derivation) YAML() (string, error) {
	f := d.File
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", d.Why)
	if d.After != "" {
		fmt.Fprintf(&b, "# To be planned once %s has been carried out.\n", d.After)
	}
	doc := yaml.MapSlice{{Key: "change", Value: f.Change.Text}, {Key: "service", Value: f.Service.Text}}
	if len(f.Alter) > 0 {
		doc = append(doc, yaml.MapItem{Key: "alter", Value: scalarTexts(f.Alter)})
	} else {
		doc = append(doc, f.mappingYAML()...)
	}
	text, err := yaml.MarshalWithOptions(doc, yaml.IndentSequence(true))
	if err != nil {
		return "", fmt.Errorf("write change file %s: %w", f.Change.Text, err)
	}
	b.Write(text)
	return b.String(), nil
}

func (f *File) mappingYAML() yaml.MapSlice {
	ref := func(t TableRef) yaml.MapSlice {
		out := yaml.MapSlice{{Key: "table", Value: t.Table.Text}}
		if len(t.Key) > 0 {
			out = append(out, yaml.MapItem{Key: "key", Value: scalarTexts(t.Key)})
		}
		return out
	}
	assigns := func(list []Assign) (out yaml.MapSlice) {
		for _, a := range list {
			out = append(out, yaml.MapItem{Key: a.Column.Text, Value: a.Value.Text})
		}
		return out
	}
	doc := yaml.MapSlice{{Key: "source", Value: ref(f.Source)}, {Key: "target", Value: ref(f.Target)}}
	if f.Where.Text != "" {
		doc = append(doc, yaml.MapItem{Key: "where", Value: f.Where.Text})
	}
	if len(f.Expand) > 0 {
		doc = append(doc, yaml.MapItem{Key: "expand", Value: scalarTexts(f.Expand)})
	}
	doc = append(doc, yaml.MapItem{Key: "forward", Value: assigns(f.Forward)})
	if len(f.Backward) > 0 {
		doc = append(doc, yaml.MapItem{Key: "backward", Value: assigns(f.Backward)})
	}
	if len(f.Contract) > 0 {
		doc = append(doc, yaml.MapItem{Key: "contract", Value: scalarTexts(f.Contract)})
	}
	return doc
}

func scalarTexts(list []Scalar) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.Text
	}
	return out
}
