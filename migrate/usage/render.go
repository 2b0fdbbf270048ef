package usage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// finish orders the report.
func (l *look) finish() Report {
	r := l.report
	for _, list := range []*[]Use{&r.Uses, &r.Past, &r.Own} {
		slices.SortStableFunc(*list, func(a, b Use) int {
			return cmp.Or(
				cmp.Compare(a.Element.String(), b.Element.String()),
				cmp.Compare(a.Kind, b.Kind),
				cmp.Compare(a.Name, b.Name),
				cmp.Compare(a.How, b.How),
				cmp.Compare(a.Text, b.Text),
				cmp.Compare(a.Why, b.Why),
			)
		})
	}
	slices.SortStableFunc(r.Blind, func(a, b Blind) int { return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(a.Means, b.Means)) })
	r.Blind = slices.Compact(r.Blind)
	return r
}

// String renders the report as lines for a terminal.
func (r Report) String() string {
	var b strings.Builder
	section := func(title string, uses []Use) {
		if len(uses) == 0 {
			return
		}
		fmt.Fprintf(&b, "%s:\n", title)
		for _, u := range uses {
			fmt.Fprintf(&b, "  %s\n", u)
		}
	}
	if len(r.Uses) == 0 {
		b.WriteString("no use was found\n")
	}
	section("used by", r.Uses)
	section("used before, not since "+r.Since.UTC().Format(time.RFC3339), r.Past)
	section("Underpin's own", r.Own)
	if len(r.Blind) > 0 {
		b.WriteString("could not be seen:\n")
	}
	for _, x := range r.Blind {
		fmt.Fprintf(&b, "  %s\n", x)
	}
	return b.String()
}

// String is one line.
func (u Use) String() string {
	parts := []string{fmt.Sprintf("%s: %s %s, %s", u.Element, u.Kind, u.Name, u.How)}
	if u.Why != "" {
		parts = append(parts, u.Why)
	}
	if u.Count > 0 {
		parts = append(parts, fmt.Sprintf("%d times", u.Count))
	}
	if !u.LastSeen.IsZero() {
		parts = append(parts, "last seen "+u.LastSeen.UTC().Format(time.RFC3339))
	}
	for _, s := range u.Sessions {
		parts = append(parts, s.String())
	}
	if u.Text != "" {
		parts = append(parts, u.Text)
	}
	return strings.Join(parts, "; ")
}

// String is user@host with the release and program.
func (s Session) String() string {
	out := "by " + s.User + "@" + s.Host
	if s.Release != "" {
		out += " release " + s.Release
	}
	if s.Program != "" {
		out += " (" + s.Program + ")"
	}
	return out
}

// String is one line.
func (b Blind) String() string { return b.What + ": " + b.Means + "; " + b.Remedy }
