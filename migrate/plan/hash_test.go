package plan

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/migrate"
)

// fixture is a plan made by hand, so that its hash depends on nothing but
// this package.
func fixture(t *testing.T) *Plan {
	t.Helper()
	id := migrate.Column{Name: "id", DataType: "int", ColumnType: "int", Null: migrate.NotNull, AutoIncrement: true}
	text := func(name string) migrate.Column {
		return migrate.Column{Name: name, DataType: "varchar", ColumnType: "varchar(20)", Charset: "utf8mb4", Collation: "utf8mb4_bin", Null: migrate.Nullable}
	}
	p := &Plan{
		Change: migrate.Change{Name: "x", Service: "s", Mapping: migrate.Mapping{
			Source:   migrate.Table{Name: "t", Key: []migrate.Column{id}, Columns: []migrate.Column{text("a")}, Preserve: []string{"ts"}},
			Target:   migrate.Table{Name: "t", Key: []migrate.Column{id}, Columns: []migrate.Column{text("b")}},
			Forward:  []migrate.Assignment{{Column: "b", Value: "CONCAT($row.`a`, '<&>')"}},
			Backward: []migrate.Assignment{{Column: "a", Value: "$row.`b`"}},
		}},
		Reads:    Reads{Ramp: DefaultRamp(), Soak: Duration(DefaultSoak), Shadow: Shadow{Sample: 1000, Min: 1000}},
		Backfill: Backfill{ChunkTarget: Duration(DefaultChunkTarget), MaxThreadsRunning: 50, MaxReplicaLag: Duration(5 * time.Second)},
		Steps: []Step{{
			From: migrate.Planned, To: migrate.Expanded, Work: migrate.WorkExpand, SQL: []string{"ALTER TABLE t ADD COLUMN b VARCHAR(20) NULL"},
			Gates: []Gate{{Guard: migrate.GuardSignedOff, Words: "words"}},
		}},
		Facts: Facts{Server: Server{Flavour: MySQL, Version: "9.7.4"}},
	}
	expand := mustParse(t, "ALTER TABLE t ADD COLUMN b VARCHAR(20) NULL")
	p.Expand, p.Undo, p.Contract = statements(expand), undo(expand), statements(mustParse(t, "ALTER TABLE t DROP COLUMN a"))
	return p
}

// fixtureHash is a test vector. It changes only together with hashFormat.
const fixtureHash = "b9f159693a6a161c18c046ec98c94ac22059b5c781d1e1cae85d813ecc0598e5"

func TestHashVector(t *testing.T) {
	assert.Equal(t, fixtureHash, fixture(t).Hash(), string(fixture(t).canonical()))
}

func TestHashCoversWhatIsDone(t *testing.T) {
	for name, edit := range map[string]func(*Plan){
		"name":        func(p *Plan) { p.Change.Name = "y" },
		"expression":  func(p *Plan) { p.Change.Mapping.Forward[0].Value = "$row.`a`" },
		"collation":   func(p *Plan) { p.Change.Mapping.Source.Columns[0].Collation = "utf8mb4_general_ci" },
		"preserve":    func(p *Plan) { p.Change.Mapping.Source.Preserve = nil },
		"where":       func(p *Plan) { p.Change.Mapping.Where = "1" },
		"copy":        func(p *Plan) { p.Change.CopyOnRead = migrate.Yes },
		"expand":      func(p *Plan) { p.Expand[0].SQL += " FIRST" },
		"undo":        func(p *Plan) { p.Undo = nil },
		"contract":    func(p *Plan) { p.Contract = nil },
		"ramp":        func(p *Plan) { p.Reads.Ramp = []uint16{migrate.RampFull} },
		"soak":        func(p *Plan) { p.Reads.Soak++ },
		"shadow":      func(p *Plan) { p.Reads.Shadow.Min = 0 },
		"deferred":    func(p *Plan) { p.Deferred = &Deferred{Table: "t"} },
		"indexes":     func(p *Plan) { p.Backfill.Indexes = IndexesWithRows },
		"backfill":    func(p *Plan) { p.Backfill.MaxThreadsRunning = 1000 },
		"connections": func(p *Plan) { p.Connections.Users = []string{"u"} },
		"gate":        func(p *Plan) { p.Steps[0].Gates = nil },
		"step":        func(p *Plan) { p.Steps[0].SQL = nil },
	} {
		p := fixture(t)
		edit(p)
		assert.NotEqual(t, fixture(t).Hash(), p.Hash(), name)
	}
	for name, edit := range map[string]func(*Plan){
		"server":   func(p *Plan) { p.Facts.Server = Server{Flavour: MariaDB, Version: "10.11"} },
		"rows":     func(p *Plan) { p.Facts.Source.Rows = 7 },
		"sample":   func(p *Plan) { p.Sample.Rows = 7 },
		"findings": func(p *Plan) { p.Findings = []Finding{{Code: CodeLossy}} },
		"words":    func(p *Plan) { p.Steps[0].Gates[0].Words, p.Steps[0].Release = "others", "another" },
	} {
		p := fixture(t)
		edit(p)
		assert.Equal(t, fixture(t).Hash(), p.Hash(), name)
	}
}

func TestMarshal(t *testing.T) {
	p := fixture(t)
	data, err := p.Marshal()
	require.NoError(t, err)
	got, err := Unmarshal(data)
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff(p, got))
	assert.Equal(t, p.Hash(), got.Hash())

	compact := &strings.Builder{}
	var v any
	require.NoError(t, json.Unmarshal(data, &v))
	require.NoError(t, json.NewEncoder(compact).Encode(v)) // as a JSON column may give it back
	got, err = Unmarshal([]byte(compact.String()))
	require.NoError(t, err)
	assert.Equal(t, p.Hash(), got.Hash())

	_, err = Unmarshal([]byte(strings.Replace(string(data), "VARCHAR(20) NULL", "VARCHAR(20) NOT NULL", 1)))
	require.ErrorIs(t, err, ErrEdited)
	got, err = Unmarshal([]byte(strings.Replace(string(data), `"column exists"`, `"table exists"`, 1)))
	require.NoError(t, err)
	assert.Equal(t, p.Expand, got.Expand, "effects are read from the statement")
	for _, bad := range []string{"", "{}", "[]", `{"hash":"x","plan":{"new":1}}`, string(data) + "{}"} {
		_, err = Unmarshal([]byte(bad))
		require.ErrorIs(t, err, ErrFormat, bad)
	}
}
