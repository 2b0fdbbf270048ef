//go:build !linux

package preflight

import "errors"

// free returns an error: where the file system is not asked, the operator is.
func free(string) (uint64, error) { return 0, errors.ErrUnsupported }
