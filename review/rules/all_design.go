package rules

import "github.com/underpin-db/underpin/review"

// designRules are the rules about the design of schemas: house style, off until
// a team switches them on.
func designRules() []review.Rule {
	return []review.Rule{
		noPrimaryKey(),             // RS401
		primaryKeyType(),           // RS402
		autoIncrementType(),        // RS403
		autoIncrementCapacity(),    // RS404
		autoIncrementConvention(),  // RS405
		narrowId(),                 // RS406
		redundantIndex(),           // RS407
		indexRepeatsColumn(),       // RS408
		wideIndex(),                // RS409
		tooManyIndexes(),           // RS410
		dateInIndex(),              // RS411
		blobInIndex(),              // RS412
		indexType(),                // RS413
		foreignKey(),               // RS414
		foreignKeyParent(),         // RS415
		inlineReferences(),         // RS416
		mismatchedTypes(),          // RS417
		floatingPoint(),            // RS418
		timestamp(),                // RS419
		zeroDate(),                 // RS420
		enumOrSet(),                // RS421
		textTooLong(),              // RS422
		forbiddenType(),            // RS423
		displayWidth(),             // RS424
		engine(),                   // RS425
		charset(),                  // RS426
		compression(),              // RS427
		columnDefault(),            // RS428
		requiredColumns(),          // RS429
		severalCurrentTimestamps(), // RS430
		comment(),                  // RS431
		partitioning(),             // RS432
		storedProgram(),            // RS433
		definer(),                  // RS434
		reservedWord(),             // RS435
		namePattern(),              // RS436
		protectedTable(),           // RS437
	}
}
