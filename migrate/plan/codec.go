package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// ErrEdited says that a stored plan is not the one that its hash was taken of.
var ErrEdited = errors.New("the plan does not match its hash: it was edited or damaged; plan again from the change file")

// ErrFormat says that a stored plan has fields this release does not know.
var ErrFormat = errors.New("the plan cannot be read: a newer release of underpin may have written it")

// stored is a plan with its hash. The plan's fields stand beside the hash, so
// that the application's library, which does not link this package, finds the
// change at the top.
type stored struct {
	Hash string `json:"hash"`
	*Plan
}

// Marshal returns the plan with its hash as JSON, for the control table and
// for plan.json.
func (p *Plan) Marshal() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(stored{Hash: p.Hash(), Plan: p}); err != nil {
		return nil, fmt.Errorf("encode plan %s: %w", p.Change.Name, err)
	}
	return b.Bytes(), nil
}

// Unmarshal reads what Marshal wrote. A plan that was edited is [ErrEdited]; one
// with unknown fields is [ErrFormat]. What can be read from the statements'
// text is read from it again rather than believed.
func Unmarshal(data []byte) (*Plan, error) {
	var s stored
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows it", ErrFormat)
	}
	if s.Plan == nil {
		return nil, fmt.Errorf("%w: there is no plan in it", ErrFormat)
	}
	p := s.Plan
	if got := p.Hash(); got != s.Hash {
		return nil, fmt.Errorf("%w: it says %s and is %s", ErrEdited, s.Hash, got)
	}
	if err := p.reread(); err != nil {
		return nil, err
	}
	return p, nil
}

// reread restores what follows from the texts of the statements and steps.
func (p *Plan) reread() error {
	if p.Schema != nil {
		return nil // its effects were read from the server, and the hash covers them
	}
	parsed := map[string]*ddl{}
	for _, list := range [][]Statement{p.Expand, p.Undo, p.Contract} {
		for i, st := range list {
			d, r := parseDDL(Scalar{Text: st.SQL})
			if r != nil {
				return fmt.Errorf("%w: statement %q: %s", ErrFormat, st.SQL, r.reason)
			}
			list[i], parsed[st.SQL] = d.Statement, d
		}
	}
	var expand []*ddl
	for _, st := range p.Expand {
		expand = append(expand, parsed[st.SQL])
	}
	if !slices.Equal(texts(undo(expand)), texts(p.Undo)) {
		return fmt.Errorf("%w: its undo does not take back its expand", ErrEdited)
	}
	if p.Foreign != nil {
		if err := p.Foreign.reread(); err != nil {
			return err
		}
	}
	if p.Deferred != nil {
		return p.Deferred.reread()
	}
	return nil
}
