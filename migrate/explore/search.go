package explore

import (
	"errors"
	"slices"
)

// ErrTooLarge says that a run was given up at its limit of states: it proves
// nothing.
var ErrTooLarge = errors.New("state space larger than the limit")

// step is one way on from a state. broken names the property that taking it
// breaks, and is empty for nearly all.
type step[S comparable, A any] struct {
	to     S
	action A
	broken string
}

// origin is how a state was first reached. Breadth first, so the way back from
// a state to the start is a shortest one.
type origin[A any] struct {
	from   int32
	action A
}

// found is what a search found out.
type found[S comparable, A any] struct {
	states int
	broken string
	// path leads to the violation: path[0] is an initial state, and taking
	// actions[i] in path[i] leads to path[i+1].
	path    []S
	actions []A
}

// search visits every state that next leads to, breadth first, and stops at
// the first step that breaks a property.
func search[S comparable, A any](initial []S, limit int, next func(S, func(step[S, A]))) (found[S, A], error) {
	index := make(map[S]struct{}, 1<<12)
	var states []S
	var origins []origin[A]
	for _, s := range initial {
		if _, known := index[s]; !known {
			index[s] = struct{}{}
			states, origins = append(states, s), append(origins, origin[A]{from: -1})
		}
	}
	for at := 0; at < len(states); at++ {
		var violation *step[S, A]
		next(states[at], func(n step[S, A]) {
			if n.broken != "" && violation == nil {
				violation = &n
			}
			if _, known := index[n.to]; !known {
				index[n.to] = struct{}{}
				states, origins = append(states, n.to), append(origins, origin[A]{int32(at), n.action})
			}
		})
		if violation != nil {
			path, actions := wayTo(states, origins, at)
			return found[S, A]{
				states: len(states), broken: violation.broken,
				path: append(path, violation.to), actions: append(actions, violation.action),
			}, nil
		}
		if len(states) > limit {
			return found[S, A]{states: len(states)}, ErrTooLarge
		}
	}
	return found[S, A]{states: len(states)}, nil
}

// wayTo returns the states and actions that lead from the start to a state.
func wayTo[S comparable, A any](states []S, origins []origin[A], at int) (path []S, actions []A) {
	for ; at >= 0; at = int(origins[at].from) {
		path = append(path, states[at])
		if origins[at].from >= 0 {
			actions = append(actions, origins[at].action)
		}
	}
	slices.Reverse(path)
	slices.Reverse(actions)
	return path, actions
}
