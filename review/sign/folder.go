package sign

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Folder is the folder of a change's signatures, beside its change file, or of a
// cache's. Each signature is two files: the statement, ENVIRONMENT.ROLE.SIGNER.txt
// or for a cache ROLE.SIGNER.txt, and the armored signature over it, the same name
// with .sig behind it. So
//
//	ssh-keygen -Y verify -f allowed_signers -n underpin-plan-v1 -I SIGNER -s NAME.txt.sig < NAME.txt
//
// checks one, and ssh-keygen -Y sign -n underpin-plan-v1 -f KEY NAME.txt makes
// one; for a cache in namespace underpin-cache-v1. plan.json in the folder of a
// change is the plan that its signatures are about.
type Folder string

// Names in and of the folder.
const (
	FolderName = "signatures"
	PlanName   = "plan.json"
	// CachesName is the folder of all caches' signatures, beside the changes.
	CachesName = "caches"

	statementSuffix = ".txt"
	signatureSuffix = ".sig"
)

// What may be read: a statement is under 1 KiB, a signature under 4 KiB even
// with a certificate in it.
const (
	mostBytes      = 64 << 10
	mostSignatures = 1000
)

// FolderOf returns the folder of the change file at a path.
func FolderOf(changeFile string) Folder {
	return Folder(filepath.Join(filepath.Dir(changeFile), FolderName))
}

// ErrCacheName says that signatures cannot be kept under a cache's name.
var ErrCacheName = errors.New("a cache whose format people sign needs a name of letters, digits, dots, dashes and underscores")

// CacheFolder returns the folder of a cache's signatures, below the folder of the
// changes.
func CacheFolder(changes, cache string) (Folder, error) {
	if !cacheName.MatchString(cache) {
		return "", fmt.Errorf("%w: %q", ErrCacheName, cache)
	}
	return Folder(filepath.Join(changes, CachesName, cache, FolderName)), nil
}

// Plan is the path of the plan that the signatures are about.
func (f Folder) Plan() string { return filepath.Join(string(f), PlanName) }

// Signature is a statement and its signature, as read, and not checked yet.
type Signature struct {
	// Path is of the statement.
	Path          string
	Text, Armored []byte
	// Err says that they could not be read.
	Err error
}

// Write writes a signature, over an older one of the same person in the same role
// (and for the same environment), and returns the path of the statement.
func (f Folder) Write(s Signable, armored []byte) (string, error) {
	text, err := s.Text()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(string(f), 0o755); err != nil {
		return "", fmt.Errorf("write the signature: %w", err)
	}
	path := filepath.Join(string(f), s.fileName()+statementSuffix)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return "", fmt.Errorf("write the statement: %w", err)
	}
	if err := os.WriteFile(path+signatureSuffix, armored, 0o644); err != nil {
		return "", fmt.Errorf("write the signature: %w", err)
	}
	return path, nil
}

// Read reads all signatures; a folder that is not there has none. What cannot be
// read is a signature with an error: it counts for nothing, and is reported.
func (f Folder) Read() ([]Signature, error) {
	entries, err := os.ReadDir(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the signatures: %w", err)
	}
	var names []string
	for _, e := range entries {
		if base, is := strings.CutSuffix(e.Name(), signatureSuffix); is || strings.HasSuffix(e.Name(), statementSuffix) {
			names = append(names, base)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > mostSignatures {
		return nil, fmt.Errorf("read the signatures: %s holds %d, of %d at most", f, len(names), mostSignatures)
	}
	out := make([]Signature, len(names))
	for i, name := range names {
		s := Signature{Path: filepath.Join(string(f), name)}
		var textErr, sigErr error
		s.Text, textErr = readBounded(s.Path)
		s.Armored, sigErr = readBounded(s.Path + signatureSuffix)
		s.Err = errors.Join(textErr, sigErr)
		out[i] = s
	}
	return out, nil
}

// readBounded reads a file that is small by nature.
func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, mostBytes+1))
	if err == nil && len(raw) > mostBytes {
		err = fmt.Errorf("%s is larger than %d bytes", path, mostBytes)
	}
	return raw, err
}
