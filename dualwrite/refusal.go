package dualwrite

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// identityRaceError says that the follower holds the key of a row that this
// transaction has just written: another writer was faster. The unit is tried
// again.
type identityRaceError struct {
	change, key string
	err         error
}

func (e *identityRaceError) Error() string {
	return fmt.Sprintf("change %s: the other shape holds a row with the key %s already: %v", e.change, e.key, e.err)
}

func (e *identityRaceError) Unwrap() error { return e.err }

// explain turns what the server says about a mirror's statement into what it
// means for the application.
func (m *mirror) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	change := m.tx.change.name
	switch mysqlx.Classify(err) {
	case mysqlx.ClassDuplicate:
		index := indexOf(err)
		if index == "PRIMARY" {
			return &identityRaceError{change, m.named(), err}
		}
		key, other := m.collision(ctx, index)
		return &ConflictError{Change: change, Table: m.follower().Name, Index: index, Key: key, OtherKey: other, Err: err}
	case mysqlx.ClassValue:
		return &UnrepresentableError{
			Change: change, Table: m.follower().Name, Key: m.named(), Column: columnOf(err), Reason: err.Error(), Err: err,
		}
	}
	var unrepresentable *UnrepresentableError
	if errors.As(err, &unrepresentable) {
		return err
	}
	return fmt.Errorf("mirror of change %s: %w", change, err)
}

// follower is the shape that follows.
func (m *mirror) follower() migrate.Table {
	if m.direction == shape.Backward {
		return m.plan.mapper.Mapping().Source
	}
	return m.plan.mapper.Mapping().Target
}

// named names the touched rows, as far as there is room.
func (m *mirror) named() string {
	const most = 5
	var out []string
	for _, k := range m.keys[:min(len(m.keys), most)] {
		out = append(out, k.String())
	}
	text := strings.Join(out, "; ")
	if len(m.keys) > most {
		text += fmt.Sprintf("; and %d more", len(m.keys)-most)
	}
	return text
}

var (
	lastQuoted  = regexp.MustCompile(`'([^']*)'[^']*$`)
	columnNamed = regexp.MustCompile("(?i)column [`']([^ ]+?)[`'](?: |$)")
)

// indexOf returns the index that a duplicate-key error names, without its
// table: MySQL says 'users.email', MariaDB 'email'. Whatever the language of
// the message, it is what is quoted last.
func indexOf(err error) string {
	match := lastQuoted.FindStringSubmatch(err.Error())
	if match == nil {
		return ""
	}
	name := match[1]
	if at := strings.LastIndex(name, "."); at >= 0 {
		name = name[at+1:]
	}
	return name
}

// columnOf returns the column that an error about a value names, if it does.
func columnOf(err error) string {
	match := columnNamed.FindStringSubmatch(err.Error())
	if match == nil {
		return ""
	}
	parts := strings.Split(match[1], ".")
	return strings.Trim(parts[len(parts)-1], "`'")
}

const selectIndex = `/* underpin conflict */
SELECT COLUMN_NAME
FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
  AND INDEX_NAME = ?
ORDER BY SEQ_IN_INDEX`

// collision finds the two rows that collide in an index of the follower. It is
// for the message only: what cannot be found stays empty.
func (m *mirror) collision(ctx context.Context, index string) (key, other string) {
	key = m.named()
	columns := m.indexColumns(ctx, index)
	if len(columns) == 0 {
		return key, ""
	}
	query, args := inline(m.collisionQuery(columns))
	rows, err := m.tx.sql.QueryContext(ctx, query, args...)
	if err != nil {
		return key, ""
	}
	defer rows.Close()
	if !rows.Next() {
		return key, ""
	}
	n := len(m.follower().Key)
	parts := make([]string, 2*n)
	dest := make([]any, 2*n)
	for i := range parts {
		dest[i] = &parts[i]
	}
	if rows.Scan(dest...) != nil || rows.Err() != nil {
		return key, ""
	}
	return strings.Join(parts[:n], ", "), strings.Join(parts[n:], ", ")
}

func (m *mirror) indexColumns(ctx context.Context, index string) []string {
	rows, err := m.tx.sql.QueryContext(ctx, selectIndex, m.follower().Name, index)
	if err != nil {
		return nil
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		if rows.Scan(&name) != nil {
			return nil
		}
		out = append(out, name)
	}
	if rows.Err() != nil {
		return nil
	}
	return out
}

// collisionQuery joins the touched rows of the authority, as they would be
// mirrored, with the follower's rows that hold the same in the index's columns.
func (m *mirror) collisionQuery(columns []string) shape.Statement {
	mapping := m.plan.mapper.Mapping()
	authority, assignments := mapping.Source, mapping.Forward
	if m.direction == shape.Backward {
		authority, assignments = mapping.Target, mapping.Backward
	}
	follower := m.follower()
	const mine, other = "`mine`", "`other`"
	same := m.sameKey(authority, follower)
	on := []string{"NOT (" + same + ")"}
	for _, name := range columns {
		if value := valueOf(name, authority, follower, assignments); value != "" {
			on = append(on, other+"."+mysqlx.Quote(name)+" = "+value)
		}
	}
	var args []any
	where := make([]string, len(m.keys))
	for i, k := range m.keys {
		parts := make([]string, len(k))
		for j, c := range authority.Key {
			parts[j] = mine + "." + mysqlx.Quote(c.Name) + " = ?"
			args = append(args, k[j])
		}
		where[i] = "(" + strings.Join(parts, " AND ") + ")"
	}
	return shape.Statement{SQL: mysqlx.Marker("conflict "+m.tx.change.name) + fmt.Sprintf(
		"\nSELECT %s, %s\nFROM %s AS %s\nJOIN %s AS %s\n  ON %s\nWHERE %s\nLIMIT 1",
		mysqlx.QuoteList(mine, keyNames(authority)), mysqlx.QuoteList(other, keyNames(follower)),
		mysqlx.Quote(authority.Name), mine, mysqlx.Quote(follower.Name), other,
		strings.Join(on, "\n  AND "), strings.Join(where, " OR ")), Args: args}
}

func (m *mirror) sameKey(authority, follower migrate.Table) string {
	out := make([]string, len(follower.Key))
	for i := range out {
		out[i] = "`other`." + mysqlx.Quote(follower.Key[i].Name) + " = `mine`." + mysqlx.Quote(authority.Key[i].Name)
	}
	return strings.Join(out, " AND ")
}

// valueOf is what the mirror writes to a column of the follower; empty if it
// writes nothing there.
func valueOf(column string, authority, follower migrate.Table, assignments []migrate.Assignment) string {
	for _, a := range assignments {
		if strings.EqualFold(a.Column, column) {
			return a.Value.Over("`mine`")
		}
	}
	for i, c := range follower.Key {
		if strings.EqualFold(c.Name, column) {
			return "`mine`." + mysqlx.Quote(authority.Key[i].Name)
		}
	}
	return ""
}

func keyNames(t migrate.Table) []string {
	out := make([]string, len(t.Key))
	for i, c := range t.Key {
		out[i] = c.Name
	}
	return out
}
