package rules

import "github.com/underpin-db/underpin/review"

// lockRules are the rules about locks and copies. RS229, DDL on a table that is
// busy at this moment, is no rule: a review days before cannot know, and
// underpin preflight looks when it counts.
func lockRules() []review.Rule {
	return []review.Rule{
		algorithmCopy(),         // RS201
		blockingLock(),          // RS202
		algorithmNotStated(),    // RS203
		lockNotStated(),         // RS204
		changePrimaryKey(),      // RS205
		changeEngine(),          // RS206
		changePartitioning(),    // RS207
		addStoredColumn(),       // RS208
		addAutoIncrement(),      // RS209
		addColumnInMiddle(),     // RS210
		computedDefault(),       // RS211
		moveColumn(),            // RS212
		convertCharset(),        // RS213
		removeEnumMember(),      // RS214
		reorderEnumMembers(),    // RS215
		insertEnumMember(),      // RS216
		enumPast255(),           // RS217
		editSetMembers(),        // RS218
		setPastByte(),           // RS219
		varcharPast255Bytes(),   // RS220
		narrowColumn(),          // RS221
		severalAlters(),         // RS222
		visibilityWithRebuild(), // RS223
		dropVisibleIndex(),      // RS224
		largeTableBlocking(),    // RS225
		tableNeedsPlan(),        // RS226
		noLockWaitTimeout(),     // RS227
		noStatementTimeout(),    // RS228
		diskSpace(),             // RS230
		binlogRetention(),       // RS231
		replicaApply(),          // RS232
		rowVersionBudget(),      // RS233
	}
}
