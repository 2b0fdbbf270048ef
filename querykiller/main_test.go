package querykiller_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/integration/servers"
)

// TestMain stops the servers that tests started and looks for goroutines that
// were left behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(servers.Tests{M: m}) }
