package plan

// Statement is one piece of DDL. Its text is the author's and is what the
// engine executes; everything else is read from it.
type Statement struct {
	// SQL is the text without a trailing semicolon.
	SQL string `json:"sql"`
	// Kind and Table say what it does to which table.
	Kind  StatementKind `json:"kind"`
	Table string        `json:"table"`
	// Effects is what the live schema shows once the statement has taken
	// effect. Empty means that the schema cannot show it; such a statement may
	// be executed again.
	Effects []Effect `json:"effects,omitempty"`
	// Parents are the tables that its foreign keys refer to, which it locks for the
	// same instant as its own.
	Parents []string `json:"parents,omitempty"`
	// Session names the variables that have to be off in the session that
	// executes it.
	Session []string `json:"session,omitempty"`
}

// StatementKind is the kind of a DDL statement.
type StatementKind string

// The kinds of statement.
const (
	AlterTable  StatementKind = "alter table"
	CreateTable StatementKind = "create table"
	DropTable   StatementKind = "drop table"
	CreateIndex StatementKind = "create index"

	// The rest stands in plans of changes of the schema alone.
	RenameTable StatementKind = "rename table"
	CreateView  StatementKind = "create view"
	DropView    StatementKind = "drop view"
)

// Effect is one visible trace of a statement in the live schema.
type Effect struct {
	Kind  EffectKind `json:"kind"`
	Table string     `json:"table"`
	// Name is the column, the index or the constraint; empty for a table.
	Name string `json:"name,omitempty"`
	// Want is what a ColumnIs shows.
	Want string `json:"want,omitempty"`
}

// EffectKind is what the live schema has to show.
type EffectKind string

// The kinds of effect.
const (
	TableExists  EffectKind = "table exists"
	TableAbsent  EffectKind = "table absent"
	ColumnExists EffectKind = "column exists"
	ColumnAbsent EffectKind = "column absent"
	IndexExists  EffectKind = "index exists"
	IndexAbsent  EffectKind = "index absent"
	// DefaultSet: the column has a default. Another default than the wanted
	// one shows the same, so a statement whose effects are all of this kind is
	// executed again rather than believed.
	DefaultSet EffectKind = "default set"

	// ColumnIs: the column is as Want describes it, in every fact.
	ColumnIs EffectKind = "column is"
	// IndexHidden and IndexShown: the optimizer ignores the index, or not.
	IndexHidden EffectKind = "index hidden"
	IndexShown  EffectKind = "index shown"
	// ConstraintExists and ConstraintAbsent: a foreign key or a check.
	ConstraintExists EffectKind = "constraint exists"
	ConstraintAbsent EffectKind = "constraint absent"
)

// Progress says how far a statement has taken effect.
type Progress string

// The answers of [Taken].
const (
	// NotTaken: no effect shows, or none can; execute the statement.
	NotTaken Progress = "not taken"
	// AllTaken: every effect shows; the statement is done.
	AllTaken Progress = "taken"
	// PartlyTaken: some effects show. One statement is atomic, so somebody
	// else has changed the schema; stop and say so.
	PartlyTaken Progress = "partly taken"
)
