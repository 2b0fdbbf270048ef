package querykiller

import (
	"fmt"
	"time"
)

// DefaultRules are the rules of a killer that is given a budget and no file.
//
//   - A SELECT past the budget is killed.
//   - An INSERT, UPDATE, DELETE or LOAD past the budget is killed, if undoing it
//     takes no longer than the budget, and never longer than
//     [DefaultRollbackLimit].
//   - A procedure past the budget is warned of: it may have committed half its
//     work, which a kill does not undo.
//   - A session that sleeps in an open transaction for the budget is warned of.
//
// The budget has to be more than zero.
func DefaultRules(budget time.Duration) (*Rules, error) {
	if budget <= 0 {
		return nil, fmt.Errorf("query killer: the budget is %s: it has to be more than zero", budget)
	}
	rule := func(name string, kind Kind, act Act) Rule {
		return Rule{
			Name: name, Match: Match{Kind: []Kind{kind}}, Action: act,
			Measure: MeasureStatement, Budget: budget, Group: GroupRule, Victims: VictimsAll,
			RollbackLimit: min(budget, DefaultRollbackLimit),
		}
	}
	idle := rule("idle-in-transaction", KindNone, ActWarn)
	idle.Match, idle.Measure = Match{IdleInTransaction: Yes}, MeasureIdle
	return &Rules{
		Rules: []Rule{
			rule("long-selects", KindSelect, ActQuery),
			rule("long-writes", KindDML, ActQuery),
			rule("long-calls", KindCall, ActWarn),
			idle,
		},
		Breaker: DefaultBreaker(),
	}, nil
}
