package backfill

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/integration/servers"
)

func TestMain(m *testing.M) {
	if os.Getenv(envChild) != "" {
		os.Exit(child())
	}
	goleak.VerifyTestMain(servers.Tests{M: m})
}
