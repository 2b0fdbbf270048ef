package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// Verdict says whether a release may run under the present setting of a change.
type Verdict struct {
	Change  string         `json:"change"`
	Phase   migrate.Phase  `json:"phase"`
	Mode    migrate.Mode   `json:"mode"`
	Allowed migrate.Choice `json:"allowed"`
	// Known is Yes if an instance of the release has ever announced itself.
	Known migrate.Choice `json:"known"`
	// Why is the reason, of a yes as well.
	Why string `json:"why"`
}

// CanRun returns a verdict for every change of the service, and for every one
// that the release declares, by name. The release may run, or be rolled back
// to, if every verdict allows it ([AllAllow]); that goes for the settings of
// this moment, and an announcement is judged anew under lock.
//
// A release is judged by what it was last seen to declare. One that was never
// seen is allowed only where the change asks nothing of anybody.
func CanRun(ctx context.Context, q mysqlx.Querier, service, release string) ([]Verdict, error) {
	changes, err := control.List(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("may release %s of %s run: %w", release, service, err)
	}
	seen, isKnown, err := control.GetRelease(ctx, q, service, release)
	if err != nil {
		return nil, fmt.Errorf("may release %s of %s run: %w", release, service, err)
	}
	lastSeen, err := lastSeenLive(ctx, q, service, release, seen.LastSeen)
	if err != nil {
		return nil, fmt.Errorf("may release %s of %s run: %w", release, service, err)
	}
	var out []Verdict
	for _, c := range changes {
		capability, declares := seen.Declares[c.Name]
		if c.Service != service && !declares {
			continue
		}
		v := Verdict{Change: c.Name, Phase: c.Setting.Phase, Mode: c.Setting.Mode, Known: choice(isKnown)}
		change, err := c.Declared()
		if err != nil {
			return nil, fmt.Errorf("may release %s of %s run: %w", release, service, err)
		}
		var ok bool
		switch {
		case change.Course != migrate.Mapped:
			ok, v.Why = schemaLets(change, c.Setting.Phase, release)
		case !isKnown:
			ok, v.Why = unknownMayRun(c.Setting)
		case declares:
			if ok, v.Why = capability.Supports(c.Setting); ok {
				v.Why = fmt.Sprintf("it supports mode %s and writes the %s shape", c.Setting.Mode, capability.Writes)
			}
		default:
			ok, v.Why = silentMayRun(c, lastSeen)
		}
		v.Allowed = choice(ok)
		out = append(out, v)
	}
	return out, nil
}

// schemaLets judges a release by a change of the schema alone: once it is
// expanded, by the releases that the change names as written for it.
func schemaLets(c migrate.Change, at migrate.Phase, release string) (ok bool, why string) {
	switch {
	case at == migrate.Planned:
		return true, "the schema has not been changed yet"
	case at == migrate.Closed:
		return true, "the change is closed"
	case c.Course == migrate.Added:
		return true, "running code does not notice what was added"
	case len(c.Releases) == 0:
		return true, "the change names no releases: whether the code was written for it, only its authors know"
	case slices.Contains(c.Releases, release):
		return true, "the change names it as written for it"
	}
	return false, fmt.Sprintf("the change is in phase %s and names %s as written for it, and not this one: run one of these, "+
		"close the change if this one is newer, or step the change back first", at, strings.Join(c.Releases, ", "))
}

// AllAllow reports whether every verdict allows the release to run.
func AllAllow(verdicts []Verdict) bool {
	for _, v := range verdicts {
		if v.Allowed != migrate.Yes {
			return false
		}
	}
	return true
}

func choice(yes bool) migrate.Choice {
	if yes {
		return migrate.Yes
	}
	return migrate.No
}

// lastSeenLive returns the server's present time if an instance of the release
// is live, and otherwise when it was last seen.
func lastSeenLive(ctx context.Context, q mysqlx.Querier, service, release string, seen time.Time) (time.Time, error) {
	instances, err := control.Instances(ctx, q)
	if err != nil {
		return seen, err
	}
	for _, i := range instances {
		if i.Live() && i.Service == service && i.Release == release {
			return control.Now(ctx, q)
		}
	}
	return seen, nil
}

// unknownMayRun judges a release of which nothing is known.
func unknownMayRun(s migrate.Setting) (ok bool, why string) {
	if s.Mode == migrate.Off {
		return true, "the release is unknown to the fleet, but the change asks nothing of it yet"
	}
	return false, fmt.Sprintf("the release is unknown to the fleet and phase %s asks for mode %s: "+
		"let one instance of it announce itself, which tells, or step the change back first", s.Phase, s.Mode)
}

// silentMayRun judges a release that is known and does not declare the change.
func silentMayRun(c control.Change, lastSeen time.Time) (ok bool, why string) {
	switch {
	case c.Setting.Mode == migrate.Off:
		return true, "it does not declare the change, which asks nothing of it yet"
	case c.Setting.Phase != migrate.Contracted && c.Setting.Phase != migrate.Closed:
		return false, "it does not declare the change: it would neither take its fence nor write both shapes"
	case lastSeen.Before(c.Since):
		return false, fmt.Sprintf("it does not declare the change and was last seen before phase %s: it may still name what has been dropped",
			c.Setting.Phase)
	}
	return true, fmt.Sprintf("it has run in phase %s without the change", c.Setting.Phase)
}
