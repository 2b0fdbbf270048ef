package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/underpin-db/underpin/migrate"
)

// basisPoints reads a share in percent.
func basisPoints(s string) (uint16, bool) {
	m := percentPattern.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	v, err := strconv.ParseUint(m[1]+(m[2] + "00")[:2], 10, 32)
	if err != nil || v > migrate.RampFull {
		return 0, false
	}
	return uint16(v), true
}

// sortedTexts returns the texts of a list in order.
func sortedTexts(list []Scalar) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, s.Text)
	}
	slices.Sort(out)
	return out
}

// assigned returns the columns on the left of assignments.
func assigned(list []Assign) []Scalar {
	out := make([]Scalar, len(list))
	for i, a := range list {
		out[i] = a.Column
	}
	return out
}

// checkUnique refuses a text that a list has twice.
func (d *decoder) checkUnique(list []Scalar, path string) {
	seen := map[string]bool{}
	for _, s := range list {
		fold := strings.ToLower(s.Text)
		if seen[fold] {
			d.fail(s.Position, path, fmt.Sprintf("%q stands here twice", s.Text), "keep one")
		}
		seen[fold] = true
	}
}

// checkName refuses a name of another form.
func (d *decoder) checkName(s Scalar, path string) {
	if !namePattern.MatchString(s.Text) {
		d.fail(s.Position, path, fmt.Sprintf("%q is no name for it", s.Text),
			nameHint)
	}
}
