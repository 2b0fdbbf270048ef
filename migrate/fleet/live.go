package fleet

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// LiveInstance is a live instance as it matters to one change.
type LiveInstance struct {
	ID      string         `json:"id"`
	Service string         `json:"service"`
	Release string         `json:"release"`
	Host    string         `json:"host"`
	PID     uint64         `json:"pid"`
	User    string         `json:"user"` // user@host as the server sees it
	Tagged  migrate.Choice `json:"tagged,omitempty"`
	Left    time.Duration  `json:"left"` // of its lease
	// Declared is Yes if the instance declares the change. One of the change's
	// service that does not is listed too, with the two fields below empty.
	Declared   migrate.Choice     `json:"declared,omitempty"`
	Capability migrate.Capability `json:"capability"`
	Applied    Applied            `json:"applied"`
}

// Live returns the live instances that declare the change and those of its
// service that do not, in the order of their ids.
//
// Within a transaction it reads what is committed at that moment, whatever the
// transaction has read before, and keeps it so until the transaction ends: all
// reads are locking ones, taken in the order change, instances, supports, which
// is the order of announcements and renewals. A transition calls it after it
// has locked the change's row exclusively. Then no announcement can be under
// way: it would hold the shared lock on that row, so either it is committed and
// seen here, or it will see the setting that the transition writes. A renewal
// that waits meanwhile judges its lease by the time at which it gets its turn,
// so an instance that is missing here cannot come back by one.
//
// A lease that runs out between the call and the COMMIT still counts as live.
// Outside a transaction the locks are let go at once and the answer may be out
// of date when it arrives. Returns [control.ErrNoChange] if there is no such
// change.
func Live(ctx context.Context, q mysqlx.Querier, change string) ([]LiveInstance, error) {
	service, err := control.FenceService(ctx, q, change)
	if err != nil {
		return nil, err
	}
	instances, err := control.LockInstances(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("fleet of %s: %w", change, err)
	}
	supports, err := control.LockSupports(ctx, q, change)
	if err != nil {
		return nil, fmt.Errorf("fleet of %s: %w", change, err)
	}
	declared := map[string]control.Support{}
	for _, s := range supports {
		declared[s.Instance] = s
	}
	var out []LiveInstance
	for _, i := range instances {
		s, ok := declared[i.ID]
		if !i.Live() || (!ok && i.Service != service) {
			continue
		}
		live := LiveInstance{
			ID: i.ID, Service: i.Service, Release: i.Release, Host: i.Host, PID: i.PID,
			User: i.User, Tagged: i.Tagged, Left: i.Left, Capability: s.Capability, Applied: s.Progress,
		}
		if ok {
			live.Declared = migrate.Yes
		}
		out = append(out, live)
	}
	return out, nil
}

// Entry is an instance, live or dead, with all that it declares.
type Entry struct {
	ID      string             `json:"id"`
	Service string             `json:"service"`
	Release string             `json:"release"`
	Host    string             `json:"host"`
	PID     uint64             `json:"pid"`
	User    string             `json:"user"`
	Tagged  migrate.Choice     `json:"tagged,omitempty"`
	Started time.Time          `json:"started"`
	Left    time.Duration      `json:"left"` // of its lease; negative for how long it has been dead
	Changes map[string]Support `json:"changes"`
}

// Support is what an instance declares for a change and how far it has come.
type Support struct {
	Capability migrate.Capability `json:"capability"`
	Applied    Applied            `json:"applied"`
}

// All returns every instance the database remembers, by service, release and
// host, for people to look at. It takes no locks and decides nothing.
func All(ctx context.Context, q mysqlx.Querier) ([]Entry, error) {
	instances, err := control.Instances(ctx, q)
	if err != nil {
		return nil, err
	}
	supports, err := control.Supports(ctx, q)
	if err != nil {
		return nil, err
	}
	of := map[string]map[string]Support{}
	for _, s := range supports {
		if of[s.Instance] == nil {
			of[s.Instance] = map[string]Support{}
		}
		of[s.Instance][s.Change] = Support{s.Capability, s.Progress}
	}
	var out []Entry
	for _, i := range instances {
		out = append(out, Entry{
			ID: i.ID, Service: i.Service, Release: i.Release, Host: i.Host, PID: i.PID, User: i.User,
			Tagged: i.Tagged, Started: i.Started, Left: i.Left, Changes: of[i.ID],
		})
	}
	return out, nil
}

// KeepDead is how long the rows of a dead instance are kept for people to see.
const KeepDead = 24 * time.Hour

// Expire removes the instances whose lease ran out longer than olderThan ago,
// [KeepDead] if that is zero, and returns how many it removed.
func Expire(ctx context.Context, db *sql.DB, olderThan time.Duration) (int, error) {
	if olderThan < 0 {
		return 0, errors.New("remove dead instances: the age is negative")
	}
	if olderThan == 0 {
		olderThan = KeepDead
	}
	ids, err := control.DeadInstances(ctx, db, olderThan)
	if err != nil {
		return 0, err
	}
	removed := 0
	for _, id := range ids {
		err := transact(ctx, db, func(ctx context.Context, tx *sql.Tx) error {
			ok, err := control.DeleteDead(ctx, tx, id, olderThan)
			if ok {
				removed++
			}
			return err
		})
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}
