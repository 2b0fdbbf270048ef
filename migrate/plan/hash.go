package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/underpin-db/underpin/migrate"
)

// hashFormat is part of what is hashed. It changes when what the hash covers
// does, so that an old signature never covers a plan by accident.
const hashFormat = "underpin plan 1"

// executed is what the hash covers: everything that decides what is done, in
// an order that is fixed here, and nothing that describes.
type executed struct {
	Format      string         `json:"format"`
	Change      migrate.Change `json:"change"`
	Schema      *Schema        `json:"schema,omitempty"`
	Executed    []Statement    `json:"executed,omitempty"`
	Expand      []string       `json:"expand"`
	Undo        []string       `json:"undo"`
	Contract    []string       `json:"contract"`
	Deferred    *Deferred      `json:"deferred,omitempty"`
	Foreign     *Foreign       `json:"foreign,omitempty"`
	Reads       Reads          `json:"reads"`
	Backfill    Backfill       `json:"backfill"`
	Connections Connections    `json:"connections"`
	Steps       []executedStep `json:"steps"`
}

// executedStep is the part of a step that decides.
type executedStep struct {
	From   migrate.Phase   `json:"from"`
	To     migrate.Phase   `json:"to"`
	Work   migrate.Work    `json:"work"`
	SQL    []string        `json:"sql"`
	Guards []migrate.Guard `json:"guards"`
}

// Hash returns the SHA-256 of what the plan does, in hexadecimal. Two plans
// with the same hash do the same; facts, findings, samples and prose do not
// count. Integer display widths, which only some servers show, do not either.
func (p *Plan) Hash() string {
	sum := sha256.Sum256(p.canonical())
	return hex.EncodeToString(sum[:])
}

// canonical returns the canonical JSON of what the plan does.
func (p *Plan) canonical() []byte {
	e := executed{
		Format: hashFormat, Change: p.Change, Schema: p.Schema,
		Expand: texts(p.Expand), Undo: texts(p.Undo), Contract: texts(p.Contract), Deferred: p.Deferred, Foreign: p.Foreign,
		Reads: p.Reads, Backfill: p.Backfill, Connections: p.Connections,
	}
	if p.Schema != nil {
		// Of a mapped change the effects follow from the statements' texts.
		for _, list := range [][]Statement{p.Expand, p.Undo, p.Contract} {
			e.Executed = append(e.Executed, list...)
		}
	}
	for _, s := range p.Steps {
		step := executedStep{From: s.From, To: s.To, Work: s.Work, SQL: append([]string{}, s.SQL...), Guards: []migrate.Guard{}}
		for _, g := range s.Gates {
			step.Guards = append(step.Guards, g.Guard)
		}
		e.Steps = append(e.Steps, step)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		// Strings, numbers, and texts of durations and choices always encode.
		panic(fmt.Sprintf("encode a plan: %v", err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// texts returns the text of statements.
func texts(list []Statement) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.SQL
	}
	return out
}
