package facts_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/facts"
)

const explained = `
-- name: ByKey :one
SELECT name FROM users WHERE id = ?;
-- name: ByName :many
SELECT id FROM users u WHERE u.name = sqlc.arg('name') LIMIT ?;
-- name: ByDay :many
SELECT id FROM users WHERE day >= :from ORDER BY day LIMIT ? OFFSET ?;
-- name: ByNote :many
SELECT id FROM users AS u WHERE u.note = @note ORDER BY u.name;
-- name: Joined :many
SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id WHERE o.state = ?;
-- name: Close :exec
UPDATE orders SET state = 1 WHERE state = ?;
-- name: Wrong :one
SELECT nothing FROM users WHERE id = ?;
`

// The servers' own plans, for parameters of every spelling.
func TestExplain(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := s.Database(t).DB
		for _, statement := range []string{
			`CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(20), note VARCHAR(20), day DATETIME, filler CHAR(200), KEY by_name (name), KEY by_day (day))`,
			`CREATE TABLE orders (id BIGINT PRIMARY KEY, user_id BIGINT, state INT)`,
			`INSERT INTO users (id, name, note, day, filler)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
SELECT i, i, i, '2010-01-01' + INTERVAL i DAY, i FROM n`,
			`INSERT INTO orders (id, user_id, state) SELECT id, id, id FROM users`,
			`ANALYZE TABLE users, orders`,
		} {
			_, err := db.ExecContext(t.Context(), statement)
			require.NoError(t, err, statement)
		}
		code := &review.CodeIndex{Queries: review.ParseQueries("q.sql", explained)}
		unexplained, err := facts.Explain(t.Context(), db, code)
		require.NoError(t, err)
		require.Len(t, unexplained, 1)
		require.True(t, strings.HasPrefix(unexplained[0], "query Wrong of q.sql: "), unexplained[0])
		want := map[string]*review.QueryPlan{
			"ByName": {Table: "u"},
			"ByDay":  {Table: "users"},
			"ByNote": {Table: "u", Scan: true, Sort: true},
			"Joined": {Table: "o", Scan: true},
		}
		for _, q := range code.Queries {
			if w, ok := want[q.Name]; ok {
				require.Equal(t, w, q.Plan, q.Name)
			}
		}
		require.Nil(t, code.Queries[0].Plan, "the server sees that there is no such row")
		require.NotNil(t, code.Queries[5].Plan)
		require.Nil(t, code.Queries[6].Plan)
	})
}
