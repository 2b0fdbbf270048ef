package sarif

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// The limits of GitHub code scanning; see the package's comment.
const (
	MaxRuns    = 20
	MaxResults = 25_000
	MaxRules   = 25_000
	MaxTags    = 20
)

// Errors of [Write].
var (
	// ErrTooMany says that a limit was passed that nothing can be left out for.
	ErrTooMany = errors.New("more than SARIF's readers take")
	// ErrUnknownRule says that a result names a rule that its run has not.
	ErrUnknownRule = errors.New("the rule of a result is not among the rules of its run")
)

// Write writes a document with the runs. Results keep their order; where there
// are more than [MaxResults] in a run the least severe are left out, and a
// notification in the document says so.
func Write(w io.Writer, runs ...Run) error {
	if len(runs) > MaxRuns {
		return fmt.Errorf("write SARIF: %d runs: %w", len(runs), ErrTooMany)
	}
	out := document{Schema: schemaURI, Version: "2.1.0", Runs: make([]run, 0, len(runs))}
	for _, r := range runs {
		wire, err := r.wire()
		if err != nil {
			return fmt.Errorf("write SARIF: %w", err)
		}
		out.Runs = append(out.Runs, wire)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("write SARIF: %w", err)
	}
	return nil
}

// wire returns a run in the form of the format.
func (r Run) wire() (run, error) {
	if len(r.Rules) > MaxRules {
		return run{}, fmt.Errorf("%d rules: %w", len(r.Rules), ErrTooMany)
	}
	out := run{
		ColumnKind: "unicodeCodePoints",
		Tool:       tool{driver{Name: r.Tool.Name, Version: r.Tool.Version, URI: r.Tool.URI, Rules: make([]descriptor, 0, len(r.Rules))}},
		Results:    make([]result, 0, len(r.Results)),
	}
	if r.Category != "" {
		out.Automation = &automation{ID: r.Category + "/"}
	}
	index := make(map[string]int, len(r.Rules))
	for i, rule := range r.Rules {
		index[rule.ID] = i
		out.Tool.Driver.Rules = append(out.Tool.Driver.Rules, rule.wire())
	}
	results, left := worst(r.Results)
	for _, res := range results {
		i, ok := index[res.RuleID]
		if !ok {
			return run{}, fmt.Errorf("%s in %s: %w", res.RuleID, res.Path, ErrUnknownRule)
		}
		out.Results = append(out.Results, res.wire(i))
	}
	notes := r.Notes
	if left > 0 {
		notes = append(slices.Clip(notes), fmt.Sprintf("%d results are not here: a run holds %d, and the least severe were left out", left, MaxResults))
	}
	out.Invocations = []invocation{{Successful: true, Notifications: notifications(notes)}}
	return out, nil
}

// rank orders levels, the most severe first.
var rank = map[Level]int{Error: 0, Warning: 1, Note: 2}

// worst returns as many results as a run may have, in their own order, and how
// many were left out.
func worst(results []Result) (kept []Result, left int) {
	left = len(results) - MaxResults
	if left <= 0 {
		return results, 0
	}
	order := make([]int, len(results))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rank[results[a].Level], rank[results[b].Level]) })
	order = order[:MaxResults]
	slices.Sort(order)
	for _, i := range order {
		kept = append(kept, results[i])
	}
	return kept, left
}

func notifications(notes []string) []notification {
	out := make([]notification, 0, len(notes))
	for _, n := range notes {
		out = append(out, notification{Level: Warning, Message: message{n}})
	}
	return out
}

func (r Rule) wire() descriptor {
	out := descriptor{
		ID: r.ID, Name: r.Name, Short: message{r.Summary},
		Configuration: configuration{Level: r.Level},
	}
	if r.Markdown != "" {
		out.Help = &help{Text: r.Markdown, Markdown: r.Markdown}
	}
	if len(r.Tags) > 0 {
		out.Properties = &properties{Tags: r.Tags[:min(len(r.Tags), MaxTags)]}
	}
	return out
}

func (r Result) wire(rule int) result {
	out := result{
		RuleID: r.RuleID, RuleIndex: rule, Level: r.Level, Message: message{r.Message},
		Locations: []location{{physical{artifact{uri(r.Path)}, r.Region.wire()}}},
	}
	if r.Fingerprint != "" {
		out.Fingerprints = map[string]string{"underpin/v1": r.Fingerprint}
	}
	if r.Suppression != nil {
		out.Suppressions = []suppression{{Kind: "inSource", Justification: r.Suppression.Reason}}
	}
	for _, f := range r.Fixes {
		out.Fixes = append(out.Fixes, f.wire())
	}
	return out
}

// wire returns the region, or nil for a file as a whole: the format has no
// region without a line.
func (r Region) wire() *region {
	if r.StartLine == 0 {
		return nil
	}
	return &region{r.StartLine, r.StartColumn, r.EndLine, r.EndColumn}
}

// wire gathers replacements by file, in the order of their first.
func (f Fix) wire() fix {
	out := fix{Description: message{f.Description}}
	at := map[string]int{}
	for _, r := range f.Replacements {
		i, ok := at[r.Path]
		if !ok {
			i = len(out.Changes)
			at[r.Path] = i
			out.Changes = append(out.Changes, change{Artifact: artifact{uri(r.Path)}})
		}
		deleted := r.Region.wire()
		if deleted == nil {
			deleted = &region{StartLine: 1, StartColumn: 1, EndLine: 1, EndColumn: 1}
		}
		out.Changes[i].Replacements = append(out.Changes[i].Replacements, replacement{*deleted, content{r.Text}})
	}
	return out
}
