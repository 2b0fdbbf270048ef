package facts

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/underpin-db/underpin/review"
)

// ErrVersion says that a file is of another version than this program reads.
var ErrVersion = errors.New("the file is of another version")

// ReadFile reads a file that [Write] has written.
func ReadFile(name string) (*review.Facts, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the facts: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, fmt.Errorf("read the facts: %w", err)
	}
	var head struct{ Version int }
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("read the facts in %s: it is no file of facts: %w", name, err)
	}
	if head.Version != review.FactsVersion {
		return nil, fmt.Errorf("read the facts in %s: %w: it is of %d and this program reads %d; write it again with underpin stats",
			name, ErrVersion, head.Version, review.FactsVersion)
	}
	var f review.Facts
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("read the facts in %s: %w", name, err)
	}
	share(&f)
	return &f, nil
}

// Write writes facts so that [ReadFile] reads them back.
func Write(w io.Writer, f *review.Facts) error {
	out := *f
	out.Tables = slices.Clone(f.Tables)
	for i := range out.Tables {
		out.Tables[i].DefaultCollations = nil // they stand once in the file
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("write the facts: %w", err)
	}
	return nil
}
