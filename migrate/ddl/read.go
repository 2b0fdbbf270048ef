package ddl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// reader reads the operations out of a parsed statement. The first problem
// stands; what comes after it does not matter.
type reader struct {
	statement     *Statement
	marks         []mark
	clause        int
	problem, hint string
}

func (r *reader) refuse(hint, problem string, args ...any) {
	if r.problem == "" {
		r.problem, r.hint = fmt.Sprintf(problem, args...), hint
	}
}

// add adds an operation.
func (r *reader) add(o Operation) { r.statement.operations = append(r.statement.operations, o) }

// on says what the statement is and which tables it acts on.
func (r *reader) on(form Form, tables ...*ast.TableName) {
	r.statement.Form = form
	for _, t := range tables {
		if t.Schema.O != "" {
			r.refuse("leave the database's name out", "it names the database %s", t.Schema.O)
		}
		r.statement.Tables = append(r.statement.Tables, t.Name.O)
	}
}

// read reads a statement.
func (r *reader) read(node ast.StmtNode) {
	switch s := node.(type) {
	case *ast.AlterTableStmt:
		r.on(AlterTable, s.Table)
		r.alter(s)
	case *ast.CreateTableStmt:
		r.create(s)
	case *ast.CreateIndexStmt:
		r.on(CreateIndex, s.Table)
		r.live(s.IfNotExists)
		r.chosen(s.LockAlg)
		r.add(Operation{Kind: indexKind(s.KeyType, s.IndexPartSpecifications), Name: s.IndexName})
	case *ast.DropIndexStmt:
		r.on(DropIndex, s.Table)
		r.live(s.IfExists)
		r.chosen(s.LockAlg)
		r.statement.indexName = s.IndexName
		r.dropIndex(s.IndexName)
	case *ast.DropTableStmt:
		kind := DropTableOp
		if r.on(DropTable, s.Tables...); s.IsView {
			kind, r.statement.Form = DropViewOp, DropView
		}
		r.live(s.IfExists)
		for _, t := range s.Tables {
			r.add(Operation{Kind: kind, Name: t.Name.O})
		}
	case *ast.RenameTableStmt:
		r.on(RenameTable)
		for _, t := range s.TableToTables {
			r.on(RenameTable, t.OldTable)
			r.here(t.NewTable)
			r.add(Operation{Kind: RenameTableOp, Name: t.OldTable.Name.O, To: t.NewTable.Name.O})
		}
	case *ast.TruncateTableStmt:
		r.on(Truncate, s.Table)
		r.add(Operation{Kind: TruncateOp, Name: s.Table.Name.O})
	case *ast.CreateViewStmt:
		r.on(CreateView, s.ViewName)
		r.add(Operation{Kind: CreateViewOp, Name: s.ViewName.Name.O})
	default:
		r.refuse("use ALTER TABLE, CREATE, DROP, RENAME or TRUNCATE TABLE, CREATE or DROP INDEX, CREATE or DROP VIEW",
			"%s is not DDL on a table", r.verb())
	}
}

// verb returns the statement's first words, for a message.
func (r *reader) verb() string {
	words := strings.Fields(r.statement.Text)
	n := 1
	if len(words) > 1 && slices.Contains([]string{"CREATE", "ALTER", "DROP", "LOCK", "START"}, strings.ToUpper(words[0])) {
		n = 2
	}
	return strings.ToUpper(strings.Join(words[:n], " "))
}

// live refuses a condition on what is there.
func (r *reader) live(conditional bool) {
	if conditional {
		r.refuse(hintLive, "it says IF EXISTS or IF NOT EXISTS")
	}
}

// chosen refuses a clause that is for us to write.
func (r *reader) chosen(clause *ast.IndexLockAndAlgorithm) {
	if clause != nil {
		r.refuse(hintChosen, "it says which ALGORITHM or LOCK to use")
	}
}

// here refuses a name in another database.
func (r *reader) here(t *ast.TableName) {
	if t.Schema.O != "" {
		r.refuse("leave the database's name out", "it names the database %s", t.Schema.O)
	}
}

// create reads a CREATE TABLE.
func (r *reader) create(s *ast.CreateTableStmt) {
	r.on(CreateTable, s.Table)
	r.live(s.IfNotExists)
	if s.TemporaryKeyword != ast.TemporaryNone {
		r.refuse("create a table that stays", "it creates a temporary table")
	}
	for _, c := range s.Cols {
		r.definition(c)
	}
	if s.Select != nil {
		r.refuse("create the table empty: the backfill copies the rows", "it fills the table with AS SELECT")
	}
	r.add(Operation{Kind: CreateTableOp, Name: s.Table.Name.O})
}

// indexKind returns the operation that adds an index.
func indexKind(tp ast.IndexKeyType, parts []*ast.IndexPartSpecification) Kind {
	switch tp {
	case ast.IndexKeyTypeFulltext:
		return AddFulltext
	case ast.IndexKeyTypeSpatial:
		return AddSpatial
	}
	for _, p := range parts {
		if p.Expr != nil {
			return AddExpressionIndex
		}
	}
	if tp == ast.IndexKeyTypeUnique {
		return AddUnique
	}
	return AddIndex
}

// dropIndex adds the dropping of an index, which may be the primary key.
func (r *reader) dropIndex(name string) {
	if strings.EqualFold(name, "PRIMARY") {
		r.add(Operation{Kind: DropPrimaryKey})
		return
	}
	r.add(Operation{Kind: DropAnyIndex, Name: name})
}
