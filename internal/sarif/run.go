package sarif

// Run is one run of a tool over a tree of files.
type Run struct {
	Tool Tool
	// Category tells runs of the same tool on the same commit apart, such as
	// one for each database. It may be empty.
	Category string
	// Rules are those that the tool knows, whether they found anything or not.
	Rules   []Rule
	Results []Result
	// Notes are what the tool could not do; a reader of the document is to
	// know that the results are not the whole truth.
	Notes []string
}

// Tool names the tool.
type Tool struct {
	Name, Version string
	// URI is where the tool is documented; it may be empty.
	URI string
}

// Rule is a rule of a tool.
type Rule struct {
	ID, Name string
	// Summary is one line; Markdown is the explanation, shown beside a
	// result. It may be empty.
	Summary, Markdown string
	Level             Level
	Tags              []string
}

// Level is how severe a result is.
type Level string

// The levels of SARIF.
const (
	Error   Level = "error"
	Warning Level = "warning"
	Note    Level = "note"
)

// Result is one finding.
type Result struct {
	RuleID  string
	Level   Level
	Message string
	// Path is the file, relative to the root of the repository, with slashes.
	Path   string
	Region Region
	// Fingerprint stays the same while the finding does, wherever its line
	// moves to. It may be empty.
	Fingerprint string
	Fixes       []Fix
	// Suppression says why a result does not count; nil when it does.
	Suppression *Suppression
}

// Region is a part of a file. Lines and columns count from 1, a column being
// one character, and EndColumn is behind the last. What is 0 is not known.
type Region struct {
	StartLine, StartColumn, EndLine, EndColumn int
}

// Suppression is a waiver that stands in the source.
type Suppression struct{ Reason string }

// Fix is one way to mend what a result is about.
type Fix struct {
	Description  string
	Replacements []Replacement
}

// Replacement puts a text in the place of a region. With the zero Region the
// file is a new one.
type Replacement struct {
	Path   string
	Region Region
	Text   string
}
