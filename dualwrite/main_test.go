package dualwrite_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/integration/servers"
)

// TestMain stops the servers, and then looks for goroutines that nobody waited
// for.
func TestMain(m *testing.M) { goleak.VerifyTestMain(servers.Tests{M: m}) }
