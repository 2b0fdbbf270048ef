package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/migrate"
)

// schemaBackWords says what going back from a phase means for a change of the
// schema alone.
var schemaBackWords = map[migrate.Course]map[migrate.Phase]string{
	migrate.Added:     {migrate.Expanded: "drop what was added; what was loosened stays loosened"},
	migrate.Tightened: {migrate.Expanded: "the server takes again what it took before"},
	migrate.Retired: {
		migrate.Expanded:   "show again what was hidden",
		migrate.Contracted: "none: it is gone, and going back is a new change",
	},
}

// kindWords say what a change is where the words of its course would not be true:
// as a reason, as a sentence, and of the way back.
type kindWords struct{ why, what, back string }

// wordsOfKinds are those of changes of one kind alone.
var wordsOfKinds = map[string]kindWords{
	kindDropForeign: {
		why:  "the server no longer refuses, deletes or changes anything along: code that counts on that has to be gone",
		what: "The server no longer refuses, deletes or changes anything along, so code that counts on that has to be gone first.",
		back: "the foreign key is added again, once no row is without a parent",
	},
}

// ownWords are those of the change's kind; none where it has several, or where its
// course says all.
func (s *Schema) ownWords() kindWords {
	if len(slices.Compact(slices.Clone(s.Kinds))) != 1 {
		return kindWords{}
	}
	return wordsOfKinds[s.Kinds[0]]
}

// schemaWords fills in a step of a change of the schema alone.
func (p *Plan) schemaWords(s *Step) {
	s.Flag = "none: the code has no branches for it"
	switch s.To {
	case migrate.Expanded, migrate.Contracted:
		s.Release = p.Schema.Code.words(p.Change.Service, p.Change.Releases)
	default:
		s.Release = "as before"
	}
	if words, ok := schemaBackWords[p.Change.Course][s.To]; ok {
		s.WayBack.Words = words
	} else if s.WayBack.To == "" {
		s.WayBack.Words = "none: a new change leads back"
	}
	if s.To == migrate.Expanded {
		s.WayBack.Words = cmp.Or(p.Schema.ownWords().back, s.WayBack.Words)
	}
}

// words says what the code has to do.
func (o Obligation) words(service string, releases []string) string {
	var parts []string
	switch {
	case o.Before != "" && len(releases) > 0:
		parts = append(parts, fmt.Sprintf("before: only releases %s of %s, whose code %s", strings.Join(releases, ", "), service, o.Before))
	case o.Before != "":
		parts = append(parts, fmt.Sprintf("before: only releases of %s whose code %s (name them under releases, and apply holds it)", service, o.Before))
	default:
		parts = append(parts, "any: what is running does not notice")
	}
	if o.After != "" {
		parts = append(parts, "after: "+o.After)
	}
	return strings.Join(parts, "; ")
}

// schemaGate is the words of a guard that only such changes have.
func (p *Plan) schemaGate(g migrate.Guard) (string, bool) {
	switch g {
	case migrate.GuardRowsFit:
		if len(p.Schema.Fits) == 0 {
			return "the server refuses no row that is there", true
		}
		var what []string
		for _, f := range p.Schema.Fits {
			what = append(what, f.What)
		}
		return "no row is there where " + strings.Join(what, ", or where "), true
	case migrate.GuardReleases:
		if len(p.Change.Releases) == 0 {
			return "the change file names no releases, so none are asked for", true
		}
		return fmt.Sprintf("every live instance of %s runs %s", p.Change.Service, strings.Join(p.Change.Releases, ", or ")), true
	case migrate.GuardUnused:
		return "no statement sent since it was hidden uses it", true
	case migrate.GuardHeld:
		return fmt.Sprintf("it has been hidden for %s", p.Schema.Hold), true
	case migrate.GuardUnnamed:
		return "no view, trigger, routine, event, foreign key or generated column names it", true
	}
	return "", false
}

// renderSchema writes what a change of the schema alone does.
func (p *Plan) renderSchema(b *strings.Builder) {
	s := p.Schema
	what := map[migrate.Course]string{
		migrate.Added:     "Running code does not notice, so it takes one step.",
		migrate.Tightened: "The server will refuse what it took before, so rows and code have to be ready first.",
		migrate.Retired:   fmt.Sprintf("It is hidden first, held for %s, and dropped when somebody asks for it.", s.Hold),
	}[p.Change.Course]
	line(b, "Table `%s`: %s. %s", s.Table, strings.Join(s.Kinds, ", "), cmp.Or(s.ownWords().what, what))
	line(b, "")
	if len(s.Fits) > 0 {
		line(b, "## Rows that have to be mended first")
		line(b, "")
		for _, f := range s.Fits {
			line(b, "Those where %s:", f.What)
			line(b, "")
			line(b, "```sql")
			line(b, "%s", f.Query)
			line(b, "```")
			line(b, "")
		}
	}
}
