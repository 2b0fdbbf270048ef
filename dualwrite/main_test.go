package dualwrite_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/integration/servers"
)

// TestMain stops the servers, and then looks for goroutines that nobody waited
// for.
func TestMain(m *testing.M) {
	code := servers.Run(m)
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}
