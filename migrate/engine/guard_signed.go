package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

// GuardSignatures: those whom the policy of this database asks for have signed
// the plan. It stands before every step forward and is no part of the transition
// table: it guards against what people regret, which is no state of the data,
// and the same plan is signed for one database and open for another. Steps back
// ask for nobody, for they are what a plan offers when something has gone wrong.
const GuardSignatures migrate.Guard = "signatures"

// SignOff says whether those who have to have signed a step have.
type SignOff interface {
	// Signed judges the step forward to a phase. An error says that it cannot
	// be told, and the step is not taken.
	Signed(ctx context.Context, p *plan.Plan, to migrate.Phase) (Approval, error)
}

// Approval is what a [SignOff] says of a step. The zero value refuses.
type Approval struct {
	Given Given
	// Reason says what is missing and who could give it, or why nothing is.
	Reason string
	// By are those who signed, each with role and key, for the audit.
	By []string
}

// Given says whether a step may be taken.
type Given string

// The answers.
const (
	NotGiven   Given = ""
	IsGiven    Given = "given"
	NotAskedOf Given = "not asked for"
)

// BrokenGlass is a step that was taken without the signatures that it needed.
type BrokenGlass struct {
	At      time.Time     `json:"at"`
	By      string        `json:"by"`
	To      migrate.Phase `json:"to"`
	Epoch   uint64        `json:"epoch"` // in which it was asked for
	Why     string        `json:"why"`
	Missing string        `json:"missing"`
}

// stepBrokenGlass is the name under which they are recorded, for the whole life
// of the change.
const stepBrokenGlass = "break_glass"

// errMute says that somebody breaks the glass without saying why.
var errMute = errors.New("to go on without signatures takes a reason")

// signatures judges the step, and notes in s what the audit of the transition is
// to say of it. It returns the verdict if it refuses.
func (s *step) signatures(ctx context.Context) ([]Verdict, error) {
	v, approval, err := s.signed(ctx)
	s.signedBy = approval.By
	switch {
	case v.Holds:
		return nil, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case s.options.BreakGlass != "":
		return nil, s.breakGlass(ctx, v)
	case err != nil:
		return nil, fmt.Errorf("measure guard %s: %w", GuardSignatures, err)
	}
	return []Verdict{v}, nil
}

// signed is the verdict on the step's signatures.
func (s *step) signed(ctx context.Context) (Verdict, Approval, error) {
	v := Verdict{Guard: GuardSignatures, Holds: true, Reason: "no signature is asked for here"}
	if s.e.cfg.SignOff == nil || s.edge.Direction != migrate.Forward {
		return v, Approval{Given: NotAskedOf}, nil
	}
	approval, err := s.e.cfg.SignOff.Signed(ctx, s.plan, s.edge.To)
	v.Holds, v.Reason = approval.Given == IsGiven || approval.Given == NotAskedOf, approval.Reason
	if err != nil {
		v.Holds, v.Reason, approval = false, "it cannot be told: "+err.Error(), Approval{}
	}
	return v, approval, err
}

// breakGlass records, before anything is done, that a step is taken without the
// signatures it needs.
func (s *step) breakGlass(ctx context.Context, v Verdict) error {
	why := strings.TrimSpace(s.options.BreakGlass)
	if why == "" {
		return errMute
	}
	s.brokeGlass = why
	entry := BrokenGlass{
		At: time.Now().UTC().Truncate(time.Second), By: s.e.cfg.Actor, To: s.edge.To, Epoch: s.change.Setting.Epoch, Why: why, Missing: v.Reason,
	}
	fresh := false
	err := s.e.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		all, err := brokenGlass(ctx, tx, s.change.Name)
		if err != nil {
			return err
		}
		for _, b := range all {
			if b.To == entry.To && b.Epoch == entry.Epoch && b.Why == entry.Why && b.By == entry.By {
				return nil // the same attempt, which waited for another guard
			}
		}
		fresh = true
		if err := control.StepDone(ctx, tx, s.change.Name, stepBrokenGlass, 0, append(all, entry)); err != nil {
			return err
		}
		return control.Audit(ctx, tx, s.e.cfg.Actor, s.change.Name, "break_glass", entry)
	})
	if err != nil {
		return fmt.Errorf("record that the glass is broken: %w", err)
	}
	if fresh {
		s.e.report(Event{
			Change: s.change.Name, Phase: s.change.Setting.Phase, What: "note",
			Message: fmt.Sprintf("BREAK GLASS: %s goes to %s without signatures: %s (%s)", s.e.cfg.Actor, s.edge.To, why, v.Reason),
		})
	}
	return nil
}

// brokenGlass reads the steps that were taken without signatures.
func brokenGlass(ctx context.Context, q mysqlx.Querier, change string) ([]BrokenGlass, error) {
	var all []BrokenGlass
	_, _, err := control.Step(ctx, q, change, stepBrokenGlass, 0, &all)
	return all, err
}
