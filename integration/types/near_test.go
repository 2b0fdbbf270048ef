package types

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/backfill"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// A write that changes one column by as little as can be, and nothing else, is
// mirrored: a comparison that is blind to it would leave the other shape behind.
func TestTheSmallestWriteIsMirrored(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s, migrate.TableChange, Columns(string(s.Engine())))
		w.backfill(backfill.Backfill)
		session, err := mysqlx.NewSession(t.Context(), w.db)
		require.NoError(t, err)
		defer session.Close()
		for _, d := range []struct {
			direction shape.Direction
			write     string
		}{{shape.Forward, "src"}, {shape.Backward, "dst"}} {
			for _, c := range w.columns {
				alone := w.alone(c)
				require.NoError(t, session.Tx(t.Context(), func(ctx context.Context) error {
					for _, near := range c.Pairs() {
						for _, v := range []string{near.A, near.B} {
							if err := alone.writeOne(ctx, session, d.direction, d.write, v); err != nil {
								return fmt.Errorf("%s %s: %s of %v: %w", d.direction, c.DDL, v, near, err)
							}
						}
					}
					return nil
				}))
			}
		}
	})
}

// writeOne writes a value of the one column to row 1 of a table, mirrors it and
// compares the two shapes.
func (w *world) writeOne(ctx context.Context, s *mysqlx.Session, d shape.Direction, table, v string) error {
	c := w.columns[0]
	name := mysqlx.Quote(c.Name)
	statements := []shape.Statement{{SQL: fmt.Sprintf("UPDATE %s SET %s = %s WHERE id = 1", table, name, v)}}
	for _, q := range append(statements, w.mapper.Reconcile(d, migrate.StepExact, shape.Keys(shape.Key{int64(1)}))...) {
		if _, err := s.Exec(ctx, q.SQL, q.Args...); err != nil {
			return err
		}
	}
	query := fmt.Sprintf("SELECT %s <=> %s FROM src JOIN dst ON dst.id = src.id WHERE src.id = 1", c.fingerprint("src."+name), c.fingerprint("dst."+name))
	if c.DDL == "JSON" { // documents with the same text need not be equal
		query = strings.Replace(query, " FROM", fmt.Sprintf(" AND src.%[1]s <=> dst.%[1]s FROM", name), 1)
	}
	var same bool
	if err := s.QueryRow(ctx, query, nil, &same); err != nil {
		return err
	}
	if !same {
		return errors.New("the other shape was left behind")
	}
	return nil
}

// alone is the world with nothing mapped but one column.
func (w *world) alone(c Column) *world {
	w.t.Helper()
	others := slices.DeleteFunc(slices.Clone(w.columns), c.is)
	mapper, err := shape.New(w.change.Name, without(w.change.Mapping, others))
	require.NoError(w.t, err)
	out := *w
	out.mapper, out.columns = mapper, []Column{c}
	return &out
}

// one reads a single value.
func (w *world) one(query string) string {
	w.t.Helper()
	var v string
	require.NoError(w.t, w.db.QueryRowContext(w.t.Context(), query).Scan(&v), query)
	return v
}

// What is called no difference is none for anybody who asks in SQL, and the
// verification is of the same mind.
func TestExemptionsAreInvisible(t *testing.T) {
	t.Parallel()
	text := []string{"HEX(CONCAT({v}))", "HEX({v})", "LENGTH({v})", "CHAR_LENGTH({v})", "CRC32({v})", "HEX(CAST({v} AS CHAR))", "SHA2({v}, 256)", "{v} + 0"}
	document := []string{"HEX(CONCAT({v}))", "LENGTH({v})", "SHA2({v}, 256)", "JSON_TYPE({v})", "JSON_LENGTH({v})", "JSON_TYPE(JSON_EXTRACT({v}, '$[0]'))", "JSON_STORAGE_SIZE({v})"}
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		var columns []Column
		var written []string
		for i, e := range Exemptions {
			if e.Engine.On(string(s.Engine())) {
				columns = append(columns, Column{Name: fmt.Sprintf("v%d", i), DDL: e.DDL, Values: []string{e.A}})
				written = append(written, e.B)
			}
		}
		w := newWorld(t, s, migrate.TableChange, columns)
		w.exec("INSERT INTO dst SELECT * FROM src WHERE id = 2")
		w.exec("INSERT INTO dst VALUES (1, " + strings.Join(written, ", ") + ")")
		for i, c := range columns {
			asks := text
			switch c.DDL {
			case "JSON":
				asks = document
			case "UUID": // is no number
				asks = slices.DeleteFunc(slices.Clone(text), func(ask string) bool { return strings.HasSuffix(ask, "+ 0") })
			}
			for _, ask := range asks {
				query := "SELECT COALESCE(" + of(ask, c.Name) + ", 'NULL') FROM %s WHERE id = 1"
				require.Equal(t, w.one(fmt.Sprintf(query, "src")), w.one(fmt.Sprintf(query, "dst")), "%s: %s and %s", ask, c.Values[0], written[i])
			}
		}
		w.requireClean(2)
	})
}

// What is called a limit is one: a function tells the two apart, their text and
// their equality do not, and the verification does not either.
func TestLimitsAreAsTheySay(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, l := range Limits {
			if !l.Engine.On(string(s.Engine())) {
				continue
			}
			w := newWorld(t, s, migrate.TableChange, []Column{{Name: "v", DDL: l.DDL, Values: []string{l.A}}})
			w.exec("INSERT INTO dst SELECT id, " + l.B + " FROM src WHERE id = 1")
			w.exec("INSERT INTO dst SELECT * FROM src WHERE id = 2")
			both := " FROM src JOIN dst ON dst.id = src.id WHERE src.id = 1"
			require.Equal(t, "1", w.one("SELECT "+of(l.Tell, "src.v")+" <> "+of(l.Tell, "dst.v")+both))
			require.Equal(t, "1", w.one("SELECT "+fingerprint("src.v")+" = "+fingerprint("dst.v")+" AND src.v = dst.v"+both))
			w.requireClean(2)
			// A copy keeps what the verification would not miss.
			w.exec("DELETE FROM dst")
			w.backfill(backfill.Backfill)
			require.Equal(t, "1", w.one("SELECT "+of(l.Tell, "src.v")+" = "+of(l.Tell, "dst.v")+both))
		}
	})
}

// MySQL does not write a document that is equal as JSON, even if 1 becomes 1.0:
// such a pair is reported for as long as it stands, and no repair is claimed
// that did not happen.
func TestDocumentsThatMySQLCallsEqual(t *testing.T) {
	t.Parallel()
	s := servers.ForTest(t, servers.MySQL)
	w := newWorld(t, s, migrate.TableChange, []Column{{Name: "v", DDL: "JSON", Values: []string{`'[1]'`}}})
	w.backfill(backfill.Backfill)
	w.exec("UPDATE src SET v = NULL WHERE id = 1")
	w.exec("UPDATE src SET v = '[1.0]' WHERE id = 1")
	require.Equal(t, []string{"1"}, w.verify(w.change.Mapping).Examples)
	_, err := backfill.Verify(t.Context(), backfill.VerifyConfig{DB: w.db, Change: w.change, Repair: migrate.Yes})
	if err != nil {
		require.ErrorIs(t, err, backfill.ErrNotConverging)
		require.Equal(t, []string{"1"}, w.verify(w.change.Mapping).Examples)
		w.exec("DELETE FROM dst WHERE id = 1")
		_, err := backfill.Verify(t.Context(), backfill.VerifyConfig{DB: w.db, Change: w.change, Repair: migrate.Yes})
		require.NoError(t, err)
	}
	require.Equal(t, w.sources(), w.targets())
	w.requireClean(2)
}
