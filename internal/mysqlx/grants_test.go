package mysqlx

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGranted(t *testing.T) {
	for _, test := range []struct {
		name, line string
		want       bool
	}{
		{"everything", "GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION", true},
		{"everything here", "GRANT ALL PRIVILEGES ON `shop_1`.* TO `app`@`%`", true},
		{"by name", "GRANT SELECT, SHOW VIEW, TRIGGER ON `shop_1`.* TO `app`@`%`", true},
		{"escaped", "GRANT TRIGGER ON `shop\\_1`.* TO `app`@`%`", true},
		{"a wildcard", "GRANT TRIGGER ON `shop%`.* TO `app`@`%`", true},
		{"an underscore is a wildcard", "GRANT TRIGGER ON `shop__`.* TO `app`@`%`", true},
		{"an escaped underscore is none", "GRANT TRIGGER ON `shop\\_\\_`.* TO `app`@`%`", false},
		{"another database", "GRANT TRIGGER ON `other`.* TO `app`@`%`", false},
		{"one table", "GRANT TRIGGER ON `shop_1`.`users` TO `app`@`%`", false},
		{"another privilege", "GRANT SELECT, INSERT ON `shop_1`.* TO `app`@`%`", false},
		{"a role", "GRANT `writers`@`%` TO `app`@`%`", false},
		{"USAGE", "GRANT USAGE ON *.* TO `app`@`%`", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, Grants{test.line}.Has("TRIGGER", "shop_1"))
		})
	}
}

func TestWhatIsTakenBackIsNotHeld(t *testing.T) {
	g := Grants{"GRANT TRIGGER, EVENT ON *.* TO `app`@`%`", "REVOKE TRIGGER ON `shop`.* FROM `app`@`%`"}
	require.False(t, g.Has("TRIGGER", "shop"))
	require.True(t, g.Has("EVENT", "shop"))
	require.True(t, g.Has("TRIGGER", "other"))
	require.True(t, g.HasEverywhere("EVENT"))
	require.False(t, Grants{"GRANT EVENT ON `shop`.* TO `app`@`%`"}.HasEverywhere("EVENT"))
}

func TestGrantsHoldNoSecrets(t *testing.T) {
	for _, line := range []string{
		"GRANT USAGE ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29'",
		"GRANT USAGE ON *.* TO `app`@`%` IDENTIFIED VIA ed25519 USING 'hash' REQUIRE SSL",
	} {
		require.Equal(t, "GRANT USAGE ON *.* TO `app`@`%`", withoutSecrets(line))
	}
}
