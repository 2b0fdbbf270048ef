package rules_test

import (
	"os"
	"testing"

	"github.com/underpin-db/underpin/integration/servers"
)

func TestMain(m *testing.M) { os.Exit(servers.Run(m)) }
