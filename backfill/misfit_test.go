package backfill

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// misfits makes a fixture whose target has another definition of x.
func misfits(t *testing.T, s *servers.Server, x string) *fixture {
	c := copyOf
	c.ddl = []string{c.ddl[0], "CREATE TABLE dst (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, x " + x + ", y INT NULL)"}
	return newFixture(t, s, c)
}

func (f *fixture) quarantined() []Misfit {
	f.t.Helper()
	out, err := Quarantined(f.t.Context(), f.db, f.change, Backfill, f.run, 100)
	require.NoError(f.t, err)
	return out
}

func TestValueTooLongIsQuarantinedAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := misfits(t, s, "VARCHAR(12) NULL")
		f.fillSource(50)
		f.exec("UPDATE src SET a = 'longer than twelve' WHERE id IN (1, 61, 64, 148)") // first, two neighbours, last
		r := f.backfill(f.config())
		require.False(t, r.Complete())
		require.EqualValues(t, 4, r.Quarantined)
		require.Equal(t, "46", f.one("SELECT COUNT(*) FROM dst"))
		found := f.quarantined()
		require.Len(t, found, 4)
		require.Contains(t, found[0].Reason, "for column 'x'")
		require.Contains(t, found[0].Reason, "row "+found[0].Key)

		v := f.verify(VerifyConfig{})
		require.False(t, v.Clean())
		require.EqualValues(t, 4, v.Missing)
		require.EqualValues(t, 4, v.Quarantined)

		f.exec("UPDATE src SET a = 'short' WHERE id = 1") // the rest stays too long
		require.EqualValues(t, 3, f.backfill(f.config()).Quarantined)
		f.exec("ALTER TABLE dst MODIFY x VARCHAR(40) NULL")
		require.True(t, f.backfill(f.config()).Complete(), "a further run retries what is quarantined")
		f.requireInStep(50)
	})
}

func TestNullDoesNotFit(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := misfits(t, s, "VARCHAR(40) NOT NULL")
		f.fillSource(20)
		f.exec("UPDATE src SET a = NULL WHERE id = 31")
		f.exec("INSERT INTO dst (id, x) VALUES (31, 'old'), (34, 'old')") // so that this chunk updates
		require.EqualValues(t, 1, f.backfill(f.config()).Quarantined)
		require.Equal(t, "31", f.quarantined()[0].Key)
		require.Contains(t, f.quarantined()[0].Reason, "1048")
		require.EqualValues(t, 1, f.verify(VerifyConfig{}).Different)
	})
}

func TestColumnChangeWithAValueThatDoesNotFit(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, declared{
			ddl:    []string{"CREATE TABLE src (id BIGINT NOT NULL PRIMARY KEY, a VARCHAR(40) NULL, b INT NULL, x VARCHAR(12) NULL)"},
			source: "src", target: "src", key: []string{"id"},
			forward:  [][2]string{{"x", "UPPER({a})"}},
			backward: [][2]string{{"a", "LOWER({x})"}},
		})
		f.fillSource(40)
		f.exec("UPDATE src SET a = 'longer than twelve' WHERE id = 61")
		r := f.backfill(f.config())
		require.EqualValues(t, 40, r.Rows)
		require.EqualValues(t, 39, r.Changed)
		require.EqualValues(t, 1, r.Quarantined)
		v := f.verify(VerifyConfig{})
		require.EqualValues(t, 1, v.Different)
		require.Equal(t, []string{"61"}, v.Examples)
		f.exec("UPDATE src SET a = 'fits' WHERE id = 61")
		require.True(t, f.backfill(f.config()).Complete())
		f.requireInStep(40)
	})
}

func TestConflictOnAnotherUniqueKeyNamesBothRows(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := misfits(t, s, "VARCHAR(40) NULL UNIQUE")
		f.fillSource(30)
		f.exec("UPDATE src SET a = 'Row 5' WHERE id = 61") // as UPPER, what row 16 has
		r := f.backfill(f.config())
		require.EqualValues(t, 1, r.Quarantined)
		found := f.quarantined()[0]
		require.Equal(t, "61", found.Key)
		require.Contains(t, found.Reason, "row 61 cannot be written to table dst")
		require.Contains(t, found.Reason, "row 16 has its value of unique key x")
		require.Equal(t, "29", f.one("SELECT COUNT(*) FROM dst"))
		require.EqualValues(t, 1, f.verify(VerifyConfig{}).Missing)
	})
}

func TestOrphanThatCannotBeDeletedIsQuarantined(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(10)
		f.exec("INSERT INTO dst (id, x, y) VALUES (5, 'orphan', 1), (6, 'orphan', 1), (999, 'orphan', 1)")
		f.exec("CREATE TABLE child (id BIGINT PRIMARY KEY, FOREIGN KEY (id) REFERENCES dst (id))")
		f.exec("INSERT INTO child VALUES (6), (999)")
		require.EqualValues(t, 2, f.backfill(f.config()).Quarantined)
		v := f.verify(VerifyConfig{})
		require.EqualValues(t, 2, v.Extra)
		f.exec("DELETE FROM child")
		require.True(t, f.backfill(f.config()).Complete())
		f.requireInStep(10)
	})
}

func TestTooManyRowsThatDoNotFit(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := misfits(t, s, "VARCHAR(2) NULL")
		f.fillSource(20)
		cfg := f.config()
		cfg.MaxQuarantined = 5
		w, err := New(cfg)
		require.NoError(t, err)
		r, err := w.Run(t.Context())
		require.ErrorIs(t, err, ErrTooManyQuarantined)
		require.EqualValues(t, 5, r.Quarantined)
		require.Contains(t, err.Error(), fmt.Sprintf("the next is row %d", 3*5+1))
	})
}

func TestReconciledAndStillNotInStep(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(10)
		f.exec("CREATE TRIGGER meddle BEFORE INSERT ON dst FOR EACH ROW SET NEW.y = 0")
		cfg := f.config()
		cfg.ChunkMin = cfg.ChunkMax // so that the first span's last chunk has a row
		w, err := New(cfg)
		require.NoError(t, err)
		_, err = w.Run(t.Context())
		require.ErrorIs(t, err, ErrNotConverging)
		require.Equal(t, "0", f.one("SELECT COUNT(*) FROM _underpin_span WHERE state = 'done'"))
	})
}
