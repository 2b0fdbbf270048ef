package ddl

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// Form is the form of a statement.
type Form string

// The forms that [Parse] accepts. Every other statement is refused by name.
const (
	AlterTable  Form = "ALTER TABLE"
	CreateTable Form = "CREATE TABLE"
	DropTable   Form = "DROP TABLE"
	RenameTable Form = "RENAME TABLE"
	Truncate    Form = "TRUNCATE TABLE"
	CreateIndex Form = "CREATE INDEX"
	DropIndex   Form = "DROP INDEX"
	CreateView  Form = "CREATE VIEW"
	DropView    Form = "DROP VIEW"
)

// Statement is one piece of DDL as its author wrote it.
type Statement struct {
	// Name is what Parse was told the text is, and Position where the
	// statement begins in it.
	Name     string
	Position Position
	// Text is the author's, from the first word to the last: without the
	// delimiter and the comments around it.
	Text string
	Form Form
	// Tables are the tables it acts on, or the view; more than one only for
	// DROP and RENAME. They are in the database of the connection.
	Tables []string

	node       ast.StmtNode
	operations []Operation
	// clause is the offset in Text behind the name of an altered table.
	clause int
	// indexName is the index that a DROP INDEX drops.
	indexName string
}

// Table returns the first of the tables.
func (s *Statement) Table() string {
	if len(s.Tables) == 0 {
		return ""
	}
	return s.Tables[0]
}

// Operations returns what the statement does, in the author's order, as
// elementary operations. A [ModifyColumn], [DropConstraint] or [ConvertCharset]
// among them is taken apart by [Resolve], which needs the present table.
func Operations(s *Statement) ([]Operation, error) {
	if s == nil || len(s.operations) == 0 {
		return nil, ErrUnsupported
	}
	return append([]Operation(nil), s.operations...), nil
}
