package rules

import "github.com/underpin-db/underpin/review"

// releaseRules are the rules about what breaks running code.
func releaseRules() []review.Rule {
	return []review.Rule{
		renameColumn(),         // RS101
		renameTable(),          // RS102
		dropColumn(),           // RS103
		dropTable(),            // RS104
		dropDatabase(),         // RS105
		dropNonEmptyDatabase(), // RS106
		dropWithoutHold(),      // RS107
		dropIndexedColumn(),    // RS108
		addRequiredColumn(),    // RS109
		setNotNull(),           // RS110
		dropNotNull(),          // RS111
		changeDefault(),        // RS112
		changeType(),           // RS113
		redefineColumn(),       // RS114
		renameEnumValue(),      // RS115
		addUnique(),            // RS116
		indexBecomesUnique(),   // RS117
		addPrimaryKey(),        // RS118
		addCheck(),             // RS119
		enforceCheck(),         // RS120
		addForeignKey(),        // RS121
		dropForeignKey(),       // RS122
		changeView(),           // RS123
		droppedNameInCode(),    // RS124
		droppedNameInUse(),     // RS125
		contractWithExpand(),   // RS126
		schemaWithCode(),       // RS127
	}
}

// historyRules are the rules about history and process.
func historyRules() []review.Rule {
	return []review.Rule{
		historyChanged(),   // RS501
		notRerunnable(),    // RS502
		forcedCreate(),     // RS503
		ddlInTransaction(), // RS504
		noDownPart(),       // RS507
	}
}

// cacheRules are the rules about cached keys and values, which two people sign.
func cacheRules() []review.Rule {
	return []review.Rule{
		cacheKeyChanged(),   // RS601
		cacheValueChanged(), // RS602
	}
}
