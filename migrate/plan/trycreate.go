package plan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// tryCreate has the server take a CREATE TABLE on scratch tables, without its
// foreign keys and then with each of them.
func (a *alteration) tryCreate(ctx context.Context) error {
	create := a.statements[0].(*ast.CreateTableStmt)
	if create.ReferTable != nil {
		return nil // like a table that is there
	}
	keys := takeForeign(create)
	checks := takeChecks(create)
	return withScratch(ctx, a.db, a.database, a.shadow(), func(s *scratch) error {
		create.Table.Name = ast.NewCIStr(s.source)
		text, err := restore(create)
		if err != nil {
			return err
		}
		list := []string{text}
		for _, c := range checks {
			expr, err := restore(c)
			if err != nil {
				return err
			}
			list = append(list, "ALTER TABLE "+mysqlx.Quote(s.source)+" ADD CHECK ("+expr+")")
		}
		for _, sql := range list {
			err := s.exec(ctx, "/* underpin plan */ "+sql)
			if mysqlx.Number(err) == syntaxError {
				return nil // it may be our writing of it that the server does not read
			}
			if ok, err := a.accepted(s, err, sql, a.at[0]); err != nil || !ok {
				return err
			}
		}
		for _, k := range keys {
			if err := a.tryKey(ctx, s, k, a.at[0]); err != nil || a.stopped() {
				return err
			}
		}
		return nil
	})
}

// takeForeign takes the foreign keys out of a CREATE TABLE and returns them.
func takeForeign(s *ast.CreateTableStmt) (keys []*ast.Constraint) {
	s.Constraints = slices.DeleteFunc(s.Constraints, func(c *ast.Constraint) bool {
		if c.Tp == ast.ConstraintForeignKey {
			keys = append(keys, c)
		}
		return c.Tp == ast.ConstraintForeignKey
	})
	for _, col := range s.Cols {
		col.Options = slices.DeleteFunc(col.Options, func(o *ast.ColumnOption) bool {
			if o.Tp == ast.ColumnOptionReference {
				part := []*ast.IndexPartSpecification{{Column: col.Name, Length: wholeColumn}}
				keys = append(keys, &ast.Constraint{Tp: ast.ConstraintForeignKey, Keys: part, Refer: o.Refer})
			}
			return o.Tp == ast.ColumnOptionReference
		})
	}
	return keys
}

// syntaxError is the servers' number of it.
const syntaxError = 1064

// wholeColumn is the parser's length of a part of a key that is a whole column.
const wholeColumn = -1

// tryKey has the server take a foreign key of the scratch table on copies of it
// and of the parent, so that no lock is taken on the parent itself.
func (a *alteration) tryKey(ctx context.Context, s *scratch, k *ast.Constraint, at Scalar) error {
	parent := k.Refer.Table.Name.O
	if k.Refer.Table.Schema.O != "" {
		return nil // in a database that is not looked into
	}
	like := parent
	if strings.EqualFold(parent, a.table) {
		like = s.source
	}
	of, err := readTable(ctx, s.conn, like)
	if errors.Is(err, errNoTable) {
		a.warn(CodeReferenced, oneLine(at.Text), at.Position, "a foreign key refers to table "+parent+", which is not there", "carry out the change that creates it first")
		return nil
	}
	if err != nil {
		return err
	}
	if of.kind != "BASE TABLE" {
		a.refuse(CodeReferenced, oneLine(at.Text), at.Position, "a foreign key refers to "+parent+", which is a "+strings.ToLower(of.kind), "refer to a table")
		return nil
	}
	child, err := readTable(ctx, s.conn, s.source)
	if err != nil {
		return err
	}
	for name, like := range map[string]string{s.target: s.source, s.parent: like} {
		if err := s.exec(ctx, "/* underpin plan */ CREATE TABLE "+mysqlx.Quote(name)+" LIKE "+mysqlx.Quote(like)); err != nil {
			return fmt.Errorf("copy the shape of %s to a scratch table: %w", like, explain(err))
		}
	}
	tried, refer := *k, *k.Refer
	refer.Table = &ast.TableName{Name: ast.NewCIStr(s.parent)}
	tried.Name, tried.Refer = s.parent+"_k", &refer
	text, err := restore(&tried)
	if err != nil {
		return err
	}
	if err := s.exec(ctx, "/* underpin plan */ ALTER TABLE "+mysqlx.Quote(s.target)+" ADD "+text); err != nil {
		words, ok := rejected(err)
		if !ok {
			return fmt.Errorf("try the foreign key to %s on a scratch table: %w", parent, explain(err))
		}
		words = strings.NewReplacer(tried.Name, cmp.Or(k.Name, "without a name"), s.target, a.table, s.source, a.table, s.parent, parent).Replace(words)
		a.refuse(CodeDDLRejected, oneLine(at.Text), at.Position,
			fmt.Sprintf("the foreign key of (%s) to %s (%s): %s", child.typed(k.Keys), parent, of.typed(k.Refer.IndexPartSpecifications), words),
			"give the columns of both tables the same type, sign, character set and collation, and the parent a unique index over its columns")
		return nil
	}
	for _, name := range []string{s.target, s.parent} { // the child first
		if err := s.exec(ctx, "/* underpin plan */ DROP TABLE "+mysqlx.Quote(name)); err != nil {
			return fmt.Errorf("drop the scratch table %s: %w", name, explain(err))
		}
	}
	return nil
}

// typed lists columns of a key with their types, for messages.
func (t *table) typed(parts []*ast.IndexPartSpecification) string {
	var out []string
	for _, p := range parts {
		c, ok := t.column(p.Column.Name.O)
		if !ok {
			out = append(out, p.Column.Name.O+", which is not there")
			continue
		}
		out = append(out, c.Name+" "+described(c))
	}
	return strings.Join(out, ", ")
}
