package plan_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate/plan"
)

// What the server would refuse of a new table, or of a foreign key, is refused
// when it is planned.
func TestCreateIsTried(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, "CREATE TABLE parents (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, name VARCHAR(20) COLLATE utf8mb4_bin NOT NULL UNIQUE) DEFAULT CHARSET utf8mb4",
			"CREATE TABLE children (id INT PRIMARY KEY, parent INT)")
		for ddl, says := range map[string]string{
			"CREATE TABLE c (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parents (id))":                                                          "the foreign key of (parent int) to parents (id bigint unsigned)",
			"CREATE TABLE c (id INT PRIMARY KEY, parent BIGINT, CONSTRAINT mine FOREIGN KEY (parent) REFERENCES parents (id))":                                       "(parent bigint) to parents (id bigint unsigned)",
			"CREATE TABLE c (id INT PRIMARY KEY, parent INT REFERENCES parents (id))":                                                                                "(parent int) to parents",
			"CREATE TABLE c (id INT PRIMARY KEY, name VARCHAR(20) COLLATE utf8mb4_general_ci, FOREIGN KEY (name) REFERENCES parents (name)) DEFAULT CHARSET utf8mb4": "utf8mb4_general_ci) to parents (name varchar(20) collate utf8mb4_bin)",
			"CREATE TABLE c (id INT PRIMARY KEY, parent BIGINT UNSIGNED, FOREIGN KEY (parent) REFERENCES parents (nothing))":                                         "nothing, which is not there",
			"CREATE TABLE c (id INT PRIMARY KEY, boss BIGINT, FOREIGN KEY (boss) REFERENCES c (id))":                                                                 "the foreign key of (boss bigint) to c (id int)",
			"CREATE TABLE c (id INT, PRIMARY KEY (nothing))":                                                                                                         "nothing",
			"ALTER TABLE children ADD CONSTRAINT mine FOREIGN KEY (parent) REFERENCES parents (id)":                                                                  "(parent int) to parents (id bigint unsigned)",
		} {
			_, err := plan.Derive(t.Context(), db, plan.DDL{Name: "argument", Text: ddl, Service: "crm"}, plan.Options{})
			require.Contains(t, requireCode(t, err, plan.CodeDDLRejected).Reason, says, ddl)
		}
		for ddl, warnings := range map[string]int{
			"CREATE TABLE c (id INT PRIMARY KEY, parent BIGINT UNSIGNED REFERENCES parents (id), boss INT, FOREIGN KEY (boss) REFERENCES c (id), CHECK (id > 0))": 0,
			"CREATE TABLE c (id INT PRIMARY KEY, other INT, FOREIGN KEY (other) REFERENCES not_yet (id))":                                                         1,
			"CREATE TABLE c LIKE parents": 0,
		} {
			list, err := plan.Derive(t.Context(), db, plan.DDL{Name: "argument", Text: ddl, Service: "crm"}, plan.Options{})
			require.NoError(t, err)
			require.Len(t, list[0].Plan.Findings, warnings, fmt.Sprint(list[0].Plan.Findings))
		}
		run(t, db, "CREATE VIEW some AS SELECT id FROM parents")
		_, err := plan.Derive(t.Context(), db, plan.DDL{Name: "argument", Text: "CREATE TABLE c (id BIGINT UNSIGNED PRIMARY KEY, FOREIGN KEY (id) REFERENCES some (id))", Service: "crm"}, plan.Options{})
		require.Contains(t, requireCode(t, err, plan.CodeReferenced).Reason, "which is a view")
		noScratch(t, db)
	})
}
