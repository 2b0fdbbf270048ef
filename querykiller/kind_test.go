package querykiller_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/querykiller"
)

func TestKindOf(t *testing.T) {
	for text, want := range map[string]querykiller.Kind{
		"":                                     querykiller.KindNone,
		" ;; ":                                 querykiller.KindNone,
		"/* only a comment":                    querykiller.KindNone,
		"select 1":                             querykiller.KindSelect,
		"(SELECT 1) UNION SELECT 2":            querykiller.KindSelect,
		"-- hello\n# again\n/* x */ SELECT 1":  querykiller.KindSelect,
		"--1":                                  querykiller.KindOther,
		"TABLE t":                              querykiller.KindSelect,
		"VALUES ROW(1)":                        querykiller.KindSelect,
		"SELECT/**/1":                          querykiller.KindSelect,
		"SELECT * FROM t FOR UPDATE":           querykiller.KindDML,
		"SELECT * FROM t FOR /* x */ UPDATE":   querykiller.KindDML,
		"SELECT ' FOR UPDATE ' FROM t":         querykiller.KindSelect,
		"SELECT `into` FROM t":                 querykiller.KindSelect,
		"SELECT * FROM t FOR SHARE":            querykiller.KindSelect,
		"SELECT * INTO OUTFILE 'x' FROM t":     querykiller.KindDML,
		"SELECT a INTO @b FROM t":              querykiller.KindDML,
		"WITH a AS (SELECT 1) SELECT * FROM a": querykiller.KindSelect,
		"WITH RECURSIVE a (n) AS (SELECT 1 UNION ALL SELECT n+1 FROM a) UPDATE t, a SET x=1": querykiller.KindDML,
		"WITH a AS (SELECT 1) DELETE FROM t":                                                 querykiller.KindDML,
		"WITH a AS (SELECT 1":                                                                querykiller.KindOther,
		"INSERT INTO t SELECT * FROM u":                                                      querykiller.KindDML,
		"REPLACE t VALUES (1)":                                                               querykiller.KindDML,
		"LOAD DATA INFILE 'x' INTO TABLE t":                                                  querykiller.KindDML,
		"LOAD INDEX INTO CACHE t":                                                            querykiller.KindAdmin,
		"ALTER TABLE t ADD a INT":                                                            querykiller.KindDDL,
		"OPTIMIZE TABLE t":                                                                   querykiller.KindDDL,
		"TRUNCATE t":                                                                         querykiller.KindDDL,
		"CREATE TABLE t SELECT * FROM u":                                                     querykiller.KindDDL,
		"ANALYZE TABLE t":                                                                    querykiller.KindDDL,
		"ANALYZE LOCAL TABLE t":                                                              querykiller.KindDDL,
		"ANALYZE SELECT * FROM t":                                                            querykiller.KindSelect,
		"ANALYZE FORMAT=JSON UPDATE t SET a=1":                                               querykiller.KindDML,
		"EXPLAIN SELECT 1":                                                                   querykiller.KindAdmin,
		"EXPLAIN FORMAT=TREE UPDATE t SET a=1":                                               querykiller.KindAdmin,
		"EXPLAIN ANALYZE SELECT 1":                                                           querykiller.KindSelect,
		"EXPLAIN ANALYZE FORMAT=TREE DELETE FROM t":                                          querykiller.KindDML,
		"EXPLAIN ANALYZE WITH a AS (SELECT 1) SELECT 1":                                      querykiller.KindSelect,
		"EXPLAIN ANALYZE":                                                                    querykiller.KindOther,
		"DESC t":                                                                             querykiller.KindAdmin,
		"SET @a = 1":                                                                         querykiller.KindAdmin,
		"SET STATEMENT max_statement_time=5 FOR SELECT 1":                                    querykiller.KindSelect,
		"SET STATEMENT sort_buffer_size=1 FOR ALTER TABLE t FORCE":                           querykiller.KindDDL,
		"SET STATEMENT a=1":                                                                  querykiller.KindOther,
		"CALL p()":                                                                           querykiller.KindCall,
		"DO SLEEP(3)":                                                                        querykiller.KindCall,
		"EXECUTE s":                                                                          querykiller.KindCall,
		"BEGIN":                                                                              querykiller.KindTx,
		"BEGIN NOT ATOMIC SELECT 1; END":                                                     querykiller.KindCall,
		"START TRANSACTION":                                                                  querykiller.KindTx,
		"START REPLICA":                                                                      querykiller.KindAdmin,
		"ROLLBACK TO a":                                                                      querykiller.KindTx,
		"XA COMMIT 'x'":                                                                      querykiller.KindTx,
		"FLUSH TABLES WITH READ LOCK":                                                        querykiller.KindAdmin,
		"LOCK TABLES t READ":                                                                 querykiller.KindAdmin,
		"BACKUP STAGE START":                                                                 querykiller.KindAdmin,
		"HANDLER t READ FIRST":                                                               querykiller.KindOther,
		"gibberish":                                                                          querykiller.KindOther,
		"'SELECT'":                                                                           querykiller.KindOther,
		"/*!40000 ALTER TABLE `t` DISABLE KEYS */":                                           querykiller.KindDDL,
		"/*!99999 SELECT */ UPDATE t SET a=1":                                                querykiller.KindOther,
		"SELECT /*!40001 SQL_NO_CACHE */ * FROM t":                                           querykiller.KindSelect,
		"/*M!100100 SELECT 1 */":                                                             querykiller.KindSelect,
		"/*+ BKA(t) */ SELECT 1":                                                             querykiller.KindSelect,
		"SELECT '\xff\xfe' FROM t":                                                           querykiller.KindSelect,
		"\xff\xfe":                                                                           querykiller.KindOther,
		"\x00\x01SELECT 1":                                                                   querykiller.KindSelect,
		// In one sql_mode the literal ends before FOR UPDATE, in the other after.
		`SELECT 'a\' FOR UPDATE -- '`: querykiller.KindOther,
	} {
		require.Equal(t, want, querykiller.KindOf(text), "%q", text)
	}
}

func TestKindOfSurvivesHugeTexts(t *testing.T) {
	long := "SELECT '" + strings.Repeat(`x\'`, 3<<20) + "' FROM t"
	begun := time.Now()
	require.Equal(t, querykiller.KindSelect, querykiller.KindOf(long))
	require.Equal(t, querykiller.KindOther, querykiller.KindOf(strings.Repeat("SET STATEMENT a=1 FOR ", 1<<19)))
	require.Equal(t, querykiller.KindSelect, querykiller.KindOf(strings.Repeat("(", 10<<20)+"SELECT 1"))
	require.Less(t, time.Since(begun), 30*time.Second, "it is linear")
}

func FuzzKindOf(f *testing.F) {
	for _, s := range []string{"SELECT 1", "WITH a AS (SELECT 1) UPDATE t SET a=1", "/*!40001 x */ ANALYZE FORMAT=JSON SELECT '\\'", "$$a", "`", "0x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		kind := querykiller.KindOf(text)
		// A comment before it changes nothing.
		require.Equal(t, kind, querykiller.KindOf("/* a=b */ "+text))
		require.Equal(t, kind, querykiller.KindOf("-- it's\n"+text))
	})
}

func TestParseTag(t *testing.T) {
	for text, want := range map[string]querykiller.Tag{
		"SELECT 1":                        nil,
		"/* budget=5s */ SELECT 1":        {"budget": "5s"},
		"/*budget=5s,Owner=x y*/SELECT 1": {"budget": "5s", "owner": "x y"},
		"-- a=b\n/* just words */ /* release=r-1 */ SELECT 1": {"release": "r-1"},
		"/* budget=1s */ /* budget=9s */ SELECT 1":            {"budget": "1s"},
		"SELECT /* budget=5s */ 1":                            nil,
		"/*! budget=5s */ SELECT 1":                           nil,
		"/* budget=5s":                                        nil,
		"/* budget='5s' */ SELECT 1":                          nil,
		"/* a=b;c=d */ SELECT 1":                              nil,
		"/* a=\xff */ SELECT 1":                               nil,
		"/* a= */ SELECT 1":                                   nil,
	} {
		require.Equal(t, want, querykiller.ParseTag(text), "%q", text)
	}
	for asked, want := range map[string]time.Duration{"5s": 5 * time.Second, "250ms": 250 * time.Millisecond, "0s": 0, "-1s": 0, "5": 0, "": 0} {
		d, ok := querykiller.Tag{"budget": asked}.Budget()
		require.Equal(t, want > 0, ok, asked)
		if ok {
			require.Equal(t, want, d)
		}
	}
}
