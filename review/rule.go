package review

import (
	"github.com/underpin-db/underpin/migrate/ddl"
)

// Code is the stable name of a rule: RS and a number whose first digit is its
// group.
type Code string

// Category says what a rule protects.
type Category string

// The categories, in the order in which a report shows them.
const (
	Breaks  Category = "breaks running code"
	Locks   Category = "locks or copies"
	Data    Category = "changes data"
	Cache   Category = "changes cached values"
	Queries Category = "grows slow"
	History Category = "history and process"
	Design  Category = "schema design"
	Text    Category = "not understood"
	Waivers Category = "waivers"
)

// Severity says how much a finding weighs.
type Severity string

// The severities. Off is for settings only: a rule that is off does not run.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Note    Severity = "note"
	Off     Severity = "off"
)

// Profile says who gets a rule without asking for it.
type Profile string

// The profiles.
const (
	// Always is on unless somebody switches it off.
	Always Profile = ""
	// SchemaDesign is house style: a team switches rules on one by one, or
	// the whole profile.
	SchemaDesign Profile = "schema-design"
)

// Reach says what a rule reads.
type Reach string

// The reaches.
const (
	// Migrations: SQL that is run as it stands. What stands in Underpin's own
	// change files is carried out behind gates, and most rules have nothing to
	// say about it.
	Migrations Reach = ""
	// AsWritten: statements of which it matters how they are written. What a
	// schema folder comes down to is left out too: nobody can write it in another
	// way there.
	AsWritten Reach = "as written"
	// Everything: the SQL of change files too.
	Everything Reach = "everything"
)

// Rule is one rule of the gate.
type Rule struct {
	Code     Code
	Name     string // such as rename-column
	Summary  string // one line: what it finds
	Category Category
	// Severity is that of a finding unless the finding says otherwise.
	Severity Severity
	Profile  Profile
	Reach    Reach
	Scope    Scope
	// Options are the settings that the rule takes.
	Options []Option
	// Explanation is Markdown: what, why, an example, the safe way.
	Explanation string
	// Check looks at the whole input once. It is called from one goroutine
	// at a time, beside the checks of other rules.
	Check func(*Pass)
}

// Scope says on which servers a rule holds. The zero value is all of them.
type Scope struct {
	Flavour ddl.Flavour // empty: both
	From    ddl.Version // zero: from the oldest
	Below   ddl.Version // zero: no end
}

// Holds reports whether a server is in scope.
func (s Scope) Holds(server ddl.Server) bool {
	return (s.Flavour == "" || s.Flavour == server.Flavour) &&
		!server.Version.Below(s.From) && (s.Below == ddl.Version{} || server.Version.Below(s.Below))
}

// Option is a setting of one rule. Its default's type is the type that a value
// must have: int, string or []string.
type Option struct {
	Name    string
	Default any
	Says    string // one line for the documentation
}
