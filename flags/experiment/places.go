package experiment

import (
	"slices"

	"github.com/underpin-db/underpin/flags"
)

// Run is a run of places, From ≤ place < To, and who has them.
type Run struct {
	From  uint16 `json:"from"`
	To    uint16 `json:"to"`
	Owner string `json:"owner"`
}

// ownerOf returns who has a place, or "".
func ownerOf(runs []Run, place uint16) string {
	for _, r := range runs {
		if place >= r.From && place < r.To {
			return r.Owner
		}
	}
	return ""
}

// allot returns the runs after every owner has come to have as many places as
// wanted, in the order of wanted. As few places as possible change hands: who
// has too many gives up the last ones, who has too few gets the first free
// ones. Owners that are not in wanted keep what they have. It returns false
// where there are not enough places, and then no runs.
func allot(runs []Run, wanted []Branch) ([]Run, bool) {
	owners := make([]string, flags.Buckets)
	have := map[string]int{}
	for _, r := range runs {
		for p := r.From; p < r.To; p++ {
			owners[p] = r.Owner
			have[r.Owner]++
		}
	}
	for _, w := range wanted {
		for p := len(owners) - 1; have[w.Name] > int(w.Share); p-- {
			if owners[p] == w.Name {
				owners[p] = ""
				have[w.Name]--
			}
		}
	}
	free := 0
	for _, w := range wanted {
		for ; have[w.Name] < int(w.Share); have[w.Name]++ {
			next := slices.Index(owners[free:], "")
			if next < 0 {
				return nil, false
			}
			free += next
			owners[free] = w.Name
		}
	}
	return gather(owners), true
}

// gather puts neighbouring places of one owner into runs.
func gather(owners []string) []Run {
	var runs []Run
	for p, owner := range owners {
		at := uint16(p)
		switch last := len(runs) - 1; {
		case owner == "":
		case last >= 0 && runs[last].To == at && runs[last].Owner == owner:
			runs[last].To++
		default:
			runs = append(runs, Run{at, at + 1, owner})
		}
	}
	return runs
}

// Layout says who takes part and who gets which branch. It is kept with the
// definition, because it depends on how the shares have changed.
type Layout struct {
	// Part are the places of the group, or of the experiment alone, whose units
	// take part; Branches are the experiment's own places.
	Part     []Run `json:"part"`
	Branches []Run `json:"branches"`
}

// record is what the control row keeps of an experiment.
type record struct {
	Definition Experiment `json:"definition"`
	Layout     Layout     `json:"layout"`
	// Settled is nil while the report is computed from the events.
	Settled *settled `json:"settled,omitempty"`
}

// drawer draws the branches of one experiment. The salts are part of the
// contract: other ones would move everybody.
type drawer struct {
	Layout
	part, branch flags.Salt
}

func newDrawer(r record) drawer {
	part := "experiment " + r.Definition.Name
	if r.Definition.Group != "" {
		part = "group " + r.Definition.Group
	}
	return drawer{r.Layout, flags.NewSalt(part), flags.NewSalt("branch " + r.Definition.Name)}
}

// draw returns the branch of a unit by hash, or "" if it takes no part.
func (d *drawer) draw(unit string) string {
	// A string is a key of every salt.
	if place, err := d.part.Bucket(unit); err != nil || ownerOf(d.Part, place) == "" {
		return ""
	}
	place, err := d.branch.Bucket(unit)
	if err != nil {
		return ""
	}
	return ownerOf(d.Branches, place)
}
