package ddl

// mariadb112 copies a table while writers go on, also when asked to.
var mariadb112 = Version{11, 2, 0}

// mariadbRules holds for InnoDB. MariaDB has no budget of instant operations.
var mariadbRules = []Rule{
	// Columns.
	{Flavour: MariaDB, Kinds: []Kind{AddColumn, AddColumnFirst, AddColumnAfter, AddRequired, AddChecked, DropColumn}, Class: Instant,
		When: []Condition{uncompressed, noFulltext, noVirtualIndex, unindexedIfDropped}, Company: WithInstant, Source: sourceInstant},
	{Flavour: MariaDB, Kinds: []Kind{MoveColumn}, Class: Instant, When: []Condition{uncompressed, noFulltext, movesOverNoVirtual},
		Company: WithInstant, Source: sourceInstant},
	{Flavour: MariaDB, Kinds: []Kind{DropColumn}, Class: InPlace, When: []Condition{uncompressed, neverFulltext, noVirtualIndex, indexed}, Source: sourceMeasured},
	{Flavour: MariaDB, Kinds: []Kind{AddColumn, AddColumnFirst, AddColumnAfter, AddRequired, AddChecked, DropColumn}, Class: InPlaceRebuild,
		When: []Condition{noFulltext, noSpatial, noVirtualIndex}, Source: sourceMariaDB},
	{Flavour: MariaDB, Kinds: []Kind{AddColumn, AddColumnFirst, AddColumnAfter, AddRequired, AddChecked, DropColumn, AddAuto}, Class: RebuildBlocking, Source: sourceMariaDB},
	{Flavour: MariaDB, Kinds: []Kind{RenameColumn, ChangeDefault, AppendEnum, CommentColumn, HideColumn}, Class: Instant, Source: sourceInstant},
	{Flavour: MariaDB, Kinds: []Kind{AddVirtual}, Class: Instant, Company: Alone, Source: sourceInstant},
	{Flavour: MariaDB, Kinds: []Kind{DropVirtual}, Class: Instant, When: []Condition{unindexed}, Company: Alone, Source: sourceInstant},
	{Flavour: MariaDB, Kinds: []Kind{DropVirtual}, Class: InPlace, Company: Alone, Source: sourceMeasured},
	{Flavour: MariaDB, Kinds: []Kind{ChangeVirtual}, Class: Instant, When: []Condition{unindexed}, Company: Alone, Source: sourceMeasured},
	{Flavour: MariaDB, Kinds: []Kind{WidenText}, Class: Instant, Source: sourceInstant},
	{Flavour: MariaDB, Kinds: []Kind{WidenTextOver}, Class: Instant, When: []Condition{shortText}, Source: sourceInstant},
	{Flavour: MariaDB, Kinds: []Kind{ChangeCollation}, Class: Instant, When: []Condition{unindexed}, Source: sourceInstant},
	{Flavour: MariaDB, Kinds: []Kind{WidenCharset}, Class: Instant, Source: sourceInstant},
	{Flavour: MariaDB, Kinds: []Kind{ChangeCollation}, Class: InPlace, Source: sourceMeasured},
	{Flavour: MariaDB, Kinds: []Kind{DropNotNull}, Class: Instant, When: []Condition{redundant}, Source: sourceInstant},

	// Whatever rewrites the table in place; FULLTEXT makes writers wait.
	{Flavour: MariaDB, Kinds: movesRows, Class: InPlaceRebuild, When: []Condition{noFulltext, noSpatial, noVirtualIndex, movesOverNoVirtual, keepsNulls}, Source: sourceMariaDB},
	{Flavour: MariaDB, Kinds: movesRows, Class: RebuildBlocking, When: []Condition{movesOverNoVirtual, keepsNulls}, Source: sourceMariaDB},

	// Keys and constraints.
	{Flavour: MariaDB, Kinds: []Kind{AddIndex, AddUnique, DropAnyIndex}, Class: InPlace, Source: sourceMariaDB},
	{Flavour: MariaDB, Kinds: []Kind{RenameIndex, IgnoreIndex}, Class: Instant, Source: sourceInstant},
	{Flavour: MariaDB, Kinds: []Kind{AddSpatial}, Class: InPlaceBlocking, Source: sourceMariaDB},
	{Flavour: MariaDB, Kinds: []Kind{AddFulltext}, Class: InPlaceBlocking, When: []Condition{hasFulltext}, Source: sourceMariaDB},
	{Flavour: MariaDB, Kinds: []Kind{AddFulltext}, Class: RebuildBlocking, When: []Condition{noFulltext}, Source: sourceMariaDB},
	{Flavour: MariaDB, Kinds: []Kind{AddForeignKey}, Class: InPlace, When: []Condition{checksOff}, Source: sourceMariaDB},
	{Flavour: MariaDB, Kinds: []Kind{DropForeignKey, DropCheck}, Class: Instant, Source: sourceInstant},

	// The table as a whole.
	{Flavour: MariaDB, Kinds: []Kind{CommentTable, DefaultCharset, AutoValue, Statistics}, Class: Instant, Source: sourceInstant},
	{Flavour: MariaDB, Kinds: []Kind{RenameByAlter}, Class: Metadata, Company: Alone, Source: sourceMariaDB},

	// Partitions: no clause is accepted.
	{Flavour: MariaDB, Kinds: []Kind{AddPartition, DropPartition, TruncatePartition, ExchangePartition}, Class: Metadata,
		Company: Alone, Source: sourceMeasured},
	{Flavour: MariaDB, Kinds: []Kind{AddHashPartition, CoalescePartition, ReorganizePartition, RebuildPartition}, Class: Exclusive,
		Company: Alone, Source: sourceMeasured},

	{Flavour: MariaDB, From: mariadb112, Kinds: copyableOnline, Class: CopyOnline, When: []Condition{noCascades}, Source: sourceOnline, Checked: Documentation},
	{Flavour: MariaDB, Kinds: copyableOnline, Class: Copy, Source: sourceMariaDB},
	{Flavour: MariaDB, Kinds: []Kind{MakeAuto, AddForeignKey}, Class: Copy, Source: sourceMariaDB},
	{Flavour: MariaDB, Kinds: []Kind{ChangeEngine, SortRows, PartitionTable, RemovePartitioning}, Class: Copy, Lax: true, Source: sourceMeasured},
	{Flavour: MariaDB, Kinds: copiedAtWorst, Class: Copy, Source: sourceMariaDB, Lax: true, Checked: Documentation},
	{Flavour: MariaDB, Kinds: whole, Class: Metadata, Source: sourceMariaDB},
	{Flavour: MariaDB, Kinds: []Kind{AddExpressionIndex, AddUnenforced, EnforceCheck, RelaxCheck, HideIndex, SetVisibility, Encryption, Tablespace}, Class: Missing},
}

// copyableOnline are the operations that MariaDB does by copying the table,
// and from 11.2 on while writers go on.
var copyableOnline = []Kind{
	ChangeType, EditEnum, ChangeCharset, WidenTextOver, AddStored, ChangeStored, AddComputed, DropPrimaryKey,
	AddCheck, SetNotNull, MoveColumn, MoveVirtual, MoveStored, ChangeVirtual,
}
