package ddl

// Versions of MySQL at which the cost of DDL changed.
var (
	mysql8023 = Version{8, 0, 23} // invisible columns
	mysql8028 = Version{8, 0, 28} // columns are renamed instantly
	mysql8029 = Version{8, 0, 29} // columns are added anywhere and dropped instantly
	mysql8030 = Version{8, 0, 30} // the first after 8.0.29, whose instant columns could be lost in a crash
)

// movesRows are the operations that rewrite the table in place, on both
// flavours.
var movesRows = []Kind{SetNotNull, DropNotNull, MoveColumn, RowFormat, KeyBlockSize, Rebuild, AddPrimaryKey, ChangePrimaryKey}

// mysqlRules holds for InnoDB. "Add column" in MySQL costs a rebuild as soon
// as anything else in the statement cannot be instant.
var mysqlRules = []Rule{
	// Columns.
	{Flavour: MySQL, From: mysql8030, Kinds: []Kind{AddColumn, AddColumnFirst, AddColumnAfter, AddRequired, DropColumn}, Class: Instant,
		When: []Condition{uncompressed, noFulltext, versionsLeft, unindexed}, Company: WithInstant, Source: sourceMySQL},
	{Flavour: MySQL, Below: mysql8029, Kinds: []Kind{AddColumn, AddRequired}, Class: Instant,
		When: []Condition{uncompressed, noFulltext, atEnd}, Company: WithInstant, Source: sourceMySQL, Checked: Documentation},
	{Flavour: MySQL, Kinds: []Kind{AddColumn, AddColumnFirst, AddColumnAfter, AddRequired, DropColumn}, Class: InPlaceRebuild,
		When: []Condition{noFulltext, noSpatial, soundRebuild}, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{AddColumn, AddColumnFirst, AddColumnAfter, AddRequired, DropColumn, AddAuto}, Class: RebuildBlocking,
		When: []Condition{noFulltext, soundRebuild}, Source: sourceMySQL},
	{Flavour: MySQL, From: mysql8028, Kinds: []Kind{RenameColumn}, Class: Instant, When: []Condition{unreferenced}, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{RenameColumn}, Class: InPlace, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{ChangeDefault, AppendEnum}, Class: Instant, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{CommentColumn}, Class: Instant, Source: sourceMeasured},
	{Flavour: MySQL, From: mysql8023, Kinds: []Kind{HideColumn, SetVisibility}, Class: Instant, Source: sourceMeasured},
	{Flavour: MySQL, Kinds: []Kind{AddVirtual}, Class: Instant, Company: WithoutRebuild, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{DropVirtual}, Class: Instant, When: []Condition{noVirtualIndex}, Company: WithoutRebuild, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{DropVirtual}, Class: InPlace, Company: WithoutRebuild, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{MoveVirtual}, Class: Instant, Company: WithoutRebuild, Source: sourceMeasured},
	{Flavour: MySQL, Kinds: []Kind{WidenText}, Class: InPlace, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{ChangeCollation, WidenCharset}, Class: InPlace, When: []Condition{unindexed}, Source: sourceMeasured},

	// Whatever rewrites the table in place; FULLTEXT leaves only a copy.
	{Flavour: MySQL, Kinds: movesRows, Class: InPlaceRebuild, When: []Condition{noFulltext, noSpatial, soundRebuild}, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: movesRows, Class: RebuildBlocking, When: []Condition{noFulltext, soundRebuild}, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{MoveStored, Tablespace}, Class: InPlaceRebuild, When: []Condition{noFulltext, noSpatial, soundRebuild}, Source: sourceMeasured},

	// Keys and constraints.
	{Flavour: MySQL, Kinds: []Kind{AddIndex, AddUnique, DropAnyIndex, RenameIndex, HideIndex}, Class: InPlace, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{AddExpressionIndex}, Class: InPlaceBlocking, Source: sourceMeasured},
	{Flavour: MySQL, Kinds: []Kind{AddSpatial}, Class: InPlaceBlocking, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{AddFulltext}, Class: InPlaceBlocking, When: []Condition{hasFulltext}, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{AddFulltext}, Class: RebuildBlocking, When: []Condition{noFulltext, soundRebuild}, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{AddForeignKey}, Class: InPlace, When: []Condition{checksOff}, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{DropForeignKey}, Class: InPlace, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{AddUnenforced, DropCheck, RelaxCheck}, Class: Instant, Source: sourceMeasured},

	// The table as a whole.
	{Flavour: MySQL, Kinds: []Kind{CommentTable, DefaultCharset}, Class: InPlace, Source: sourceMeasured},
	{Flavour: MySQL, Kinds: []Kind{AutoValue, Statistics}, Class: InPlace, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{RenameByAlter}, Class: Instant, Source: sourceMySQL},

	// Partitions. TRUNCATE and EXCHANGE accept any clause and heed none.
	{Flavour: MySQL, Kinds: []Kind{AddPartition, DropPartition}, Class: InPlace, Company: Alone, Source: sourcePartition},
	{Flavour: MySQL, Kinds: []Kind{AddHashPartition, CoalescePartition, ReorganizePartition, RebuildPartition}, Class: RebuildBlocking,
		Company: Alone, Source: sourcePartition},
	{Flavour: MySQL, Kinds: []Kind{TruncatePartition, ExchangePartition}, Class: Metadata, Company: Alone, Source: sourcePartition},

	{Flavour: MySQL, Kinds: copied, Class: Copy, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{Encryption}, Class: Copy, Source: sourceMySQL, Checked: Documentation},
	{Flavour: MySQL, Kinds: copiedAtWorst, Class: Copy, Source: sourceMySQL, Lax: true, Checked: Documentation},
	{Flavour: MySQL, Kinds: whole, Class: Metadata, Source: sourceMySQL},
	{Flavour: MySQL, Kinds: []Kind{IgnoreIndex}, Class: Missing},
}

// copied are the operations that both flavours do by copying the table.
var copied = []Kind{
	ChangeType, EditEnum, ChangeCharset, WidenTextOver, MakeAuto, AddStored, ChangeStored, AddComputed, DropPrimaryKey,
	AddForeignKey, AddCheck, AddChecked, EnforceCheck, ChangeVirtual, ChangeEngine, SortRows, PartitionTable, RemovePartitioning,
	ChangeCollation, WidenCharset,
	AddColumn, DropColumn, SetNotNull, DropNotNull, MoveColumn, Rebuild, RowFormat,
}

// copiedAtWorst are the operations that can be done by copying as well, when
// something else in the statement asks for it.
var copiedAtWorst = []Kind{
	AddColumnFirst, AddColumnAfter, AddRequired, AddAuto, AddVirtual, DropVirtual, MoveVirtual, MoveStored, KeyBlockSize,
	AddPrimaryKey, ChangePrimaryKey, Tablespace, AddFulltext, AddSpatial, AddExpressionIndex,
}

// whole are the statements that change no rows.
var whole = []Kind{CreateTableOp, DropTableOp, RenameTableOp, TruncateOp, CreateViewOp, DropViewOp}
