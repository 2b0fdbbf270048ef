package usage

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
)

var _ ast.Visitor = (*resolver)(nil)

// Enter implements ast.Visitor: it opens the scopes and resolves the names.
func (r *resolver) Enter(n ast.Node) (ast.Node, bool) {
	switch x := n.(type) {
	case *ast.SelectStmt:
		r.query(x)
	case *ast.SetOprStmt:
		if x.With != nil {
			s := &scope{}
			r.push(x, s)
			r.declare(s, x.With)
		}
	case *ast.InsertStmt:
		r.insert(x)
	case *ast.UpdateStmt:
		r.modify(x, x.With, x.TableRefs)
	case *ast.DeleteStmt:
		r.modify(x, x.With, x.TableRefs)
	case *ast.LoadDataStmt:
		s := r.base(x.Table, "")
		r.push(x, &scope{sources: []source{s}})
		if len(x.ColumnsAndUserVars) == 0 {
			r.hitStar(s, "LOAD DATA without a list of columns")
		}
	case *ast.AlterTableStmt:
		r.push(x, &scope{sources: []source{r.base(x.Table, "")}})
		r.alter(x)
	case *ast.CreateTableStmt:
		r.push(x, &scope{sources: []source{r.base(x.Table, "")}})
	case *ast.CreateIndexStmt:
		r.push(x, &scope{sources: []source{r.base(x.Table, "")}})
		r.hitIndex(r.tableKey(x.Table), x.IndexName, Changes)
	case *ast.DropIndexStmt:
		r.hitIndex(r.tableKey(x.Table), x.IndexName, Changes)
	case *ast.DeleteTableList:
		return n, true // they are aliases, and stand in FROM as well
	case *ast.OrderByClause:
		r.inner().ordered++
	case *ast.Join:
		if x.NaturalJoin {
			r.natural(x)
		}
	case *ast.SelectField:
		if x.WildCard != nil {
			r.wildcard(x.WildCard)
		}
	case *ast.TableName:
		r.table(x)
	case *ast.DefaultExpr:
		if x.Name != nil {
			r.column(x.Name)
		}
	case *ast.ColumnName:
		r.column(x)
		return n, true
	}
	return n, false
}

// Leave implements ast.Visitor.
func (r *resolver) Leave(n ast.Node) (ast.Node, bool) {
	if _, ok := n.(*ast.OrderByClause); ok {
		r.inner().ordered--
	}
	if r.pushed[n] {
		delete(r.pushed, n)
		r.scopes = r.scopes[:len(r.scopes)-1]
	}
	return n, true
}

// query opens the scope of a SELECT.
func (r *resolver) query(x *ast.SelectStmt) {
	s := &scope{aliases: map[string]bool{}}
	r.push(x, s)
	r.declare(s, x.With)
	if x.From != nil {
		s.sources = r.sources(x.From.TableRefs)
	}
	if x.Fields == nil {
		return
	}
	for _, f := range x.Fields.Fields {
		if f.AsName.O != "" {
			s.aliases[fold(f.AsName.O)] = true
		}
	}
}

// insert opens the scope of an INSERT or REPLACE.
func (r *resolver) insert(x *ast.InsertStmt) {
	s := &scope{}
	r.push(x, s)
	s.sources = r.sources(x.Table.TableRefs)
	for _, into := range s.sources {
		if len(x.Columns) == 0 && !x.Setlist {
			r.hitStar(into, "INSERT without a list of columns")
		}
		into.alias = rowAlias
		into.columns = nil // known by its qualifier only
		s.sources = append(s.sources, into)
	}
}

// modify opens the scope of an UPDATE or DELETE.
func (r *resolver) modify(n ast.Node, with *ast.WithClause, from *ast.TableRefsClause) {
	s := &scope{}
	r.push(n, s)
	r.declare(s, with)
	s.sources = r.sources(from.TableRefs)
}

// declare adds the common table expressions to a scope.
func (r *resolver) declare(s *scope, with *ast.WithClause) {
	if with == nil {
		return
	}
	s.ctes = map[string]map[string]bool{}
	for _, c := range with.CTEs {
		name := fold(c.Name.O)
		if c.IsRecursive {
			s.ctes[name] = nil // it may name itself
		}
		columns := r.outputs(c.Query.Query)
		if len(c.ColNameList) > 0 {
			columns = map[string]bool{}
			for _, column := range c.ColNameList {
				columns[fold(column.O)] = true
			}
		}
		s.ctes[name] = columns
	}
}

// base is a table of the database as a source.
func (r *resolver) base(n *ast.TableName, alias string) source {
	key := r.tableKey(n)
	if alias == "" {
		alias = key.name
	}
	if n.Schema.O == "" {
		if columns, ok := r.cte(key.name); ok {
			return source{alias: alias, columns: columns, derived: true}
		}
	}
	return source{alias: alias, table: key, columns: r.columnsOf(key)}
}

// sources lists what a FROM clause has.
func (r *resolver) sources(n ast.ResultSetNode) []source {
	switch x := n.(type) {
	case *ast.Join:
		out := r.sources(x.Left)
		if x.Right != nil {
			out = append(out, r.sources(x.Right)...)
		}
		return out
	case *ast.TableSource:
		alias := fold(x.AsName.O)
		switch from := x.Source.(type) {
		case *ast.TableName:
			return []source{r.base(from, alias)}
		case *ast.Join:
			return r.sources(from)
		}
		columns := r.outputs(x.Source)
		if len(x.ColumnNames) > 0 {
			columns = map[string]bool{}
			for _, c := range x.ColumnNames {
				columns[fold(c.O)] = true
			}
		}
		return []source{{alias: alias, columns: columns, derived: true}}
	case *ast.TableName:
		return []source{r.base(x, "")}
	}
	return nil
}

// outputs are the names of the columns that a query yields.
func (r *resolver) outputs(n ast.Node) map[string]bool {
	switch x := n.(type) {
	case *ast.SetOprStmt: // the first query names the columns
		s := &scope{}
		r.scopes = append(r.scopes, s)
		defer func() { r.scopes = r.scopes[:len(r.scopes)-1] }()
		r.declare(s, x.With)
		if x.SelectList != nil && len(x.SelectList.Selects) > 0 {
			return r.outputs(x.SelectList.Selects[0])
		}
	case *ast.SetOprSelectList:
		if len(x.Selects) > 0 {
			return r.outputs(x.Selects[0])
		}
	case *ast.SelectStmt:
		return r.selected(x)
	}
	return nil
}

// selected are the names in a select list.
func (r *resolver) selected(x *ast.SelectStmt) map[string]bool {
	s := &scope{}
	r.scopes = append(r.scopes, s)
	defer func() { r.scopes = r.scopes[:len(r.scopes)-1] }()
	r.declare(s, x.With)
	var from []source
	if x.From != nil {
		from = r.sources(x.From.TableRefs)
	}
	out := map[string]bool{}
	if x.Fields == nil {
		return out
	}
	for _, f := range x.Fields.Fields {
		switch {
		case f.WildCard != nil:
			for _, s := range from {
				if f.WildCard.Table.O == "" || fold(f.WildCard.Table.O) == s.alias {
					for c := range s.columns {
						out[c] = true
					}
				}
			}
		case f.AsName.O != "":
			out[fold(f.AsName.O)] = true
		default:
			if c, ok := f.Expr.(*ast.ColumnNameExpr); ok {
				out[fold(c.Name.Name.O)] = true
			}
		}
	}
	return out
}

// wildcard records a use of every column by * or t.*.
func (r *resolver) wildcard(w *ast.WildCardField) {
	if w.Table.O == "" {
		for _, s := range r.inner().sources {
			r.hitStar(s, "")
		}
		return
	}
	for i := len(r.scopes) - 1; i >= 0; i-- {
		for _, s := range r.scopes[i].sources {
			if s.alias == fold(w.Table.O) {
				r.hitStar(s, "")
				return
			}
		}
	}
}

// natural records that a NATURAL JOIN compares every column that both have.
func (r *resolver) natural(x *ast.Join) {
	for _, s := range r.sources(x) {
		r.hitStar(s, "NATURAL JOIN")
	}
}

// table records a use of a table, and of the indexes that its hints name.
func (r *resolver) table(n *ast.TableName) {
	key := r.tableKey(n)
	if n.Schema.O == "" {
		if _, ok := r.cte(key.name); ok {
			return
		}
	}
	r.hitTable(key)
	for _, h := range n.IndexHints {
		for _, index := range h.IndexNames {
			r.hitIndex(key, index.O, Hint)
		}
	}
}

// alter records the indexes and columns that ALTER TABLE names without nodes
// of their own.
func (r *resolver) alter(x *ast.AlterTableStmt) {
	key := r.tableKey(x.Table)
	for _, s := range x.Specs {
		r.hitIndex(key, s.Name, Changes)
		r.hitIndex(key, s.FromKey.O, Changes)
		if s.IndexName.O != "" {
			r.hitIndex(key, s.IndexName.O, Changes)
		}
		for _, c := range []*ast.ColumnName{s.OldColumnName, s.NewColumnName} {
			if c != nil {
				r.hitColumn(key, fold(c.Name.O), Changes, "")
			}
		}
		for _, c := range s.NewColumns {
			r.hitColumn(key, fold(c.Name.Name.O), Changes, "")
		}
	}
}
