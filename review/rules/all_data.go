package rules

import "github.com/underpin-db/underpin/review"

// dataRules are the rules about changes of data. RS323, a backfill that uses the
// application's models, is no rule: what is read here is SQL, and migrations
// written in a language of programs are that language's to review.
func dataRules() []review.Rule {
	return []review.Rule{
		noWhere(),               // RS301
		selectWithoutWhere(),    // RS302
		tooManyRowsAffected(),   // RS303
		tooManyRowsInserted(),   // RS304
		insertWithoutColumns(),  // RS305
		orderByRand(),           // RS306
		limitInWrite(),          // RS307
		orderByInWrite(),        // RS308
		equalsNull(),            // RS309
		functionOnColumn(),      // RS310
		leadingWildcard(),       // RS311
		tooManyOrs(),            // RS312
		selectStar(),            // RS313
		truncate(),              // RS314
		commitInMigration(),     // RS315
		tooManyWrites(),         // RS316
		ddlAndDml(),             // RS317
		dryRun(),                // RS318
		noWayBack(),             // RS319
		backfillBesideDdl(),     // RS320
		backfillNotIdempotent(), // RS321
		backfillOrder(),         // RS322
		opaqueSql(),             // RS324
		statementTooLarge(),     // RS325
		assignedTwice(),         // RS326
	}
}
