package sarif

import "net/url"

// schemaURI names the schema; the tests hold a copy of what it leads to.
const schemaURI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// The wire form: those parts of the format that are written. Names are those
// of the standard, section 3.
type (
	document struct {
		Schema  string `json:"$schema"`
		Version string `json:"version"`
		Runs    []run  `json:"runs"`
	}
	run struct {
		Tool        tool         `json:"tool"`
		Automation  *automation  `json:"automationDetails,omitempty"`
		ColumnKind  string       `json:"columnKind"`
		Invocations []invocation `json:"invocations"`
		Results     []result     `json:"results"`
	}
	tool struct {
		Driver driver `json:"driver"`
	}
	driver struct {
		Name    string       `json:"name"`
		Version string       `json:"version,omitempty"`
		URI     string       `json:"informationUri,omitempty"`
		Rules   []descriptor `json:"rules"`
	}
	automation struct {
		ID string `json:"id"`
	}
	invocation struct {
		Successful    bool           `json:"executionSuccessful"`
		Notifications []notification `json:"toolExecutionNotifications,omitempty"`
	}
	notification struct {
		Level   Level   `json:"level"`
		Message message `json:"message"`
	}
	descriptor struct {
		ID            string        `json:"id"`
		Name          string        `json:"name,omitempty"`
		Short         message       `json:"shortDescription"`
		Help          *help         `json:"help,omitempty"`
		Configuration configuration `json:"defaultConfiguration"`
		Properties    *properties   `json:"properties,omitempty"`
	}
	help struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown"`
	}
	configuration struct {
		Level Level `json:"level"`
	}
	properties struct {
		Tags []string `json:"tags"`
	}
	message struct {
		Text string `json:"text"`
	}
	result struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        Level             `json:"level"`
		Message      message           `json:"message"`
		Locations    []location        `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints,omitempty"`
		Fixes        []fix             `json:"fixes,omitempty"`
		Suppressions []suppression     `json:"suppressions,omitempty"`
	}
	location struct {
		Physical physical `json:"physicalLocation"`
	}
	physical struct {
		Artifact artifact `json:"artifactLocation"`
		Region   *region  `json:"region,omitempty"`
	}
	artifact struct {
		URI string `json:"uri"`
	}
	region struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
		EndLine     int `json:"endLine,omitempty"`
		EndColumn   int `json:"endColumn,omitempty"`
	}
	suppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification,omitempty"`
	}
	fix struct {
		Description message  `json:"description"`
		Changes     []change `json:"artifactChanges"`
	}
	change struct {
		Artifact     artifact      `json:"artifactLocation"`
		Replacements []replacement `json:"replacements"`
	}
	replacement struct {
		Deleted  region  `json:"deletedRegion"`
		Inserted content `json:"insertedContent"`
	}
	content struct {
		Text string `json:"text"`
	}
)

// uri returns a relative path as a relative reference.
func uri(path string) string { return (&url.URL{Path: path}).String() }
