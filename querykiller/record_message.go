package querykiller

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// mostTold is how many decisions a message lists, and mostTextTold how many
// characters of a statement.
const (
	mostTold     = 10
	mostTextTold = 200
)

// message puts decisions into words, alarms first; it is empty if none is worth
// telling.
func (w *Webhook) message(batch []Decision) string {
	batch = slices.DeleteFunc(slices.Clone(batch), func(d Decision) bool { return d.Outcome == OutcomeGone })
	if len(batch) == 0 {
		return ""
	}
	slices.SortStableFunc(batch, func(a, b Decision) int { return urgency(b) - urgency(a) })
	var out strings.Builder
	fmt.Fprintf(&out, "*%s*: %s", slackText(cmp.Or(w.cfg.Server, "query killer")), tally(batch))
	for i, d := range batch {
		if i == mostTold {
			fmt.Fprintf(&out, "\n… and %d more", len(batch)-i)
			break
		}
		out.WriteString("\n• " + toldLine(d))
	}
	return out.String()
}

// urgency is 1 for what needs a person.
func urgency(d Decision) int {
	if d.Outcome.Alarm() {
		return 1
	}
	return 0
}

// tally counts decisions by outcome: "3 dead, 1 survived".
func tally(batch []Decision) string {
	var order []Outcome
	counts := map[Outcome]int{}
	for _, d := range batch {
		if counts[d.Outcome]++; counts[d.Outcome] == 1 {
			order = append(order, d.Outcome)
		}
	}
	parts := make([]string, len(order))
	for i, o := range order {
		parts[i] = fmt.Sprintf("%d %s", counts[o], strings.ReplaceAll(string(o), "_", " "))
	}
	return strings.Join(parts, ", ")
}

// toldLine is one decision.
func toldLine(d Decision) string {
	var b strings.Builder
	if d.Outcome.Alarm() {
		b.WriteString("*ALARM* ")
	}
	fmt.Fprintf(&b, "%s, rule %s: %s; %s@%s, session %d", strings.ReplaceAll(string(d.Outcome), "_", " "),
		slackText(d.Rule), slackText(d.Reason), slackText(d.User), slackText(d.Host), d.Session)
	for _, part := range []struct{ name, value string }{{"release", d.Release}, {"owner", d.Owner}, {"digest", cutTold(d.Digest, 16)}} {
		if part.value != "" {
			fmt.Fprintf(&b, ", %s %s", part.name, slackText(part.value))
		}
	}
	if d.DeadAfter != nil {
		fmt.Fprintf(&b, ", gone after %s", d.DeadAfter.Round(time.Millisecond))
	}
	if d.Error != "" {
		b.WriteString("; " + slackText(d.Error))
	}
	if d.Text != "" {
		fmt.Fprintf(&b, "\n`%s`", slackText(strings.ReplaceAll(cutTold(d.Text, mostTextTold), "`", "'")))
	}
	return b.String()
}

// slackText takes the meaning out of characters that could mention people or
// make links, and puts text on one line.
func slackText(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(strings.Join(strings.Fields(text), " "))
}

// cutTold shortens text to a number of characters.
func cutTold(text string, most int) string {
	text = strings.ToValidUTF8(text, "�")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
