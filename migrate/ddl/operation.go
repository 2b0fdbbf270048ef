package ddl

// Kind is an elementary operation. The vocabulary is closed: a statement that
// does anything else is refused.
type Kind string

// Operations on columns.
const (
	AddColumn       Kind = "add column"               // nullable or with a constant default, at the end
	AddColumnFirst  Kind = "add column first"         // the same, before all others
	AddColumnAfter  Kind = "add column at a position" // the same, behind another
	AddRequired     Kind = "add required column"      // NOT NULL without default: rows get the type's zero value
	AddComputed     Kind = "add column with computed default"
	AddAuto         Kind = "add auto_increment column"
	AddStored       Kind = "add stored generated column"
	AddVirtual      Kind = "add virtual generated column"
	AddChecked      Kind = "add column with check"
	DropColumn      Kind = "drop column"
	DropVirtual     Kind = "drop virtual generated column"
	MoveVirtual     Kind = "move virtual generated column"
	MoveStored      Kind = "move stored generated column"
	SetVisibility   Kind = "set column visibility" // as ALTER COLUMN … SET INVISIBLE
	RenameColumn    Kind = "rename column"
	ChangeDefault   Kind = "change default"
	WidenText       Kind = "widen varchar within its length bytes"
	WidenTextOver   Kind = "widen varchar to two length bytes"
	ChangeType      Kind = "change column type"
	SetNotNull      Kind = "set not null"
	DropNotNull     Kind = "drop not null"
	MoveColumn      Kind = "move column"
	AppendEnum      Kind = "append enum or set members"
	EditEnum        Kind = "edit enum or set members"
	WidenCharset    Kind = "widen utf8mb3 column to utf8mb4"
	ChangeCharset   Kind = "change character set of column"
	ChangeCollation Kind = "change collation of column"
	CommentColumn   Kind = "change column comment"
	HideColumn      Kind = "change column visibility"
	MakeAuto        Kind = "change auto_increment attribute"
	ChangeVirtual   Kind = "change virtual generated column"
	ChangeStored    Kind = "change stored generated column"
)

// Operations on keys and constraints.
const (
	AddIndex           Kind = "add index"
	AddUnique          Kind = "add unique index"
	AddExpressionIndex Kind = "add index over an expression"
	AddFulltext        Kind = "add fulltext index"
	AddSpatial         Kind = "add spatial index"
	DropAnyIndex       Kind = "drop index"
	RenameIndex        Kind = "rename index"
	HideIndex          Kind = "change index visibility"
	IgnoreIndex        Kind = "ignore index"
	AddPrimaryKey      Kind = "add primary key"
	DropPrimaryKey     Kind = "drop primary key"
	ChangePrimaryKey   Kind = "change primary key"
	AddForeignKey      Kind = "add foreign key"
	DropForeignKey     Kind = "drop foreign key"
	AddCheck           Kind = "add check"
	AddUnenforced      Kind = "add check not enforced"
	DropCheck          Kind = "drop check"
	EnforceCheck       Kind = "enforce check"
	RelaxCheck         Kind = "stop enforcing check"
)

// Operations on tables.
const (
	DefaultCharset Kind = "change default character set"
	RowFormat      Kind = "change row format"
	KeyBlockSize   Kind = "change key block size"
	Rebuild        Kind = "rebuild table"
	ChangeEngine   Kind = "change engine"
	RenameByAlter  Kind = "rename table by alter"
	CommentTable   Kind = "change table comment"
	AutoValue      Kind = "change auto_increment value"
	Statistics     Kind = "change statistics options"
	Encryption     Kind = "change encryption"
	Tablespace     Kind = "change tablespace"
	SortRows       Kind = "sort rows"
)

// Operations on partitions.
const (
	AddPartition        Kind = "add partition"
	AddHashPartition    Kind = "add hash or key partition"
	DropPartition       Kind = "drop partition"
	TruncatePartition   Kind = "truncate partition"
	ReorganizePartition Kind = "reorganize partition"
	CoalescePartition   Kind = "coalesce partition"
	RebuildPartition    Kind = "rebuild partition"
	ExchangePartition   Kind = "exchange partition"
	PartitionTable      Kind = "partition table"
	RemovePartitioning  Kind = "remove partitioning"
)

// Whole statements.
const (
	CreateTableOp Kind = "create table"
	DropTableOp   Kind = "drop table"
	RenameTableOp Kind = "rename table"
	TruncateOp    Kind = "truncate table"
	CreateViewOp  Kind = "create view"
	DropViewOp    Kind = "drop view"
)

// Operations that only the present table can tell apart; see [Resolve].
const (
	ModifyColumn   Kind = "modify column"
	DropConstraint Kind = "drop constraint"
	ConvertCharset Kind = "convert character set"
	SetEngine      Kind = "set engine"
	AddPartitions  Kind = "add partitions"
)

// Operation is one elementary thing that a statement does.
type Operation struct {
	Kind Kind
	// Name is the column, index, constraint or partition; the new name stands
	// in To where there is one. Both are empty for the table as a whole.
	Name, To string
	// Column is the definition that an added or modified column is to have.
	Column *Column
	// After is the column behind which the column is to stand; First puts it
	// before all. Neither leaves it where it is, or at the end when added.
	After string
	First bool
	// Charset, Collation and Engine are what the operation sets.
	Charset, Collation, Engine string
}

// String returns the kind and the name.
func (o Operation) String() string {
	if o.Name == "" {
		return string(o.Kind)
	}
	return string(o.Kind) + " " + o.Name
}
