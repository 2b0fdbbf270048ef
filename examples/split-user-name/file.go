// Package splitusername holds the change file of the demo and of the
// documentation: one name becomes a first and a last name. The mapping is not a
// bijection, on purpose: 'Mary Ann' + 'Lee' becomes the name 'Mary Ann Lee',
// which splits again as 'Mary' + 'Ann Lee'.
package splitusername

import _ "embed"

//go:embed change.yaml
var changeFile string

// ChangeFile returns change.yaml.
func ChangeFile() string { return changeFile }
