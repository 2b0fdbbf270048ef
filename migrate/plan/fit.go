package plan

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Fit finds rows that the server would refuse once the DDL is done. They have
// to be mended first; nobody but the application knows how.
type Fit struct {
	// What says in words what the rows have: "email is NULL".
	What string `json:"what"`
	// Query yields the rows, each as one text, without a LIMIT.
	Query string `json:"query"`
}

// unfitExamples is how many rows are shown.
const unfitExamples = 10

// Unfit returns up to ten of the rows that do not fit; none means that every
// row does. It reads with a plain SELECT and takes no lock on rows.
func Unfit(ctx context.Context, q mysqlx.Querier, f Fit) ([]string, error) {
	var out []string
	query := fmt.Sprintf("/* underpin fit */ %s\nLIMIT %d", f.Query, unfitExamples)
	err := mysqlx.EachRow(ctx, q, query, nil, func(rows *sql.Rows) error {
		var text sql.NullString
		if err := rows.Scan(&text); err != nil {
			return err
		}
		out = append(out, text.String)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for rows where %s: %w", f.What, explain(err))
	}
	return out, nil
}

// rowsWhere returns the query for the rows of a table that meet a condition,
// each shown by its key.
func (t *table) rowsWhere(cond string) string {
	return "SELECT " + t.shownKey("") + "\nFROM " + mysqlx.Quote(t.name) + "\nWHERE " + cond
}

// shownKey is an expression that shows a row's key: "id=7".
func (t *table) shownKey(alias string) string {
	key := t.primaryKey()
	if len(key) == 0 {
		return "'a row without a key'"
	}
	var parts []string
	for i, name := range key {
		sep := ", "
		if i == 0 {
			sep = ""
		}
		parts = append(parts, fmt.Sprintf("'%s%s=', %s%s", sep, strings.ReplaceAll(name, "'", "''"), alias, mysqlx.Quote(name)))
	}
	return "CONCAT(" + strings.Join(parts, ", ") + ")"
}

// primaryKey returns the columns of the primary key.
func (t *table) primaryKey() []string {
	for _, i := range t.indexes {
		if i.name == "PRIMARY" {
			return i.columns
		}
	}
	return nil
}
