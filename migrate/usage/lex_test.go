package usage

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// digestCases are digests as the servers write them, with what becomes of
// them; an empty text means that the parser does not know the statement.
var digestCases = []struct{ digest, sql string }{
	{"SELECT `name` FROM `users` WHERE `id` IN (...) AND `name` = ?", "SELECT `name` FROM `users` WHERE `id` IN( 1 ) AND `name` = 1"},
	{"SELECT `id` FROM `users` LIMIT ?, ...", "SELECT `id` FROM `users` LIMIT 1"},
	{"INSERT INTO `users` ( `id` , NAME ) VALUES (...) /* , ... */", "INSERT INTO `users`( `id` , NAME ) VALUES( 1 )"},
	{"INSERT INTO `users` ( `id` , NAME ) VALUES (...) AS NEW ON DUPLICATE KEY UPDATE NAME = `new` . `name`",
		"INSERT INTO `users`( `id` , NAME ) VALUES( 1 ) ON DUPLICATE KEY UPDATE NAME = `underpin_new_row` . `name`"},
	{"SELECT NAME FROM `users` WHERE NAME LIKE ? ESCAPE ? AND CAST ( `id` AS CHARACTER (?) ) = ?",
		"SELECT NAME FROM `users` WHERE NAME LIKE '$' ESCAPE '$' AND CAST( `id` AS CHAR( 1 ) ) = 1"},
	{"SELECT DATE_ADD ( NOW ( ) , INTERVAL ? SQL_TSI_DAY )", "SELECT DATE_ADD( NOW( ) , INTERVAL 1 DAY )"},
	{"SELECT NAME -> ? , ? ? FROM `users`", "SELECT NAME -> '$' , 1  FROM `users`"},
	{"SELECT @? := NAME FROM `users`", "SELECT @v := NAME FROM `users`"},
	{"SELECT NAME INTO @? , @? FROM `users` LIMIT ?", "SELECT NAME FROM `users` LIMIT 1"},
	{"EXECUTE SELECT NAME FROM `users`", "SELECT NAME FROM `users`"},
	{"SELECT /*+ MAX_EXECUTION_TIME (?) */ NAME FROM `users`", "SELECT  NAME FROM `users`"},
	{"SELECT (_charset) ? , (unknown) FROM `users`", "SELECT 1 , 1 FROM `users`"},
	{"SELECT `c`d` , ...FROM `a`b`", "SELECT `c``d` , `…` FROM `a``b`"},
	{"CREATE FUNCTION `f` ( ) RETURNS INTEGER RETURN ?", ""},
}

func TestDigestsBecomeStatements(t *testing.T) {
	for _, c := range digestCases {
		tokens := lex(c.digest, digestText)
		if _, err := parse(tokens); c.sql == "" {
			require.Error(t, err, c.digest)
			continue
		} else {
			require.NoError(t, err, c.digest)
		}
		require.Equal(t, c.sql, parseable(prepare(tokens)))
	}
}

// The shape of a statement is that of its digest.
func TestShapes(t *testing.T) {
	for text, digest := range map[string]string{
		"/* underpin copy */ SELECT a, b FROM t WHERE id IN (1, 2, -3) AND c = 'x'": "SELECT `a` , `b` FROM `t` WHERE `id` IN (...) AND `c` = ?",
		"INSERT INTO t (a, b) VALUES (?, ?), (?, ?), (1, NULL)":                     "INSERT INTO `t` ( `a` , `b` ) VALUES (...) /* , ... */",
		"SELECT a FROM t WHERE a <> 3 AND b IS NULL LIMIT 5, 6":                     "SELECT `a` FROM `t` WHERE `a` != ? AND `b` IS NULL LIMIT ?, ...",
		"SELECT DISTINCT `day` FROM t":                                              "SELECT DISTINCTROW SQL_TSI_DAY FROM `t`",
	} {
		require.Equal(t, canon(lex(digest, digestText)), canon(lex(text, plainText)))
	}
	require.NotEqual(t, canon(lex("SELECT a FROM t", plainText)), canon(lex("SELECT b FROM t", plainText)))
}

// What is shown never holds a literal.
func TestDisplay(t *testing.T) {
	for _, text := range []string{
		"SELECT 'secret', \"secret\", x'5ec7e7', N'secret', _utf8mb4'secret', 5ec_7 , 777 , .777 , 7.77e-7, 0x777, 'it''s \\' secret' -- secret",
		"SELECT 1 # secret", "SELECT /* secret */ 1", "SELECT 'secret", "SET @secret = 1, @`secret` = 2, @'secret' = 3",
	} {
		out := display(lex(text, plainText))
		require.NotContains(t, out, "secret")
		require.NotContains(t, out, "777")
	}
}

func FuzzDigest(f *testing.F) {
	for _, c := range digestCases {
		f.Add(c.digest)
	}
	f.Add("SELECT `a` FROM `b` WHERE 'x\\'y' = \"z\" /*! AND 1 */ # c\n @@x @`y` 0x1 1.5e3 -- d")
	targets := []target{{Element: Element{Schema: "s", Table: "users", Column: "name"}}, {Element: Element{Schema: "s", Table: "users"}}}
	f.Fuzz(func(t *testing.T, text string) {
		for _, form := range []form{plainText, ansiText, digestText, digestMaria} {
			tokens := lex(text, form)
			if utf8.ValidString(text) && !utf8.ValidString(display(tokens)) {
				t.Fatalf("%q is shown as invalid text", text)
			}
			canon(tokens)
			split(tokens)
			node, err := parse(tokens)
			if err != nil {
				continue
			}
			resolve(node, targets, catalog{}, "s")
			// What parses still parses when its own text is read again.
			if _, err := parse(lex(parseable(prepare(tokens)), plainText)); err != nil && !strings.Contains(text, "/*") {
				t.Fatalf("%q does not parse twice: %v", text, err)
			}
		}
	})
}

// A planted use is found in every place of a statement that can hold a column.
func TestResolverFindsEveryPlace(t *testing.T) {
	targets := []target{{Element: Element{Schema: "s", Table: "users", Column: "name"}}}
	c := catalog{{"s", "users"}: {"id": true, "name": true}, {"s", "other"}: {"id": true, "x": true}}
	const place = "id"
	statements := []string{
		"SELECT # FROM users", "SELECT 1 FROM users WHERE # = 1", "SELECT 1 FROM users GROUP BY #", "SELECT COUNT(*) FROM users GROUP BY id HAVING MAX(#) > 1",
		"SELECT 1 FROM users ORDER BY #", "SELECT 1 FROM users u JOIN other o ON u.# = o.x", "SELECT (SELECT MAX(#) FROM users) FROM other",
		"SELECT 1 FROM other WHERE x IN (SELECT # FROM users)", "WITH q AS (SELECT # FROM users) SELECT 1 FROM q", "SELECT 1 FROM (SELECT # FROM users) d",
		"SELECT SUM(id) OVER (PARTITION BY #) FROM users", "SELECT 1 FROM users WINDOW w AS (ORDER BY #)", "UPDATE users SET # = 1", "UPDATE users SET id = #",
		"UPDATE users SET id = 1 ORDER BY # LIMIT 1", "DELETE FROM users WHERE #", "INSERT INTO users (#) VALUES (1)", "INSERT INTO users SET # = 1",
		"INSERT INTO users (id) VALUES (1) ON DUPLICATE KEY UPDATE # = 1", "INSERT INTO users (id) VALUES (1) ON DUPLICATE KEY UPDATE id = VALUES(#)",
		"INSERT INTO other SELECT #, 1 FROM users", "SELECT 1 FROM other UNION SELECT # FROM users", "SELECT MATCH (#) AGAINST ('x') FROM users",
		"SELECT DEFAULT(#) FROM users", "ALTER TABLE users DROP COLUMN #", "ALTER TABLE users ADD INDEX i (#)", "CREATE INDEX i ON users (#)",
		"SELECT 1 FROM users WHERE EXISTS (SELECT 1 FROM other WHERE x = #)", "TABLE users", "SELECT CASE # WHEN 1 THEN 2 END FROM users",
	}
	for _, s := range statements {
		for text, want := range map[string]bool{strings.ReplaceAll(s, "#", "name"): true, strings.ReplaceAll(s, "#", place): false} {
			if !strings.Contains(s, "#") {
				want = true
			}
			node, err := parse(lex(text, plainText))
			require.NoError(t, err, text)
			found := resolve(node, targets, c, "s")
			require.Equal(t, want, len(found) > 0, text)
		}
	}
}
