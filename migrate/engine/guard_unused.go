package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/fleet"
	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/migrate/usage"
)

// unused: no statement that was sent since the phase was entered uses what goes.
// What the server does not show is named in the reason, and does not refuse: a
// server without performance_schema would never let anything go, and the step
// has to be asked for by name in any case. Definitions are GuardUnnamed's.
func (s *step) unused(ctx context.Context, _ mysqlx.Querier) (Verdict, error) {
	elements := s.elements()
	if len(elements) == 0 {
		return holds("nothing is dropped"), nil
	}
	report, err := usage.Look(ctx, s.e.cfg.DB, usage.Options{Since: s.change.Since, Window: s.e.cfg.EvidenceWindow}, elements...)
	if err != nil {
		return Verdict{}, err
	}
	var blockers []fleet.Blocker
	for _, u := range report.Uses {
		if sent(u) {
			blockers = append(blockers, blockerOf(u))
		}
	}
	if len(blockers) > 0 {
		v := refuses("%s still what is to be dropped, since %s", uses(len(blockers)), s.change.Since.UTC().Format("2006-01-02 15:04:05"))
		v.Blockers = blockers
		return v, nil
	}
	text := "no statement has used it since the phase was entered"
	var blind []string
	for _, b := range report.Blind {
		blind = append(blind, b.What)
	}
	if len(blind) > 0 {
		text = "no statement was seen to use it; not looked at: " + strings.Join(blind, "; ")
	}
	return holds("%s", text), nil
}

// sent reports whether a use is by a statement of somebody's, rather than by a
// definition, or by DDL that is over.
func sent(u usage.Use) bool {
	byStatement := slices.Contains([]usage.Kind{usage.Digest, usage.Running, usage.PreparedStatement}, u.Kind)
	return byStatement && u.How != usage.Changes
}

// elements are what is gone in the end.
func (s *step) elements() []usage.Element {
	var out []usage.Element
	for _, e := range s.goes() {
		element := usage.Element{Table: e.Table}
		if e.Kind == plan.ColumnAbsent {
			element.Column = e.Name
		}
		if e.Kind == plan.TableAbsent && strings.HasPrefix(e.Table, plan.HeldPrefix) {
			continue // nobody but the engine knows the name
		}
		out = append(out, element)
	}
	return out
}

// blockerOf names who sent a statement, as far as the server tells.
func blockerOf(u usage.Use) fleet.Blocker {
	b := fleet.Blocker{Object: fmt.Sprintf("%s %s", u.Kind, u.Name), LastSeen: u.LastSeen}
	b.Reason = fmt.Sprintf("%s %s: %s", u.How, u.Element, u.Text)
	if len(u.Sessions) > 0 {
		one := u.Sessions[0]
		b.Reason += fmt.Sprintf(" (sent by %s from %s%s)", one.User, one.Host, map[bool]string{true: ", release " + one.Release}[one.Release != ""])
	}
	return b
}

// uses is "1 statement uses" or "2 statements use".
func uses(n int) string {
	if n == 1 {
		return "1 statement uses"
	}
	return fmt.Sprintf("%d statements use", n)
}
