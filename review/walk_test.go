package review_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

// names is the parser's own way through a tree; it collects what rules ask for.
type names struct{ found map[string]int }

func (v names) Enter(n ast.Node) (ast.Node, bool) {
	v.add(n)
	return n, false
}

func (v names) Leave(n ast.Node) (ast.Node, bool) { return n, true }

func (v names) add(n ast.Node) {
	switch n := n.(type) {
	case *ast.ColumnName:
		v.found["column "+n.Name.L]++
	case *ast.TableName:
		v.found["table "+n.Name.L]++
	case *ast.FuncCallExpr:
		v.found["function "+n.FnName.L]++
	case *ast.SubqueryExpr:
		v.found["subquery"]++
	case ast.ValueExpr:
		v.found[fmt.Sprint("value ", n.GetValue())]++
	}
}

// Walk finds what the parser's own Accept finds.
func TestWalk(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"SELECT a, COUNT(b) AS n, (SELECT MAX(x) FROM s) FROM t JOIN u USING (id) LEFT JOIN w ON w.id = t.id WHERE a IN (1, 2) AND NOT (b LIKE 'x%' OR c BETWEEN 1 AND d + 1) GROUP BY a HAVING n > 1 ORDER BY LOWER(a) DESC LIMIT 3 OFFSET 4",
		"SELECT a FROM t UNION ALL SELECT b FROM u ORDER BY 1",
		"WITH RECURSIVE x (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM x WHERE i < 10) SELECT i FROM x",
		"SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b ROWS 3 PRECEDING) FROM t",
		"SELECT CASE a WHEN 1 THEN b ELSE -c END, CAST(d AS CHAR), e IS NULL, f IN (SELECT g FROM h), EXISTS (SELECT 1 FROM i) FROM t",
		"INSERT INTO t (a, b) VALUES (1, UPPER('x')), (DEFAULT, NULL) ON DUPLICATE KEY UPDATE a = VALUES(a) + 1",
		"INSERT INTO t (a) SELECT b FROM u WHERE c = 1",
		"UPDATE t, u SET t.a = u.b + 1 WHERE t.id = u.id", "UPDATE t SET a = b + 1 WHERE c = 2 ORDER BY d LIMIT 2",
		"DELETE t FROM t JOIN u ON t.id = u.id WHERE u.x = '0000-00-00'",
		"CREATE TABLE t (id BIGINT PRIMARY KEY DEFAULT (UUID()), b INT AS (LOWER(c)) STORED, CHECK (d > 1), KEY k (e, (f + 1)), FOREIGN KEY (g) REFERENCES p (h)) PARTITION BY HASH (i)",
		"CREATE VIEW v AS SELECT a FROM t WHERE b = NOW()",
		"SET @x = (SELECT MAX(a) FROM t)",
	} {
		nodes, _, err := parser.New().ParseSQL(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		own, theirs := names{map[string]int{}}, names{map[string]int{}}
		review.Walk(nodes[0], func(n ast.Node) bool {
			own.add(n)
			return true
		})
		nodes[0].Accept(theirs)
		for name, n := range theirs.found {
			if own.found[name] < n {
				t.Errorf("%s: %s is found %d times, not %d", text, name, own.found[name], n)
			}
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(theirs.found)), slices.Sorted(maps.Keys(own.found))); diff != "" {
			t.Logf("%s: Walk finds more (-Accept +Walk):\n%s", text, diff)
		}
	}
}

func TestWalkLeavesOut(t *testing.T) {
	t.Parallel()
	nodes, _, err := parser.New().ParseSQL("SELECT a FROM t WHERE b = (SELECT c FROM u)")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	review.Walk(nodes[0], func(n ast.Node) bool {
		if c, ok := n.(*ast.ColumnName); ok {
			found = append(found, c.Name.L)
		}
		_, sub := n.(*ast.SubqueryExpr)
		return !sub
	})
	slices.Sort(found)
	if diff := cmp.Diff([]string{"a", "b"}, found); diff != "" {
		t.Error(diff)
	}
	review.Walk(nil, func(ast.Node) bool { t.Error("nothing is visited"); return true })
}
