package explore

import "github.com/underpin-db/underpin/migrate"

// Scenarios returns the configurations in which the intact protocol has to
// hold, and among which every switch has to find one in which it does not.
// They are small, a few thousand to some ten thousand states, and complete:
// there is no bound on the number of steps.
func Scenarios() []Config {
	rolling := Fleet{SourceNew, TargetNew}
	yes := migrate.Yes
	return []Config{
		{Name: "two releases", Fleet: rolling},
		{Name: "two releases, copy-on-read", Fleet: rolling, CopyOnRead: yes},
		{Name: "values finer than the mapping", Fleet: rolling, Hazards: FineValues},
		{Name: "three instances", Fleet: Fleet{SourceNew, SourceNew, TargetNew}, Hazards: FineValues},
		{Name: "three instances, copy-on-read", Fleet: Fleet{SourceNew, TargetNew, TargetNew}, CopyOnRead: yes},
		{Name: "releases that lag", Fleet: Fleet{SourceOff, SourceDual, TargetReading}},
		{Name: "releases that lag, copy-on-read", Fleet: Fleet{SourceDual, SourceNew, TargetReading}, CopyOnRead: yes},
		{Name: "releases that lead", Fleet: Fleet{SourceNew, SourceWithoutOff, TargetOnly}},
		{Name: "strangers", Fleet: rolling, Hazards: Strangers},
		{Name: "strangers, copy-on-read", Fleet: rolling, CopyOnRead: yes, Hazards: Strangers},
		{Name: "views", Fleet: rolling, Hazards: Views},
		{Name: "workers that outlive their run", Fleet: rolling, Hazards: Workers},
		{Name: "a pair that breaks", Fleet: rolling, Hazards: Damage},
		{Name: "a reader that is wrong", Fleet: rolling, Hazards: WrongReader},
		{Name: "open transactions", Fleet: rolling, Hazards: SlowReads | SlowWrites},
		{Name: "open transactions, copy-on-read", Fleet: rolling, CopyOnRead: yes, Hazards: SlowReads | SlowWrites},
		{Name: "the fence rides on the mirror", Fleet: rolling, Hazards: LateFences},
		{Name: "the fence rides on the mirror, three instances", Fleet: Fleet{SourceNew, SourceNew, TargetNew}, Hazards: LateFences},
		{Name: "the fence rides on the mirror, copy-on-read", Fleet: rolling, CopyOnRead: yes, Hazards: LateFences | SlowReads},
		{Name: "the fence rides on the mirror, pauses", Fleet: rolling, Hazards: LateFences | Pauses},
		{Name: "pauses", Fleet: rolling, Hazards: Pauses},
		{Name: "pauses in mid-read, source shape", Fleet: Fleet{SourceNew}, Hazards: Pauses | SlowReads | Strangers},
		{Name: "pauses, copy-on-read", Fleet: rolling, CopyOnRead: yes, Hazards: Pauses},
	}
}

// LargeScenarios returns configurations of several hundred thousand to some
// million states, for the command and the nightly run.
//
// The switch [FencedCopy] needs one of them: a reader that sleeps in the middle
// of copy-on-read while the change goes all the way to new_only.
func LargeScenarios() []Config {
	rolling := Fleet{SourceNew, TargetNew}
	yes := migrate.Yes
	return []Config{
		{Name: "pauses in mid-read, copy-on-read", Fleet: rolling, CopyOnRead: yes, Hazards: Pauses | SlowReads},
		{Name: "pauses in mid-read", Fleet: rolling, Hazards: Pauses | SlowReads},
		{Name: "three instances in mid-read", Fleet: Fleet{SourceNew, SourceNew, TargetNew}, Hazards: SlowReads},
		{Name: "everything but pauses", Fleet: rolling, CopyOnRead: yes,
			Hazards: SlowReads | SlowWrites | Strangers | Workers | Views | FineValues},
	}
}
