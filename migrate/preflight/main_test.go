package preflight_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/integration/servers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(servers.Tests{M: m}) }
