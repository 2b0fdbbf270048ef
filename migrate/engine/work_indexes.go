package engine

import (
	"context"
	"fmt"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/plan"
)

// errOnlineLogTooBig says that more was written to a table while an index was
// built than the server keeps in mind.
const errOnlineLogTooBig = 1799

// putOffIndexes takes out of a target that expand has just created the indexes
// that come after the rows. Engines that died in between find the table empty
// still, or the indexes gone.
func (s *step) putOffIndexes(ctx context.Context) error {
	d := s.plan.Deferred
	if d == nil {
		return nil
	}
	due, err := d.Due(ctx, s.e.cfg.DB, s.plan.Change.Mapping.Source.Name)
	if err != nil || !due {
		return err
	}
	has, _, err := d.Live(ctx, s.e.cfg.DB)
	if err != nil || len(has) == 0 {
		return err
	}
	return s.statements(ctx, "put off", []plan.Statement{d.Drop(has)})
}

// addIndexes builds the indexes that were put off, in one statement that lets
// the application write, once every row has been copied. Those that are there
// are left alone, so it may be begun again at any point.
func (s *step) addIndexes(ctx context.Context) error {
	d := s.plan.Deferred
	if d == nil {
		return nil
	}
	_, lacks, err := d.Live(ctx, s.e.cfg.DB)
	if err != nil || len(lacks) == 0 {
		return err
	}
	s.e.report(Event{Change: s.change.Name, Phase: s.change.Setting.Phase, What: "note",
		Message: fmt.Sprintf("every row is copied; building what was put off of table `%s`, which stays writable: index %s", d.Table, d.Names(lacks))})
	err = s.statements(ctx, "indexes", []plan.Statement{d.Add(lacks)})
	if mysqlx.Number(err) == errOnlineLogTooBig {
		return fmt.Errorf("%w; raise innodb_online_alter_log_max_size, or apply again when less is written: the rows need not be copied again", err)
	}
	return err
}
