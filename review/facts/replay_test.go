package facts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/facts"
)

// history is DDL of every kind that a review replays.
var history = []string{
	`CREATE TABLE users (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  name VARCHAR(50) CHARACTER SET latin1 NOT NULL DEFAULT 'x',
  age INT UNIQUE,
  state ENUM('a','b') NOT NULL,
  note TEXT,
  made DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  twice BIGINT AS (id_length * 2) VIRTUAL,
  id_length INT,
  PRIMARY KEY (id),
  KEY by_name (name, age),
  FULLTEXT KEY words (note)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
	"CREATE TABLE orders (id INT PRIMARY KEY, user_id BIGINT UNSIGNED, CONSTRAINT by_user FOREIGN KEY (user_id) REFERENCES users (id), CONSTRAINT positive CHECK (id > 0)) CHARSET=utf8mb4",
	"ALTER TABLE users ADD COLUMN first VARCHAR(20) NOT NULL AFTER id, ADD COLUMN zero INT FIRST, ADD (tail INT, tail2 INT)",
	"ALTER TABLE users MODIFY name VARCHAR(80) NULL, CHANGE age years BIGINT, ALTER COLUMN state SET DEFAULT 'b'",
	"ALTER TABLE users MODIFY note TEXT FIRST",
	"ALTER TABLE users RENAME INDEX by_name TO by_name_and_years, ADD INDEX by_first (first), ADD INDEX (tail, tail2)",
	"ALTER TABLE users DROP COLUMN tail, DROP COLUMN zero",
	"CREATE UNIQUE INDEX by_made ON users (made, id)",
	"DROP INDEX by_first ON users",
	"ALTER TABLE orders DROP FOREIGN KEY by_user, DROP PRIMARY KEY, ADD PRIMARY KEY (id, user_id)",
	"ALTER TABLE orders DROP CONSTRAINT positive, ADD COLUMN total DECIMAL(10,2) DEFAULT 0",
	"ALTER TABLE orders ADD COLUMN label VARCHAR(10) COLLATE utf8mb4_bin, CONVERT TO CHARACTER SET latin1",
	"RENAME TABLE orders TO sales",
	"ALTER TABLE sales RENAME TO purchases",
	"CREATE TABLE copies LIKE users",
	"CREATE TABLE items (id INT PRIMARY KEY, user_id BIGINT UNSIGNED, at INT, FOREIGN KEY (user_id) REFERENCES users (id), KEY both_of (user_id, at)) CHARSET=utf8mb4",
	"CREATE TABLE gone (id INT)",
	"DROP TABLE gone",
}

// The replay of a history knows of each table what a real server says of it once
// it has executed the same history.
func TestReplayAgreesWithTheServer(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		for _, statement := range history {
			_, err := d.DB.ExecContext(t.Context(), statement)
			require.NoError(t, err, statement)
		}
		f, err := facts.Read(t.Context(), d.DB)
		require.NoError(t, err)

		text := strings.Join(history, ";\n") + ";\nSELECT 1 FROM users"
		replayed := map[string]string{}
		_, err = review.Run(t.Context(), review.Input{
			Migrations: []*review.Migration{{Path: "a.sql", Text: text, Sections: []review.Section{{Direction: review.Up, To: len(text)}}}},
			Config:     review.Config{Server: f.Server},
			Rules: []review.Rule{{Code: "RS999", Category: review.Breaks, Severity: review.Note, Check: func(p *review.Pass) {
				for _, name := range []string{"users", "purchases", "copies", "items", "gone"} {
					if table := p.After(name); table.Complete {
						replayed[name] = describe(table.Table)
					}
				}
			}}},
		})
		require.NoError(t, err)
		says := map[string]string{}
		for _, table := range f.Tables {
			says[table.Name] = describe(table.Table)
		}
		if diff := cmp.Diff(says, replayed); diff != "" {
			t.Errorf("tables (-server +replay):\n%s", diff)
		}
	})
}

// describe writes down what costs and rules hang on; the order of indexes is the
// server's affair.
func describe(t ddl.Table) string {
	var lines []string
	for _, c := range t.Columns {
		lines = append(lines, fmt.Sprintf("%d %s %s %s/%s null=%t default=%t auto=%t update=%t %s",
			c.Position, c.Name, c.Type, c.Charset, c.Collation, c.Nullable, c.HasDefault, c.AutoIncrement, c.OnUpdate, c.Generation))
	}
	var indexes []string
	for _, i := range t.Indexes {
		indexes = append(indexes, fmt.Sprintf("%s %s unique=%t (%s)", i.Name, i.Kind, i.Unique, strings.Join(i.Columns, ",")))
	}
	slices.Sort(indexes)
	return strings.Join(append(lines, indexes...), "\n")
}
