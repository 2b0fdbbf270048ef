package preflight_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/integration/servers"
)

func TestMain(m *testing.M) {
	code := servers.Run(m)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
