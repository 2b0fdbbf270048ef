package sarif_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/internal/sarif"
)

// schema is the one that OASIS publishes.
func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(s *jsonschema.Schema, text []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return s.Validate(doc)
}

func example() sarif.Run {
	return sarif.Run{
		Tool:     sarif.Tool{Name: "underpin", Version: "1.2.3", URI: "https://example.com/"},
		Category: "review",
		Rules:    []sarif.Rule{{ID: "RS101", Name: "rename-column", Summary: "a column is renamed", Markdown: "# Why", Level: sarif.Error, Tags: []string{"breaks"}}},
		Results: []sarif.Result{{
			RuleID: "RS101", Level: sarif.Error, Message: "users.name is renamed", Path: "db/migrations/1 ü#?.sql",
			Region:      sarif.Region{StartLine: 3, StartColumn: 1, EndLine: 4, EndColumn: 9},
			Fingerprint: "f", Suppression: &sarif.Suppression{Reason: "planned"},
			Fixes: []sarif.Fix{{Description: "expand and contract", Replacements: []sarif.Replacement{
				{Path: "changes/x/change.yaml", Text: "change: x\n"}, {Path: "a.sql", Region: sarif.Region{StartLine: 1}, Text: ""},
			}}},
		}},
		Notes: []string{"no server was given"},
	}
}

func TestWriteIsValid(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := sarif.Write(&out, example(), sarif.Run{Tool: sarif.Tool{Name: "x"}}); err != nil {
		t.Fatal(err)
	}
	if err := validate(schema(t), out.Bytes()); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
	if !strings.Contains(out.String(), "db/migrations/1%20%C3%BC%23%3F.sql") {
		t.Errorf("the path is not a reference:\n%s", out.String())
	}
}

// The schema is a check only if it refuses what is wrong.
func TestTheSchemaRefuses(t *testing.T) {
	t.Parallel()
	s := schema(t)
	for _, level := range []sarif.Level{"fatal", ""} {
		run := example()
		run.Results[0].Level = level
		var out bytes.Buffer
		if err := sarif.Write(&out, run); err != nil {
			t.Fatal(err)
		}
		if validate(s, out.Bytes()) == nil {
			t.Errorf("level %q passed", level)
		}
	}
}

// Whatever the texts, what is written is a valid document.
func TestEveryTextIsValid(t *testing.T) {
	t.Parallel()
	s := schema(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		run := example()
		run.Tool.Version, run.Category = text.Draw(t, "version"), text.Draw(t, "category")
		res := &run.Results[0]
		res.Message, res.Path, res.Fingerprint = text.Draw(t, "message"), text.Draw(t, "path"), text.Draw(t, "fingerprint")
		res.Region.StartLine = rapid.IntRange(0, 9).Draw(t, "line")
		var out bytes.Buffer
		if err := sarif.Write(&out, run); err != nil {
			t.Fatal(err)
		}
		if err := validate(s, out.Bytes()); err != nil {
			t.Fatal(err)
		}
	})
}

// Over the limit the least severe go, and the document says so.
func TestLimits(t *testing.T) {
	t.Parallel()
	run := example()
	res := run.Results[0]
	run.Results = nil
	for i := range sarif.MaxResults + 5 {
		r := sarif.Result{RuleID: res.RuleID, Level: sarif.Note, Message: "m", Path: "p"}
		if i >= sarif.MaxResults {
			r.Level = sarif.Error
		}
		run.Results = append(run.Results, r)
	}
	var out bytes.Buffer
	if err := sarif.Write(&out, run); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Runs []struct {
			Results     []struct{ Level string }
			Invocations []struct {
				Notes []struct{ Message struct{ Text string } } `json:"toolExecutionNotifications"`
			}
		}
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	results, notes := doc.Runs[0].Results, doc.Runs[0].Invocations[0].Notes
	if len(results) != sarif.MaxResults || results[len(results)-1].Level != "error" || results[len(results)-5].Level != "error" {
		t.Errorf("%d results, the last is %s", len(results), results[len(results)-1].Level)
	}
	if len(notes) != 2 || !strings.HasPrefix(notes[1].Message.Text, "5 results are not here") {
		t.Errorf("notes: %v", notes)
	}
	if err := sarif.Write(&out, make([]sarif.Run, sarif.MaxRuns+1)...); !errors.Is(err, sarif.ErrTooMany) {
		t.Errorf("too many runs: %v", err)
	}
	run.Rules = nil
	if err := sarif.Write(&out, run); !errors.Is(err, sarif.ErrUnknownRule) {
		t.Errorf("a rule that is not there: %v", err)
	}
}
