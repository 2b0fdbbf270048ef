package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/underpin-db/underpin/review"
)

// Marker begins the Markdown summary. Whoever posts it looks for a comment
// with the marker and edits that one instead of writing another.
const Marker = "<!-- underpin-review -->"

// mostMarkdown is how long the summary may be: GitHub takes 65 536 characters
// in a comment.
const mostMarkdown = 60_000

func writeMarkdown(w io.Writer, d Document) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n### Underpin review\n\n%s — %s.\n", Marker, d.summary(), d.judgedFor())
	var category review.Category
	left := 0
	for _, f := range d.Findings {
		var one strings.Builder
		if f.Category != category {
			fmt.Fprintf(&one, "\n#### %s\n\n", sentenceCase(string(f.Category)))
		}
		d.markdownFinding(&one, f)
		if b.Len()+one.Len() > mostMarkdown {
			left++
			continue
		}
		category = f.Category
		b.WriteString(one.String())
	}
	if left > 0 {
		fmt.Fprintf(&b, "\n**%d more findings are not shown here**; the full report has them.\n", left)
	}
	markdownFolded(&b, d)
	_, err := io.WriteString(w, b.String())
	return err
}

func sentenceCase(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func (d Document) markdownFinding(b *strings.Builder, f review.Finding) {
	fmt.Fprintf(b, "- %s **%s** %s — %s  \n  %s\n", marks[f.Severity], inline(string(f.Code)+" "+f.Name), quoted(f.Object), quoted(place(f)), inline(full(f)))
	for _, fix := range f.Fixes {
		fmt.Fprintf(b, "  - Fix: %s\n", inline(fix.Description))
		if s, ok := d.suggestion(fix); ok {
			folded(b, s.place(), "suggestion", s.Text)
		}
		for _, n := range fix.NewFiles {
			folded(b, n.Path, "yaml", n.Content)
		}
	}
}

// folded writes a text under a fix, shown when somebody asks for it.
func folded(b *strings.Builder, title, language, text string) {
	fence := fenceFor(text)
	fmt.Fprintf(b, "    <details><summary>%s</summary>\n\n    %s\n%s\n    %s\n    </details>\n", inline(title), fence+language, indent(text), fence)
}

var marks = map[review.Severity]string{review.Error: "🛑", review.Warning: "⚠️", review.Note: "ℹ️"}

// markdownFolded adds what is only to be looked at when somebody asks.
func markdownFolded(b *strings.Builder, d Document) {
	if len(d.Waived) > 0 {
		fmt.Fprintf(b, "\n<details><summary>%d %s</summary>\n\n", len(d.Waived), d.letThrough())
		var items []string
		for _, f := range d.Waived {
			reason, by := f.LetThrough()
			items = append(items, fmt.Sprintf("%s at %s: %s %s", inline(title(f)), quoted(place(f)), inline(reason), inline(by)))
		}
		markdownList(b, items)
	}
	if list := d.skips(); len(list) > 0 {
		fmt.Fprintf(b, "\n<details><summary>%s could not be checked</summary>\n\n", plural(len(list), "thing"))
		var items []string
		for _, s := range list {
			items = append(items, inline(s.reason)+s.of())
		}
		markdownList(b, items)
	}
}

// markdownList writes what there is room for of a list that is folded.
func markdownList(b *strings.Builder, items []string) {
	for i, item := range items {
		if b.Len()+len(item) > mostMarkdown {
			fmt.Fprintf(b, "- and %d more, in the full report\n", len(items)-i)
			break
		}
		fmt.Fprintf(b, "- %s\n", item)
	}
	b.WriteString("\n</details>\n")
}

// inlineEscapes keep text from being taken for Markdown, HTML or a mention.
var inlineEscapes = strings.NewReplacer(
	"\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "<", "&lt;", ">", "&gt;", "[", "\\[", "]", "\\]", "|", "\\|",
	"@", "@\u200b", "\n", " ", "\r", " ",
)

func inline(text string) string { return inlineEscapes.Replace(text) }

// quoted writes text as code; empty stays empty.
func quoted(text string) string {
	if text == "" {
		return ""
	}
	return "`" + strings.NewReplacer("`", "'", "\n", " ", "\r", " ").Replace(text) + "`"
}

// fenceFor returns a fence that the content does not hold.
func fenceFor(content string) string {
	fence := "```"
	for strings.Contains(content, fence) {
		fence += "`"
	}
	return fence
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ")
}
