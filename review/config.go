package review

import (
	"time"

	"github.com/underpin-db/underpin/migrate/ddl"
)

// Config is what a team has settled. The zero value is right for a team that
// has settled nothing.
type Config struct {
	// Server is the server that statements are judged for where there are no
	// facts. Where it is not named either, [AssumedServer] is, and verdicts
	// say that it was assumed.
	Server ddl.Server
	// Profiles are the profiles that are switched on as a whole.
	Profiles []Profile
	// Rules are settings of single rules.
	Rules map[Code]RuleConfig
	Sizes Sizes
	// Service is the application, and Changes the folder of its change files,
	// for the change files that fixes propose. Changes defaults to "changes".
	Service, Changes string
	// Waivers are those of the configuration file.
	Waivers []Waiver
	// Caches are the cached values whose format the code declares.
	Caches []CacheConfig
	// Now is the day on which waivers are judged. Defaults to today.
	Now time.Time
}

// RuleConfig is what a team has settled for one rule.
type RuleConfig struct {
	// Severity replaces the rule's; Off switches it off, any other on. Empty
	// leaves it.
	Severity Severity
	Options  map[string]any
}

// CacheConfig declares a kind of cached value by what its key looks like.
type CacheConfig struct {
	Name    string
	Pattern string // of the key, as a regular expression
	// Types are the Go types that are stored under it, as package.Type or Type.
	Types []string
}

// Sizes are the limits between classes of tables. Zero is the default.
type Sizes struct {
	// SmallRows and SmallBytes: a table with fewer of both is small. Default
	// 100 000 rows and 64 MiB: a copy takes about a second.
	SmallRows, SmallBytes uint64
	// LargeRows and LargeBytes: a table with as many of either is large.
	// Default 10 million rows or 10 GiB.
	LargeRows, LargeBytes uint64
}

const (
	defaultSmallRows, defaultSmallBytes = 100_000, 64 << 20
	defaultLargeRows, defaultLargeBytes = 10_000_000, 10 << 30
)

// class sorts a size.
func (s Sizes) class(rows, bytes uint64) SizeClass {
	switch {
	case rows >= or(s.LargeRows, defaultLargeRows), bytes >= or(s.LargeBytes, defaultLargeBytes):
		return Large
	case rows < or(s.SmallRows, defaultSmallRows) && bytes < or(s.SmallBytes, defaultSmallBytes):
		return Small
	}
	return Medium
}

func or(n, fallback uint64) uint64 {
	if n == 0 {
		return fallback
	}
	return n
}

// AssumedServer is the server that statements are judged for where nobody says
// which it is: MySQL 8.0.30, which lacks the gentler ways of later versions.
var AssumedServer = ddl.Server{Flavour: ddl.MySQL, Version: ddl.Version{Major: 8, Minor: 0, Patch: 30}}
