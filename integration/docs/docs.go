// Package docs keeps the documentation true. It draws docs/phases.md from the
// transition table that the engine executes, and fills every block that a page
// includes from a file which tests run:
//
//	<!-- include: ../examples/split-user-name/change.yaml -->
//	```yaml
//	(the file)
//	```
//
// `make docs` writes the pages; a test holds that they are up to date.
package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/underpin-db/underpin/migrate"
)

// Pages returns the wanted content of every page that is not as it should be,
// by path below root, the top of the repository.
func Pages(root string) (map[string]string, error) {
	paths, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		return nil, err
	}
	paths = append(paths, filepath.Join(root, "README.md"))
	out := map[string]string{}
	for _, path := range paths {
		have, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		want, err := fill(filepath.Dir(path), string(have))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if want != string(have) {
			out[path] = want
		}
	}
	phases := filepath.Join(root, "docs", "phases.md")
	if have, err := os.ReadFile(phases); err != nil || string(have) != Phases() {
		out[phases] = Phases()
	}
	rules := filepath.Join(root, "docs", "review-rules.md")
	if have, err := os.ReadFile(rules); err != nil || string(have) != ReviewRules() {
		out[rules] = ReviewRules()
	}
	return out, nil
}

// include matches the marker and the block behind it, if there is one.
var include = regexp.MustCompile("(?s)<!-- include: ([^ ]+) -->\n(```.*?\n```\n)?")

// fill replaces every included block by the file it names.
func fill(dir, text string) (string, error) {
	var failed error
	out := include.ReplaceAllStringFunc(text, func(block string) string {
		name := include.FindStringSubmatch(block)[1]
		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			failed = err
			return block
		}
		language := strings.TrimPrefix(filepath.Ext(name), ".")
		return fmt.Sprintf("<!-- include: %s -->\n```%s\n%s\n```\n", name, language, strings.TrimRight(string(content), "\n"))
	})
	return out, failed
}

// Phases renders docs/phases.md.
func Phases() string {
	var b strings.Builder
	b.WriteString("# Phases\n\nDrawn from the transition table by `make docs`; a test holds it up to date.\n\n```mermaid\nstateDiagram-v2\n")
	for _, e := range migrate.Mapped.Edges() {
		fmt.Fprintf(&b, "    %s --> %s\n", e.From, e.To)
	}
	b.WriteString("```\n\n| phase | mode | the application may write |\n|---|---|---|\n")
	for _, p := range migrate.Phases() {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", p, p.Mode(), p.Writers())
	}
	for _, d := range []struct {
		direction migrate.Direction
		title     string
	}{{migrate.Forward, "The way on"}, {migrate.Back, "The way back"}} {
		fmt.Fprintf(&b, "\n## %s\n\n%s", d.title, edgesHead)
		for _, e := range migrate.Mapped.Edges() {
			if e.Direction == d.direction {
				writeEdge(&b, e)
			}
		}
	}
	b.WriteString("\nThere is no way back from `contracted`: the source is gone.\n")
	courses(&b)
	return b.String()
}

const edgesHead = "| from | to | work | gates | because |\n|---|---|---|---|---|\n"

func writeEdge(b *strings.Builder, e migrate.Edge) {
	fmt.Fprintf(b, "| `%s` | `%s` | %s | %s | %s |\n", e.From, e.To, orDash(string(e.Work)), gates(e), because(e))
}

// courses renders the tables of changes without a mapping.
func courses(b *strings.Builder) {
	b.WriteString("\n## Changes of the schema alone\n\nThey have one shape and run in mode `off` throughout. " +
		"What a change does to running code decides which of these it takes.\n")
	for _, c := range migrate.Courses() {
		if c == migrate.Mapped {
			continue
		}
		fmt.Fprintf(b, "\n### %s\n\n%s", c, edgesHead)
		for _, e := range c.Edges() {
			writeEdge(b, e)
		}
	}
}

func gates(e migrate.Edge) string {
	out := make([]string, len(e.Guards))
	for i, g := range e.Guards {
		out[i] = "`" + string(g) + "`"
	}
	return orDash(strings.Join(out, ", "))
}

func because(e migrate.Edge) string {
	if e.Loss != "" {
		return fmt.Sprintf("%s (%s)", e.Why, e.Loss)
	}
	return e.Why
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
