package yamlx_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/internal/yamlx"
)

// read reads a mapping of texts and tells the mistakes.
func read(t *testing.T, text string) (values map[string]string, mistakes yamlx.Errors) {
	t.Helper()
	doc, err := yamlx.Document("f.yaml", []byte(text), yamlx.Hints{Empty: "write a: b", Second: "keep one"})
	if err != nil {
		require.ErrorAs(t, err, &mistakes)
		return nil, mistakes
	}
	r := yamlx.Reader{File: "f.yaml"}
	values = map[string]string{}
	for key, value := range r.Entries(doc, "", map[string]yamlx.Position{}) {
		s, ok := yamlx.Text(value)
		if !ok {
			r.Fail(yamlx.At(value), yamlx.Join("top", key), "this is "+yamlx.KindOf(value), "")
		}
		values[key] = s
	}
	r.Errs.Sort()
	return values, r.Errs
}

func TestRead(t *testing.T) {
	values, mistakes := read(t, "a: 1.50\nb: yes\nc: |\n  two\n  lines\nd: 'q'\n")
	require.Empty(t, mistakes)
	require.Equal(t, map[string]string{"a": "1.50", "b": "yes", "c": "two\nlines\n", "d": "q"}, values, "scalars are as they are written")
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "f.yaml: it is empty; write a: b",
		"# nothing\n":                  "f.yaml: it is empty; write a: b",
		"a: b\n---\nc: d\n":            "f.yaml:3:1: a second YAML document begins here; keep one",
		"a: [1\n":                      "f.yaml:1:4: the YAML is malformed: sequence end token ']' not found",
		"a:\n\tb: 1\n":                 "f.yaml:2:1: the YAML is malformed: a tab; indent with spaces",
		"\ta: 1\n":                     "f.yaml:1:2: the YAML is malformed: a tab; indent with spaces",
		"- a\n":                        "f.yaml:1:1: this has to be a mapping, and is a list; write `field: value` lines below it",
		"a: 1\nb: 2\na: 3\n":           "f.yaml:3:1: a: the field stands here for a second time; the first is in line 1; keep one",
		"a: [1]\nb: {c: d}\ne: &x 1\n": "f.yaml:1:4: top.a: this is a list\nf.yaml:2:4: top.b: this is a mapping\nf.yaml:3:4: top.e: this is an anchor, alias or tag, which this file does not use",
		"a:\n":                         "f.yaml:1:4: top.a: this is empty (null)",
	} {
		_, mistakes := read(t, text)
		require.EqualError(t, mistakes, want, "%q", text)
		require.Len(t, mistakes.Unwrap(), len(mistakes))
	}
}

func TestSection(t *testing.T) {
	type settings struct {
		Name  string   `yaml:"name"`
		Lists []string `yaml:"lists"`
	}
	const text = "other: {x: y}\nmine:\n  name: a\n  lists: [b, c]\n"
	var into settings
	s, found, err := yamlx.ReadSection("f.yaml", []byte(text), "mine", &into)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, settings{"a", []string{"b", "c"}}, into)
	s.Failf("lists[1]", "%q is none", "c")
	s.Failf("gone", "it is missing")
	require.EqualError(t, s.Errs, "f.yaml:4:14: mine.lists[1]: \"c\" is none\nf.yaml: mine.gone: it is missing")

	for text, want := range map[string]string{
		"other: 1\n": "", "mine:\n": "", "": "",
		"mine:\n  nome: a\n":            "f.yaml:2:3: mine: unknown field \"nome\"",
		"mine: {lists: {a: b}}\n":       "f.yaml:1:",
		"mine: {name: a}\nmine: {x: y}": "f.yaml:2:1",
		"mine: [\n":                     "f.yaml:1:",
	} {
		_, found, err := yamlx.ReadSection("f.yaml", []byte(text), "mine", &settings{})
		if want == "" {
			require.NoError(t, err, text)
			require.False(t, found, text)
			continue
		}
		var mistakes yamlx.Errors
		require.ErrorAs(t, err, &mistakes, text)
		require.ErrorContains(t, err, want, text)
	}
}
