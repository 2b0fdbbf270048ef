package review

import (
	"maps"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
)

// state is the schema as the statements before the present one leave it. A
// table in it is never changed, only replaced by another: statements keep the
// tables they found.
type state struct {
	tables   map[string]*Table
	defaults charsets
}

// charsets are what a definition gets that names no character set.
type charsets struct {
	charset    string
	collations map[string]string
}

// Collations that a character set has where nothing else is said. From MySQL
// 8.0 and MariaDB 10.11; servers that are read say it themselves.
func defaultCharsets(f ddl.Flavour) charsets {
	c := charsets{"utf8mb4", map[string]string{
		"utf8mb4": "utf8mb4_0900_ai_ci", "utf8mb3": "utf8mb3_general_ci",
		"latin1": "latin1_swedish_ci", "ascii": "ascii_general_ci",
	}}
	if f == ddl.MariaDB {
		c.collations["utf8mb4"] = "utf8mb4_general_ci"
	}
	return c
}

func newState(server ddl.Server) *state {
	return &state{tables: map[string]*Table{}, defaults: defaultCharsets(server.Flavour)}
}

// overlay puts what a server says in the place of what the past migrations say:
// facts are of the present.
func (st *state) overlay(facts *Facts) {
	if facts == nil {
		return
	}
	for _, t := range facts.Tables {
		if len(t.Columns) > 0 { // else nothing but its size is known
			st.tables[fold(t.Name)] = &Table{Table: t.Table, Complete: true, ForeignTables: t.ForeignTables}
		}
	}
}

// see records in the statement the tables that it names.
func (st *state) see(s *Statement) {
	for _, name := range namedTables(s.Node) {
		if t := st.tables[fold(name)]; t != nil {
			if s.before == nil {
				s.before = map[string]*Table{}
			}
			s.before[fold(name)] = t
		}
	}
}

// replay carries a statement out.
func (st *state) replay(s *Statement) {
	set := 0
	if s.Migration.Standing != Past {
		set = s.Migration.Set + 1
	}
	switch n := s.Node.(type) {
	case *ast.CreateTableStmt:
		st.create(n, set)
	case *ast.DropTableStmt:
		for _, t := range n.Tables {
			delete(st.tables, t.Name.L)
		}
	case *ast.RenameTableStmt:
		for _, t := range n.TableToTables {
			st.rename(t.OldTable.Name, t.NewTable.Name)
		}
	case *ast.AlterTableStmt:
		t := st.change(n.Table.Name)
		for _, spec := range n.Specs {
			t.alter(spec, set, st.defaults)
		}
		for _, spec := range n.Specs {
			if spec.Tp == ast.AlterTableRenameTable {
				st.rename(n.Table.Name, spec.NewTable.Name)
			}
		}
	case *ast.CreateIndexStmt:
		st.change(n.Table.Name).addIndex(n.IndexName, n.KeyType == ast.IndexKeyTypeUnique, n.IndexPartSpecifications)
	case *ast.DropIndexStmt:
		st.change(n.Table.Name).dropIndex(n.IndexName)
	}
}

// change returns a copy of a table that may be changed and stands in the
// table's place.
func (st *state) change(name ast.CIStr) *Table {
	t := &Table{Table: ddl.Table{Name: name.O, Charset: st.defaults.charset, DefaultCollations: st.defaults.collations}}
	if old := st.tables[name.L]; old != nil {
		*t = *old
		t.Columns, t.Indexes = slices.Clone(old.Columns), slices.Clone(old.Indexes)
		t.ForeignKeys, t.Checks = slices.Clone(old.ForeignKeys), slices.Clone(old.Checks)
		t.ForeignTables, t.added = slices.Clone(old.ForeignTables), maps.Clone(old.added)
	}
	st.tables[name.L] = t
	return t
}

func (st *state) rename(from, to ast.CIStr) {
	t := st.tables[from.L]
	if t == nil {
		return
	}
	delete(st.tables, from.L)
	renamed := *t
	renamed.Name = to.O
	st.tables[to.L] = &renamed
}

// create makes a table. One that is there stays with IF NOT EXISTS.
func (st *state) create(n *ast.CreateTableStmt, set int) {
	if st.tables[n.Table.Name.L] != nil && n.IfNotExists {
		return
	}
	t := &Table{Complete: n.Select == nil && n.ReferTable == nil, made: set}
	t.Table = ddl.Table{
		Name: n.Table.Name.O, Engine: "innodb", RowFormat: "dynamic",
		Charset: st.defaults.charset, DefaultCollations: st.defaults.collations,
	}
	if n.ReferTable != nil {
		if like := st.tables[n.ReferTable.Name.L]; like != nil {
			t.Columns, t.Indexes, t.Complete = like.Columns, like.Indexes, like.Complete
		}
	}
	t.options(n.Options)
	for _, c := range n.Cols {
		t.addColumn(c, nil, set)
	}
	// An index that is written down serves a foreign key that comes before it.
	for _, foreign := range []bool{false, true} {
		for _, c := range n.Constraints {
			if (c.Tp == ast.ConstraintForeignKey) == foreign {
				t.addConstraint(c)
			}
		}
	}
	if n.Partition != nil {
		t.Partitioning = strings.ToUpper(n.Partition.Tp.String())
	}
	st.tables[n.Table.Name.L] = t
}
