package plan

import (
	"fmt"
	"time"

	"github.com/underpin-db/underpin/migrate"
)

// Defaults of a change file.
const (
	// DefaultSoak is how long each ramp step stands.
	DefaultSoak = 10 * time.Minute
	// DefaultChunkTarget is how long one chunk of the backfill may take.
	DefaultChunkTarget = 100 * time.Millisecond
	// DefaultMaxThreadsRunning is the load above which the backfill waits.
	DefaultMaxThreadsRunning = 50
	// DefaultMaxReplicaLag is the lag above which the backfill waits.
	DefaultMaxReplicaLag = 5 * time.Second
	// DefaultShadowSample is the share of reads compared, in basis points.
	DefaultShadowSample = 1000
	// DefaultHold is how long what is to be dropped stays hidden first.
	DefaultHold = 24 * time.Hour
	// DefaultShadowMin is how many compared reads the gate asks for.
	DefaultShadowMin = 1000
)

// DefaultRamp returns the shares of reads on the target, in basis points: 1,
// 5, 25, 50 and 100 percent.
func DefaultRamp() []uint16 { return []uint16{100, 500, 2500, 5000, migrate.RampFull} }

// Reads is how reads move to the target.
type Reads struct {
	// Ramp is the shares of keys read from the target, in basis points: strictly
	// rising and ending in [migrate.RampFull].
	Ramp []uint16 `json:"ramp"`
	// Soak is how long each step of the ramp stands before the next.
	Soak Duration `json:"soak"`
	// CopyOnRead asks for that mode while the backfill runs.
	CopyOnRead migrate.Choice `json:"copy_on_read,omitempty"`
	Shadow     Shadow         `json:"shadow"`
}

// Shadow is how reads of both shapes are compared before the ramp begins.
type Shadow struct {
	// Sample is the share of reads that are compared, in basis points. Zero
	// compares none, and the gate then asks for none.
	Sample uint16 `json:"sample"`
	// Min is how many comparisons without a difference the gate asks for.
	Min uint64 `json:"min"`
}

// Backfill is the pace of the backfill.
type Backfill struct {
	// ChunkTarget is how long one chunk may take.
	ChunkTarget Duration `json:"chunk_target"`
	// MaxThreadsRunning and MaxReplicaLag are the load above which it waits.
	MaxThreadsRunning int      `json:"max_threads_running"`
	MaxReplicaLag     Duration `json:"max_replica_lag"`
	// Replicas are the host:port of the replicas whose lag counts.
	Replicas []string `json:"replicas,omitempty"`
	// Indexes says when a target that expand creates gets its plain indexes.
	Indexes Indexes `json:"indexes,omitempty"`
}

// Connections says which connections are the application's, for the evidence
// that none without the library is left.
type Connections struct {
	// Users are the database users that the application connects as. Empty is
	// any user.
	Users []string `json:"users,omitempty"`
}

// Duration is a time.Duration whose text is that of time.ParseDuration.
type Duration time.Duration

// String returns the duration as time.Duration prints it: "10m0s".
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText returns String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("read duration %q: write it like 10m or 100ms: %w", text, err)
	}
	*d = Duration(v)
	return nil
}
