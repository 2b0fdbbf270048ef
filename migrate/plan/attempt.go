package plan

import (
	"errors"
	"fmt"
)

// ErrNoAlgorithm says that a statement takes no ALGORITHM and LOCK clauses.
var ErrNoAlgorithm = errors.New("the statement takes no ALGORITHM clause")

// Attempt is one way to execute a statement.
type Attempt struct {
	// Algorithm and Lock are the clauses asked for; empty where the statement
	// takes none.
	Algorithm, Lock string
	SQL             string
}

// algorithms are the clauses tried for statements that take them, the one that
// disturbs least first. There is no COPY: it locks writers out, so an engine
// that is left with nothing refuses. INSTANT takes no LOCK clause on MySQL.
var algorithms = []struct{ algorithm, lock string }{
	{"INSTANT", ""},
	{"INPLACE", "NONE"},
}

// WithAlgorithm returns the statement with ALGORITHM and LOCK clauses; an
// empty lock leaves that clause out. A CREATE TABLE or DROP TABLE returns
// [ErrNoAlgorithm]: it is executed as it is.
func (s Statement) WithAlgorithm(algorithm, lock string) (string, error) {
	// The clause stands on a line of its own, so that a comment at the end of
	// the author's text does not swallow it. A plan holds no partition clause
	// and no table option, after which it could not stand.
	var sep string
	switch s.Kind {
	case AlterTable:
		sep = ", "
	case CreateIndex:
		sep = " "
	default:
		return "", fmt.Errorf("%w: it is a %s", ErrNoAlgorithm, s.Kind)
	}
	text := s.SQL + "\n" + sep + "ALGORITHM=" + algorithm
	if lock != "" {
		text += sep + "LOCK=" + lock
	}
	return text, nil
}

// Attempts returns the ways to execute the statement, to be tried in order.
// The next is for a server that answers that it does not support the one
// before: ER_ALTER_OPERATION_NOT_SUPPORTED (1845) or its variant with a reason
// (1846).
func (s Statement) Attempts() []Attempt {
	var out []Attempt
	for _, a := range algorithms {
		if s.Kind == CreateIndex && a.algorithm == "INSTANT" {
			continue // no server builds an index instantly
		}
		text, err := s.WithAlgorithm(a.algorithm, a.lock)
		if err != nil {
			return []Attempt{{SQL: s.SQL}}
		}
		out = append(out, Attempt{Algorithm: a.algorithm, Lock: a.lock, SQL: text})
	}
	return out
}
