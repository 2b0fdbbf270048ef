package plan

// Code names a finding. Codes are stable: scripts and reviews match on them.
type Code string

// Codes about tables and keys.
const (
	// CodeSourceMissing: there is no such source table.
	CodeSourceMissing Code = "source_missing"
	// CodeTargetMissing: expand neither creates the target nor is it there.
	CodeTargetMissing Code = "target_missing"
	// CodeTargetExists: a target table that expand does not create.
	CodeTargetExists Code = "target_exists"
	// CodeNotATable: a view, a sequence or a system-versioned table.
	CodeNotATable Code = "not_a_table"
	// CodeEngine: the table is not InnoDB.
	CodeEngine Code = "engine"
	// CodeNoKey: no primary key, or the named key is not unique.
	CodeNoKey Code = "no_key"
	// CodeKeyNullable: a key column takes NULL.
	CodeKeyNullable Code = "key_nullable"
	// CodeKeyType: a key column's type does not order or compare exactly.
	CodeKeyType Code = "key_type"
	// CodeKeyMismatch: the target's key differs from the source's.
	CodeKeyMismatch Code = "key_mismatch"
	// CodeKeyAssigned: the mapping assigns a key column.
	CodeKeyAssigned Code = "key_assigned"
	// CodeKeyChanged: expand changes a key column.
	CodeKeyChanged Code = "key_changed"
	// CodeKeyNotNumbered: the source numbers its keys and the target does not.
	CodeKeyNotNumbered Code = "key_not_numbered"
	// CodeKeyNumbered: the server numbers the rows of a merge's source.
	CodeKeyNumbered Code = "key_numbered"
	// CodeRestricts: a foreign key keeps rows of a merge's target from being
	// deleted by releases that know the target alone.
	CodeRestricts Code = "restricts"
	// CodeTrigger: a trigger on the tables.
	CodeTrigger Code = "trigger"
	// CodeCascade: a cascading foreign key writes to the tables.
	CodeCascade Code = "cascade"
	// CodeReferenced: a foreign key points at a table that contract drops.
	CodeReferenced Code = "referenced"
	// CodeUnseen: the user may not see triggers, so none were ruled out.
	CodeUnseen Code = "unseen"
)

// Codes about the mapping.
const (
	// CodeColumnUnknown: the mapping names a column that is not there.
	CodeColumnUnknown Code = "column_unknown"
	// CodeColumnType: a mapped column's type is not supported.
	CodeColumnType Code = "column_type"
	// CodeGenerated: the mapping assigns a generated column.
	CodeGenerated Code = "generated"
	// CodeBothSides: a column stands on both sides of a column change.
	CodeBothSides Code = "both_sides"
	// CodeBackwardMissing: no way back to a source column that needs one.
	CodeBackwardMissing Code = "backward_missing"
	// CodeForwardMissing: nothing fills a target column that needs a value.
	CodeForwardMissing Code = "forward_missing"
	// CodeSourceRequired: a source column without default would make an insert
	// of a release that writes the target shape fail.
	CodeSourceRequired Code = "source_required"
	// CodeTargetRequired: a target column without default would make an insert
	// of a release that writes the source shape fail.
	CodeTargetRequired Code = "target_required"
	// CodeUnmapped: contract drops a column whose values go nowhere.
	CodeUnmapped Code = "unmapped"
	// CodeWhere: where in a column change or a merge.
	CodeWhere Code = "where"
	// CodeIndistinct: no new column of a merge tells whether there was a row.
	CodeIndistinct Code = "indistinct"
	// CodeBlank: a new column of a merge may hold a value without being given one.
	CodeBlank Code = "blank"
	// CodeUniqueEnds: a unique index goes with a merge's source.
	CodeUniqueEnds Code = "unique_ends"
)

// Codes about expressions.
const (
	// CodeExpressionSyntax: the expression does not parse.
	CodeExpressionSyntax Code = "expression_syntax"
	// CodeExpressionColumn: it names a column of the wrong side.
	CodeExpressionColumn Code = "expression_column"
	// CodeExpressionForm: a subquery, aggregate, variable or the like.
	CodeExpressionForm Code = "expression_form"
	// CodeNondeterministic: its value depends on more than the row.
	CodeNondeterministic Code = "nondeterministic"
	// CodeFunctionUnknown: a function that is not on the list.
	CodeFunctionUnknown Code = "function_unknown"
	// CodeExpressionRejected: the server does not take it.
	CodeExpressionRejected Code = "expression_rejected"
)

// Codes about DDL.
const (
	// CodeDDLSyntax: the statement does not parse.
	CodeDDLSyntax Code = "ddl_syntax"
	// CodeDDLForbidden: the statement is not on the list of what is allowed.
	CodeDDLForbidden Code = "ddl_forbidden"
	// CodeDDLTable: it changes another table.
	CodeDDLTable Code = "ddl_table"
	// CodeDDLRejected: the server refused it on the scratch table.
	CodeDDLRejected Code = "ddl_rejected"
	// CodeDDLTightens: it makes a column stricter or changes its type.
	CodeDDLTightens Code = "ddl_tightens"
	// CodeCopies: the server does it by copying the table or while writers wait,
	// so apply asks for --allow-copy.
	CodeCopies Code = "ddl_copies"
	// CodeCost: this server refuses the way in which it was expected to do it.
	CodeCost Code = "ddl_cost"
	// CodePartlyExpanded: part of one statement's effects are there already.
	CodePartlyExpanded Code = "partly_expanded"
	// CodeExpandDiffers: what is there already is not what expand would make.
	CodeExpandDiffers Code = "expand_differs"
	// CodeDrift: the live schema is no longer what was planned for.
	CodeDrift Code = "drift"
	// CodeContractDrops: contract drops what the target shape needs.
	CodeContractDrops Code = "contract_drops"
)

// Codes about data.
const (
	// CodeForwardNull: forward yields NULL for a NOT NULL target column.
	CodeForwardNull Code = "forward_null"
	// CodeForwardMisfit: forward yields a value the target does not take.
	CodeForwardMisfit Code = "forward_misfit"
	// CodeLossy: sampled rows do not come back as they were.
	CodeLossy Code = "lossy"
	// CodeStray: rows of a merge's source have no target row to go to.
	CodeStray Code = "stray"
	// CodeRowsUnfit: rows are there that the server would refuse.
	CodeRowsUnfit Code = "rows_unfit"
	// CodeSampleFailed: the server could not evaluate the mapping on rows.
	CodeSampleFailed Code = "sample_failed"
)
