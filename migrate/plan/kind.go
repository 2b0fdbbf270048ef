package plan

import (
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// clause is one operation of an alter statement, and what it stands on.
type clause struct {
	at Scalar
	// table is the table before the operation, after what the server makes of it
	// on a scratch table; after is nil where it cannot be tried there.
	table, after *table
	flavour      Flavour
	// spec is the operation of an ALTER TABLE; CREATE INDEX and DROP INDEX are
	// given as the ALTER TABLE that they are short for.
	spec *ast.AlterTableSpec
	// text is the operation as SQL, written back from what was understood.
	text string
}

// derived is what one operation becomes.
type derived struct {
	// Kind is the kind of operation, for people and for the docs.
	kind   string
	course migrate.Course
	// expand, undo and contract are as in a Plan.
	expand, undo, contract []Statement
	// fits are the rows that the server would refuse.
	fits []Fit
	// code says what the application's code has to do.
	code Obligation
}

// Obligation says what the application's code has to do about a change of the
// schema alone.
type Obligation struct {
	// Before is what every live release has to do before the DDL; empty is
	// nothing.
	Before string `json:"before,omitempty"`
	// After is what releases may or must do once it is done.
	After string `json:"after,omitempty"`
}

// deriveFunc makes a change of one operation, or says why there is none.
type deriveFunc func(c *clause) (derived, *refusal)

// kinds is how each operation on a live table becomes a change. What is not
// here is refused by name.
var kinds = map[ast.AlterTableType]deriveFunc{
	ast.AlterTableAddColumns:     addColumn,
	ast.AlterTableDropColumn:     dropColumn,
	ast.AlterTableModifyColumn:   modifyColumn,
	ast.AlterTableAlterColumn:    changeDefault,
	ast.AlterTableAddConstraint:  addConstraint,
	ast.AlterTableDropIndex:      dropIndex,
	ast.AlterTableRenameIndex:    renameIndex,
	ast.AlterTableIndexInvisible: indexVisibility,
	ast.AlterTableDropForeignKey: dropForeignKey,
	ast.AlterTableDropCheck:      dropCheck,
	ast.AlterTableOption:         tableOption,
	ast.AlterTableForce:          rebuildTable,
}

// elsewhere are operations that are no change of the schema alone, with what to
// do instead.
var elsewhere = map[ast.AlterTableType]struct{ what, remedy string }{
	ast.AlterTableRenameColumn: {"running code would lose the old name at once", "underpin plan \"ALTER TABLE … RENAME COLUMN …\" writes a change that keeps both names in step"},
	ast.AlterTableChangeColumn: {"running code would lose the old name at once", "underpin plan \"ALTER TABLE … CHANGE COLUMN …\" writes a change that keeps both columns in step"},
	ast.AlterTableRenameTable:  {"running code would lose the old name at once", "write RENAME TABLE old TO new, as a statement of its own"},
	ast.AlterTableDropPrimaryKey: {"rows are named by the primary key, by underpin, by replicas and by the code",
		"underpin plan \"ALTER TABLE … DROP PRIMARY KEY, ADD PRIMARY KEY (…)\" writes a change that keeps two tables in step"},
	ast.AlterTableAddPartitions:      {"partitions say how rows lie, not what they mean: no release notices", "carry it out by hand at a quiet time"},
	ast.AlterTableDropPartition:      {"it deletes every row of the partition at once", "carry it out by hand, when nobody needs the rows"},
	ast.AlterTablePartition:          {"it copies the table while writers wait", remedyTable},
	ast.AlterTableRemovePartitioning: {"it copies the table while writers wait", remedyTable},
	ast.AlterTableExchangePartition:  {"it swaps the rows of two tables at once", "carry it out by hand"},
	ast.AlterTableDiscardTablespace:  {"it takes the table's rows away", "carry it out by hand"},
	ast.AlterTableImportTablespace:   {"it replaces the table's rows", "carry it out by hand"},
	ast.AlterTableEnableKeys:         {"it is for MyISAM", "leave it out"},
	ast.AlterTableDisableKeys:        {"it is for MyISAM", "leave it out"},
	ast.AlterTableOrderByColumns:     {"InnoDB keeps rows in the order of the primary key", "leave it out"},
	ast.AlterTableAlgorithm:          {"underpin chooses the algorithm", "leave it out; apply has --allow-copy"},
	ast.AlterTableLock:               {"underpin chooses the lock", "leave it out; apply has --allow-copy"},
}

const remedyTable = "underpin plan \"ALTER TABLE …\" writes a change that keeps two tables in step"

// refused returns why an operation is no change of the schema alone, whatever
// the table is like; nil if it may be one.
func (c *clause) refused() *refusal {
	if c.spec.IfExists || c.spec.IfNotExists {
		return refuse(CodeDDLForbidden, remedyLive, "it says IF EXISTS or IF NOT EXISTS")
	}
	if why, ok := elsewhere[c.spec.Tp]; ok {
		return refuse(CodeDDLForbidden, why.remedy, "%s: %s", c.text, why.what)
	}
	if kinds[c.spec.Tp] == nil {
		return refuse(CodeDDLForbidden, "carry it out by hand, or write a change file with a target of its own",
			"%s: underpin has no safe way for it", c.text)
	}
	switch c.spec.Tp {
	case ast.AlterTableAddColumns:
		return allowColumns(c.spec.NewColumns)
	case ast.AlterTableModifyColumn:
		return allowColumns(c.spec.NewColumns, c.already()...)
	}
	return nil
}

// already returns what the column of a MODIFY is before it, of what a column may
// not become.
func (c *clause) already() []ast.ColumnOptionType {
	if was, ok := c.table.column(c.spec.NewColumns[0].Name.Name.O); ok && was.AutoIncrement {
		return []ast.ColumnOptionType{ast.ColumnOptionAutoIncrement}
	}
	return nil
}

// derive returns what an operation that is not refused becomes.
func (c *clause) derive() (derived, *refusal) { return kinds[c.spec.Tp](c) }

// alter returns an ALTER TABLE of the clause's table with its effects.
func (c *clause) alter(rest string, effects ...Effect) Statement {
	return Statement{
		SQL: "ALTER TABLE " + mysqlx.Quote(c.table.name) + " " + rest, Kind: AlterTable, Table: c.table.name, Effects: effects,
	}
}

// effect returns an effect on the clause's table.
func (c *clause) effect(kind EffectKind, name string) Effect {
	return Effect{Kind: kind, Table: c.table.name, Name: name}
}

// column returns a column that the operation names, or refuses.
func (c *clause) column(name string) (column, *refusal) {
	col, ok := c.table.column(name)
	if !ok {
		return col, refuse(CodeColumnUnknown, "correct the name", "table %s has no column %s", c.table.name, name)
	}
	return col, nil
}
