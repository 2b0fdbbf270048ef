package querykiller

import (
	"fmt"
	"io"

	"github.com/goccy/go-yaml/ast"

	"github.com/underpin-db/underpin/internal/yamlx"
)

// MaxRulesSize is the size in bytes above which a rules file is refused.
const MaxRulesSize = 1 << 20

// ParseRules reads a rules file; the name is used in messages only. A file with
// mistakes yields [ParseErrors], which has all of them; an error of the reader is
// returned as it is.
func ParseRules(name string, r io.Reader) (*Rules, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxRulesSize+1))
	if err != nil {
		return nil, fmt.Errorf("read rules file %s: %w", name, err)
	}
	if len(text) > MaxRulesSize {
		return nil, ParseErrors{{File: name, Problem: fmt.Sprintf("it is larger than %d bytes", MaxRulesSize)}}
	}
	doc, err := yamlx.Document(name, text, yamlx.Hints{Empty: "a rules file begins with `rules:`", Second: "keep one"})
	if err != nil {
		return nil, err
	}
	d := &decoder{yamlx.Reader{File: name}}
	rules := &Rules{Breaker: DefaultBreaker()}
	d.top(doc, rules)
	if len(d.Errs) > 0 {
		d.Errs.Sort()
		return nil, d.Errs
	}
	return rules, nil
}

// written is a rule with where it and its fields stand.
type written struct {
	*Rule
	path string
	at   place
	has  map[string]place // fields; those of match with "match." before
}

// top reads what stands at the top of a rules file.
func (d *decoder) top(doc ast.Node, r *Rules) {
	var all []written
	seen := d.mapping(doc, "", fields{
		"rules": func(n ast.Node, path string) {
			list, ok := n.(*ast.SequenceNode)
			if !ok || len(list.Values) == 0 {
				d.Fail(yamlx.At(n), path, "this has to be a list of rules, and is "+yamlx.KindOf(n), "write each as `- name: …`")
				return
			}
			r.Rules = make([]Rule, len(list.Values))
			for i, item := range list.Values {
				all = append(all, d.rule(item, fmt.Sprintf("%s[%d]", path, i), &r.Rules[i]))
			}
		},
		"overload":  d.overload(&r.Overload),
		"breaker":   d.limit(&r.Breaker),
		"undo_rate": d.number(&r.UndoRate, 1e12),
	})
	if _, ok := seen["rules"]; !ok {
		d.Fail(yamlx.At(doc), "rules", "the field is missing", "add `rules:`")
	}
	for i, w := range all {
		d.checkRule(w, r)
		d.checkOrder(w, all[:i])
	}
}

// rule reads one rule.
func (d *decoder) rule(n ast.Node, path string, r *Rule) written {
	*r = Rule{Measure: MeasureStatement, Group: GroupRule, Victims: VictimsAll}
	w := written{Rule: r, path: path, at: yamlx.At(n)}
	r.Line = w.at.Line
	var match map[string]place
	w.has = d.mapping(n, path, fields{
		"name":           d.text(&r.Name),
		"match":          func(n ast.Node, path string) { match = d.match(n, path, &r.Match) },
		"unprotect":      wordList(d, &r.Unprotect, Classes()...),
		"action":         word(d, &r.Action, ActLeave, ActWarn, ActQuery, ActConnection),
		"measure":        word(d, &r.Measure, MeasureStatement, MeasureIdle, MeasureTransaction, MeasureLockWait, MeasureBlocking),
		"budget":         d.duration(&r.Budget),
		"tag_budget":     span(d, &r.TagBudget, d.duration),
		"escalate":       d.escalate(&r.Escalate),
		"group":          word(d, &r.Group, GroupRule, GroupDigest, GroupUser, GroupHost, GroupDatabase),
		"victims":        word(d, &r.Victims, VictimsAll, VictimsOldest, VictimsNewest, VictimsAllButOldest),
		"quiet":          func(n ast.Node, path string) { d.items(n, path, d.quiet(&r.Quiet)) },
		"rate":           d.limit(&r.Rate),
		"rollback_limit": d.duration(&r.RollbackLimit),
		"force_rollback": d.yesNo(&r.ForceRollback),
	})
	for name, at := range match {
		w.has["match."+name] = at
	}
	return w
}

// match reads the conditions of a rule.
func (d *decoder) match(n ast.Node, path string, m *Match) map[string]place {
	return d.mapping(n, path, fields{
		"user":     d.patterns(&m.User),
		"host":     d.patterns(&m.Host),
		"database": d.patterns(&m.Database),
		"program":  d.patterns(&m.Program),
		"release":  d.patterns(&m.Release),
		"state":    d.patterns(&m.State),
		"text":     d.patterns(&m.Text),
		"digest":   d.patterns(&m.Digest),
		"tag":      d.tag(&m.Tag),
		"command": func(n ast.Node, path string) {
			d.items(n, path, func(n ast.Node, path string) {
				var one string
				d.text(&one)(n, path)
				m.Command = append(m.Command, one)
			})
		},
		"kind":                wordList(d, &m.Kind, KindSelect, KindDML, KindDDL, KindCall, KindAdmin, KindTx, KindOther),
		"rows_examined":       span(d, &m.RowsExamined, d.rows),
		"rows_modified":       span(d, &m.RowsModified, d.rows),
		"age":                 span(d, &m.Age, d.duration),
		"lock_wait":           span(d, &m.LockWait, d.duration),
		"transaction":         span(d, &m.Transaction, d.duration),
		"same_digest":         span(d, &m.SameDigest, d.count),
		"idle_in_transaction": d.yesNo(&m.IdleInTransaction),
		"blocks": func(n ast.Node, path string) {
			seen := d.mapping(n, path, fields{
				"lock":   word(d, &m.Blocks.Lock, LockMetadata, LockRow),
				"waiter": wordList(d, &m.Blocks.Waiter, KindSelect, KindDML, KindDDL, KindCall, KindAdmin, KindTx, KindOther),
			})
			if len(seen) == 0 {
				d.Fail(yamlx.At(n), path, "it names neither lock nor waiter", "leave it out with `measure: blocking`, or write `lock: metadata`")
			}
		},
	})
}
