package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// What expand may contain. Everything that is not named here is refused:
//
//	ALTER TABLE source|target ADD COLUMN …            one or more, with position
//	                          ADD INDEX name (…)      not unique
//	                          ALTER COLUMN … SET DEFAULT …
//	                          MODIFY COLUMN …         that only loosens; see loosens
//	CREATE INDEX name ON source|target (…)            not unique
//	CREATE TABLE target (…) | LIKE source             a table change's target
//
// What contract may contain:
//
//	ALTER TABLE source DROP COLUMN …                  one or more
//	                   DROP INDEX …                   over a column that is dropped
//	DROP TABLE source                                 a table change's source

const (
	remedyExpand   = "expand may add columns and plain indexes, set defaults, loosen columns, and create the target table"
	remedyContract = "contract may drop columns of the source and indexes over them, or in a table change the source itself"
	remedyChosen   = "leave it out: underpin chooses it"
	saysHow        = "it says which ALGORITHM or LOCK to use"
	remedyLive     = "leave it out: underpin looks at the live schema to see what is done already"
)

// allowExpand checks one statement of expand against the list.
func allowExpand(d *ddl, f *File) *refusal {
	source, target := f.Source.Table.Text, f.Target.Table.Text
	if d.Table != source && d.Table != target {
		return refuse(CodeDDLTable, "write a change of its own for it", "it changes table %s, which is neither source nor target", d.Table)
	}
	switch s := d.node.(type) {
	case *ast.CreateTableStmt:
		if source == target || d.Table != target {
			return refuse(CodeDDLForbidden, "name the new table under target", "it creates table %s, which is not the target of a table change", d.Table)
		}
		return allowCreate(s, source)
	case *ast.CreateIndexStmt:
		if s.KeyType != ast.IndexKeyTypeNone {
			return refuse(CodeDDLForbidden, remedyExpand, "it creates an index that is not a plain one")
		}
		if s.IfNotExists {
			return refuse(CodeDDLForbidden, remedyLive, "it says IF NOT EXISTS")
		}
		if s.LockAlg != nil {
			return refuse(CodeDDLForbidden, remedyChosen, saysHow)
		}
		return nil
	case *ast.AlterTableStmt:
		for _, spec := range s.Specs {
			if r := allowSpec(spec); r != nil {
				return r
			}
		}
		if len(s.Specs) == 0 {
			return refuse(CodeDDLForbidden, remedyExpand, "it changes nothing")
		}
		return nil
	}
	return refuse(CodeDDLForbidden, remedyExpand, "%s has no place in expand", strings.ToUpper(string(d.Kind)))
}

// allowSpec checks one clause of an ALTER TABLE in expand.
func allowSpec(spec *ast.AlterTableSpec) *refusal {
	if spec.IfExists || spec.IfNotExists {
		return refuse(CodeDDLForbidden, remedyLive, "it says IF EXISTS or IF NOT EXISTS")
	}
	switch spec.Tp {
	case ast.AlterTableAddColumns:
		for _, c := range spec.NewConstraints {
			if r := allowIndex(c); r != nil {
				return r
			}
		}
		return allowColumns(spec.NewColumns)
	case ast.AlterTableAddConstraint:
		return allowIndex(spec.Constraint)
	case ast.AlterTableModifyColumn:
		return allowColumns(spec.NewColumns)
	case ast.AlterTableAlterColumn:
		if len(spec.NewColumns) == 1 && len(spec.NewColumns[0].Options) == 1 {
			return nil
		}
		return refuse(CodeDDLForbidden, remedyExpand, "it drops a default, on which running releases may rely")
	case ast.AlterTableAlgorithm, ast.AlterTableLock:
		return refuse(CodeDDLForbidden, remedyChosen, saysHow)
	}
	text, err := restore(spec)
	if err != nil {
		text = "a clause of it"
	}
	return refuse(CodeDDLForbidden, remedyExpand, "%s has no place in expand", text)
}

// allowIndex checks an index that an ALTER TABLE adds.
func allowIndex(c *ast.Constraint) *refusal {
	switch {
	case c.Tp != ast.ConstraintIndex && c.Tp != ast.ConstraintKey:
		return refuse(CodeDDLForbidden, remedyExpand, "it adds a constraint or an index that is not a plain one")
	case c.IfNotExists:
		return refuse(CodeDDLForbidden, remedyLive, "it says IF NOT EXISTS")
	case c.Name == "":
		return refuse(CodeDDLForbidden, "write ADD INDEX name (…)", "it adds an index without a name, so its presence cannot be looked up")
	}
	return nil
}

// forbiddenOptions are what a column added to a live table may not be.
var forbiddenOptions = map[ast.ColumnOptionType]string{
	ast.ColumnOptionPrimaryKey:    "PRIMARY KEY",
	ast.ColumnOptionUniqKey:       "UNIQUE",
	ast.ColumnOptionAutoIncrement: "AUTO_INCREMENT",
	ast.ColumnOptionReference:     "REFERENCES",
	ast.ColumnOptionCheck:         "CHECK",
	ast.ColumnOptionAutoRandom:    "AUTO_RANDOM",
	ast.ColumnOptionFulltext:      "FULLTEXT",
}

// allowColumns checks columns that an ALTER TABLE adds or modifies. What they are
// already no release runs into, and left out it would be taken away.
func allowColumns(cols []*ast.ColumnDef, already ...ast.ColumnOptionType) *refusal {
	for _, c := range cols {
		for _, o := range c.Options {
			if word, bad := forbiddenOptions[o.Tp]; bad && !slices.Contains(already, o.Tp) {
				return refuse(CodeDDLForbidden, "leave it out here", "column %s is %s, which running releases could run into",
					c.Name.Name.O, word)
			}
		}
	}
	return nil
}

// allowCreate checks the statement that creates the target.
func allowCreate(s *ast.CreateTableStmt, source string) *refusal {
	switch {
	case s.IfNotExists:
		return refuse(CodeDDLForbidden, remedyLive, "it says IF NOT EXISTS")
	case s.TemporaryKeyword != ast.TemporaryNone:
		return refuse(CodeDDLForbidden, "create a table that stays", "it creates a temporary table")
	case s.Select != nil:
		return refuse(CodeDDLForbidden, "the backfill copies the rows: create the table empty", "it fills the table with AS SELECT")
	case s.ReferTable != nil && s.ReferTable.Name.O != source:
		return refuse(CodeDDLForbidden, "use LIKE with the source only", "it is LIKE %s, which is not the source", s.ReferTable.Name.O)
	case s.ReferTable != nil && s.ReferTable.Schema.O != "":
		return refuse(CodeDDLForbidden, "leave the database's name out", "it names the database %s", s.ReferTable.Schema.O)
	}
	const noForeignKeys = "create the table without, and add it as a change of its own once the rows are there"
	for _, c := range s.Constraints {
		if c.Tp == ast.ConstraintForeignKey {
			return refuse(CodeDDLForbidden, noForeignKeys, "it has a foreign key")
		}
	}
	for _, c := range s.Cols {
		for _, o := range c.Options {
			if o.Tp == ast.ColumnOptionReference {
				return refuse(CodeDDLForbidden, noForeignKeys, "column %s has a foreign key", c.Name.Name.O)
			}
		}
	}
	return nil
}

// allowContract checks one statement of contract.
func allowContract(d *ddl, f *File) *refusal {
	if d.Table != f.Source.Table.Text {
		return refuse(CodeDDLTable, remedyContract, "it changes table %s, which is not the source", d.Table)
	}
	switch s := d.node.(type) {
	case *ast.DropTableStmt:
		if f.Source.Table.Text == f.Target.Table.Text {
			return refuse(CodeContractDrops, remedyContract, "it drops the table that the target's columns are in")
		}
		if s.IfExists {
			return refuse(CodeDDLForbidden, remedyLive, "it says IF EXISTS")
		}
		if s.TemporaryKeyword != ast.TemporaryNone {
			return refuse(CodeDDLForbidden, remedyContract, "it drops a temporary table")
		}
		return nil
	case *ast.AlterTableStmt:
		for _, spec := range s.Specs {
			if spec.Tp != ast.AlterTableDropColumn && spec.Tp != ast.AlterTableDropIndex {
				return refuse(CodeDDLForbidden, remedyContract, "it does more than drop columns and their indexes")
			}
			if spec.IfExists {
				return refuse(CodeDDLForbidden, remedyLive, "it says IF EXISTS")
			}
		}
		if len(s.Specs) == 0 {
			return refuse(CodeDDLForbidden, remedyContract, "it changes nothing")
		}
		return nil
	}
	return refuse(CodeDDLForbidden, remedyContract, "%s has no place in contract", strings.ToUpper(string(d.Kind)))
}
