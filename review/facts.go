package review

import (
	"strings"
	"time"

	"github.com/underpin-db/underpin/migrate/ddl"
)

// FactsVersion is the version of the form in which facts are written.
const FactsVersion = 1

// Facts are what is known of one database: read from a live server, or from a
// file that `underpin stats` wrote. They hold names, sizes and settings, and no
// row of data. A nil *Facts is one that knows nothing.
type Facts struct {
	Version int        `json:"version"`
	Taken   time.Time  `json:"taken"`
	Server  ddl.Server `json:"server"`
	// ServerText is what SELECT VERSION() says.
	ServerText string `json:"server_text"`
	Database   string `json:"database"`
	// Settings are global variables, by name in lower case.
	Settings map[string]string `json:"settings"`
	Tables   []TableFacts      `json:"tables"`
	// Collations are the collation of each character set that a definition
	// gets when it names none.
	Collations map[string]string `json:"collations"`
	// Digests are normalised statements, without literals, as the server keeps
	// them.
	Digests []Digest `json:"digests"`
	// Blind says what could not be read, and why.
	Blind []string `json:"blind,omitempty"`
}

// TableFacts are the facts of one table.
type TableFacts struct {
	ddl.Table
	// NextAuto is the next AUTO_INCREMENT value; 0 where there is none.
	NextAuto uint64 `json:",omitempty"`
	// RowsPerDay is how many rows more it gets in a day; nil is not known.
	RowsPerDay *float64 `json:",omitempty"`
	// ForeignTables are the tables that its foreign keys point at.
	ForeignTables []string `json:",omitempty"`
}

// Digest is one normalised statement.
type Digest struct {
	Text     string    `json:"text"`
	Count    uint64    `json:"count"`
	LastSeen time.Time `json:"last_seen"`
}

// Table returns the facts of a table, in any case.
func (f *Facts) Table(name string) (TableFacts, bool) {
	if f == nil {
		return TableFacts{}, false
	}
	for _, t := range f.Tables {
		if strings.EqualFold(t.Name, name) {
			return t, true
		}
	}
	return TableFacts{}, false
}

// Setting returns a global variable.
func (f *Facts) Setting(name string) (string, bool) {
	if f == nil {
		return "", false
	}
	v, ok := f.Settings[strings.ToLower(name)]
	return v, ok
}
