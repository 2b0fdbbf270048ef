package plan_test

import (
	"database/sql"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate/plan"
)

// indexedUsers has an index of every kind that matters.
const indexedUsers = `CREATE TABLE users (
  id BIGINT NOT NULL,
  n BIGINT NOT NULL AUTO_INCREMENT,
  name VARCHAR(100) NULL,
  email VARCHAR(100) NULL,
  city VARCHAR(100) NULL,
  notes TEXT NULL,
  PRIMARY KEY (id),
  KEY by_number (n, name),
  KEY by_name (name),
  KEY ` + "`by ``city`` and name`" + ` (city, name DESC),
  KEY by_notes (notes(20)),
  KEY commented (email) COMMENT 'why',
  UNIQUE KEY by_email (email),
  FULLTEXT KEY by_words (notes)
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_bin`

// hidden adds the index that the optimizer does not use, in each engine's words.
var hidden = map[servers.Engine]string{
	servers.MySQL:   "ALTER TABLE users ADD KEY hidden (city) INVISIBLE",
	servers.MariaDB: "ALTER TABLE users ADD KEY hidden (city) IGNORED",
}

const insertThousand = `INSERT INTO users (id, name) SELECT a.d * 100 + b.d * 10 + c.d, 'x'
FROM digits a, digits b, digits c`

func names(d *plan.Deferred) []string {
	var out []string
	for _, i := range d.Indexes {
		out = append(out, i.Name+": "+i.Parts)
	}
	return out
}

func build(t *testing.T, db *sql.DB, file *plan.File) *plan.Plan {
	t.Helper()
	p, err := plan.Build(t.Context(), db, file, plan.Options{})
	require.NoError(t, err)
	noScratch(t, db)
	return p
}

// What is not plain, what a statement of its own adds, what the numbering rests
// on, and what would come back differently stays with the table.
func TestPlainIndexesOfANewTableArePutOff(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, indexedUsers, hidden[s.Engine()])
		p := build(t, db, load(t, "users-moved.yaml"))
		require.NotNil(t, p.Deferred)
		assert.Equal(t, "accounts", p.Deferred.Table)
		assert.EqualValues(t, plan.DefaultDeferredFrom, p.Deferred.From)
		assert.Equal(t, []string{"by `city` and name: `city`, `name` DESC", "by_name: `name`", "by_notes: `notes`(20)"}, names(p.Deferred))
		golden(t, "users-moved."+string(p.Facts.Server.Flavour)+".md", withoutPlace(p).Render())

		data, err := p.Marshal()
		require.NoError(t, err)
		again, err := plan.Unmarshal(data)
		require.NoError(t, err)
		assert.Equal(t, p.Deferred, again.Deferred)
		p.Deferred.Indexes[1].Parts = "`name`), DROP COLUMN city, ADD INDEX other (`name`"
		assert.NotEqual(t, again.Hash(), p.Hash())
		data, err = p.Marshal()
		require.NoError(t, err)
		_, err = plan.Unmarshal(data)
		require.ErrorIs(t, err, plan.ErrEdited)
	})
}

// The plan is the same wherever expand and the copy stand, and what it does to
// the table leaves it as expand would have made it.
func TestPlanIsTheSameWithoutItsIndexes(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, indexedUsers)
		file := load(t, "users-moved.yaml")
		p := build(t, db, file)
		for _, st := range p.Expand {
			run(t, db, st.SQL)
		}
		whole := createTable(t, db)
		for _, add := range []func([]plan.DeferredIndex) plan.Statement{p.Deferred.Drop, p.Deferred.Add} {
			st := add(p.Deferred.Indexes)
			run(t, db, st.SQL)
			progress, err := plan.Taken(t.Context(), db, st)
			require.NoError(t, err)
			require.Equal(t, plan.AllTaken, progress)
			again := build(t, db, file)
			require.Equal(t, p.Hash(), again.Hash())
			require.Empty(t, codes(again, plan.CodePartlyExpanded))
			drift, err := plan.Drift(t.Context(), db, p)
			require.NoError(t, err)
			require.Empty(t, drift)
		}
		require.Equal(t, whole, createTable(t, db))
	})
}

func TestWhichIndexesAreLive(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, indexedUsers, "CREATE TABLE accounts LIKE users", "ALTER TABLE accounts DROP INDEX by_name")
		d := build(t, db, load(t, "users-moved.yaml")).Deferred
		has, lacks, err := d.Live(t.Context(), db)
		require.NoError(t, err)
		assert.Equal(t, "`by ``city`` and name`, `by_notes`", d.Names(has))
		assert.Equal(t, "ALTER TABLE `accounts` ADD INDEX `by_name` (`name`)", d.Add(lacks).SQL)
	})
}

// Indexes are put off by size and only from an empty table.
func TestIndexesAreDue(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, indexedUsers, "CREATE TABLE accounts LIKE users", "CREATE TABLE digits (d INT PRIMARY KEY)",
			"INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)", insertThousand, "ANALYZE TABLE users")
		due := func(from uint64) bool {
			d := &plan.Deferred{Table: "accounts", From: from}
			ok, err := d.Due(t.Context(), db, "users")
			require.NoError(t, err)
			return ok
		}
		assert.True(t, due(0))
		assert.True(t, due(500))
		assert.False(t, due(plan.DefaultDeferredFrom))
		run(t, db, "INSERT INTO accounts (id) VALUES (1)")
		assert.False(t, due(0), "somebody has filled the table")
		_, err := (&plan.Deferred{Table: "nowhere"}).Due(t.Context(), db, "users")
		require.Error(t, err)
		_, err = (&plan.Deferred{Table: "accounts", From: 1}).Due(t.Context(), db, "nowhere")
		require.Error(t, err)
	})
}

// The change file decides; without a word of it, readers and replicas do.
func TestWhoDecidesWhenIndexesCome(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, indexedUsers)
		for settings, from := range map[string]int{
			"":                                   plan.DefaultDeferredFrom,
			"backfill: {indexes: with_rows}":     -1,
			"backfill: {indexes: after_rows}":    0,
			"backfill: {replicas: [\"r:3306\"]}": -1,
			"reads: {copy_on_read: true}":        -1,
			"reads: {copy_on_read: true}\nbackfill: {indexes: after_rows, replicas: [\"r:3306\"]}": 0,
		} {
			text, err := os.ReadFile("testdata/users-moved.yaml")
			require.NoError(t, err)
			p := build(t, db, parse(t, string(text)+settings))
			if from < 0 {
				assert.Nil(t, p.Deferred, settings)
				continue
			}
			require.NotNil(t, p.Deferred, settings)
			assert.EqualValues(t, from, p.Deferred.From, settings)
		}
	})
}

// An expand that was cut short after it had put indexes off, and a plan that
// would not add them.
func TestWarnsOfIndexesThatNobodyWouldAdd(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, indexedUsers, "CREATE TABLE accounts LIKE users", "ALTER TABLE accounts DROP INDEX by_name")
		text, err := os.ReadFile("testdata/users-moved.yaml")
		require.NoError(t, err)
		p := build(t, db, parse(t, string(text)+"backfill: {indexes: with_rows}"))
		require.Equal(t, []string{"accounts.by_name"}, codes(p, plan.CodePartlyExpanded))
	})
}

// codes returns the objects of findings of a code.
func codes(p *plan.Plan, code plan.Code) []string {
	var out []string
	for _, f := range p.Findings {
		if f.Code == code {
			out = append(out, f.Object)
		}
	}
	return out
}

// createTable returns the lines of the target's CREATE TABLE in an order of
// their own.
func createTable(t *testing.T, db *sql.DB) []string {
	t.Helper()
	var name, text string
	require.NoError(t, db.QueryRowContext(t.Context(), "SHOW CREATE TABLE accounts").Scan(&name, &text))
	lines := strings.Split(strings.ReplaceAll(text, ",\n", "\n"), "\n")
	slices.Sort(lines)
	return lines
}
