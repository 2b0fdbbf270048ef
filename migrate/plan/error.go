package plan

import "github.com/underpin-db/underpin/internal/yamlx"

// Error is one mistake in a change file.
type Error = yamlx.Error

// Errors is every mistake in a change file, in the order of the file. It is a
// type of its own, so that mistakes in other files are told from these.
type Errors []*Error

// Error lists the mistakes, one a line.
func (e Errors) Error() string { return yamlx.Errors(e).Error() }

// Unwrap returns the mistakes one by one.
func (e Errors) Unwrap() []error { return yamlx.Errors(e).Unwrap() }
