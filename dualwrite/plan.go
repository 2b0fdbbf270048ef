package dualwrite

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// plan is the compiled mapping of a change, as the row had it at an epoch.
type plan struct {
	epoch  uint64
	hash   string
	mapper *shape.Mapper
	riding *shape.Mapper // the same, on condition of the epoch's fence
	usuals sync.Map      // of what riding renders for one row, []usual by occasion
}

func (c *Change) newPlan(epoch uint64, hash string, mapper *shape.Mapper) *plan {
	rider := c.fencer.Rider(epoch, mapper.Mapping().Kind())
	return &plan{epoch: epoch, hash: hash, mapper: mapper, riding: mapper.If(rider)}
}

// usual is a statement about one row, whose text is the same for every row.
type usual struct {
	text, landing string
	keys          int // how often the key is among the arguments
}

// about is the statement about the row with a key.
func (u usual) about(key shape.Key) ridden {
	return ridden{shape.Statement{SQL: u.text, Args: slices.Repeat(key, u.keys)}, u.landing}
}

// occasion is what the text of a mirror of one row depends on.
type occasion struct {
	rule  migrate.StepRule
	kinds kinds
}

// usual returns what render renders for one row with a key, rendering it at most
// a few times for a plan.
func (p *plan) usual(o occasion, key shape.Key, render func() []shape.Statement) []usual {
	if known, ok := p.usuals.Load(o); ok {
		return known.([]usual)
	}
	var out []usual
	for _, s := range render() {
		out = append(out, usual{s.SQL, landing(s.SQL), len(s.Args) / len(key)})
	}
	p.usuals.Store(o, out)
	return out
}

// document is the part of a stored plan that a mirror needs.
type document struct {
	Change migrate.Change `json:"change"`
}

// compile makes a plan from what the row holds.
func (c *Change) compile(epoch uint64, hash string, spec []byte) (*plan, error) {
	if hash == "" || len(spec) == 0 {
		return nil, fmt.Errorf("change %s: %w", c.name, ErrNoPlan)
	}
	var d document
	if err := json.Unmarshal(spec, &d); err != nil {
		return nil, fmt.Errorf("change %s: %w: %w", c.name, ErrNoPlan, err)
	}
	if d.Change.Name != c.name {
		return nil, fmt.Errorf("change %s: %w: it is a plan of %q", c.name, ErrNoPlan, d.Change.Name)
	}
	mapper, err := shape.New(c.name, d.Change.Mapping)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoPlan, err)
	}
	return c.newPlan(epoch, hash, mapper), nil
}

// planAt returns the plan of the row whose epoch and hash are known, compiling
// it only if it has changed.
func (c *Change) planAt(ctx context.Context, q mysqlx.Querier, epoch uint64, hash string) (*plan, error) {
	if p := c.plan.Load(); p != nil && p.hash == hash {
		if p.epoch != epoch {
			p = c.newPlan(epoch, hash, p.mapper)
			c.plan.Store(p)
		}
		return p, nil
	}
	return c.load(ctx, q, epoch)
}

// load reads the plan. Inside a transaction that holds the fence, epoch is what
// the fence said and the plan is that epoch's.
func (c *Change) load(ctx context.Context, q mysqlx.Querier, epoch uint64) (*plan, error) {
	hash, spec, err := c.fencer.Plan(ctx, q)
	if err != nil {
		return nil, err
	}
	p, err := c.compile(epoch, hash, spec)
	if err == nil {
		c.plan.Store(p)
	}
	return p, err
}

// fencedPlan returns the plan that goes with a setting which the transaction's
// fence has just read. In the usual case that is the one already here; right
// after a transition, before the beat has seen it, it is read once more.
func (c *Change) fencedPlan(ctx context.Context, tx mysqlx.Querier, s migrate.Setting) (*plan, error) {
	if p := c.plan.Load(); p != nil && p.epoch == s.Epoch {
		return p, nil
	}
	return c.load(ctx, tx, s.Epoch)
}

// follows is the direction in which the other shape follows this release.
func (c *Change) follows() shape.Direction { return shape.Follows(c.capability.Writes) }

// anyKey is a scope of one key that need not exist, for EXPLAIN.
func (p *plan) anyKey() shape.Scope {
	columns := p.mapper.Mapping().Source.Key
	parts := make([]any, len(columns))
	for i, column := range columns {
		switch column.DataType {
		case "char", "varchar":
			parts[i] = ""
		case "binary", "varbinary":
			parts[i] = []byte{}
		case "date", "datetime":
			parts[i] = "2000-01-01"
		case "time":
			parts[i] = "00:00:00"
		default:
			parts[i] = int64(0)
		}
	}
	return shape.Keys(parts)
}

// strict reports whether a session's sql_mode makes a value that does not fit
// an error.
func strict(sqlMode string) bool {
	return strings.Contains(sqlMode, "STRICT_TRANS_TABLES") || strings.Contains(sqlMode, "STRICT_ALL_TABLES")
}
