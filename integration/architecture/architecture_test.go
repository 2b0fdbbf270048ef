package architecture_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/underpin-db/underpin/"

// rule forbids a package to link what begins with one of the paths.
type rule struct {
	pkg    string
	forbid map[string]string // path prefix: why
}

var library = map[string]string{
	"github.com/pingcap/":        "an application must not link the SQL parser",
	"github.com/spf13/":          "an application must not link the command line",
	"github.com/redis/":          "an application must not link a Redis client it does not use",
	"github.com/prometheus/":     "metrics are behind an interface",
	"github.com/goccy/":          "an application reads no change files",
	"github.com/testcontainers/": "for tests",
	"github.com/stretchr/":       "for tests",
	module + "migrate/plan":      "it links the SQL parser",
	module + "migrate/engine":    "arrows run downwards",
	module + "backfill":          "workers are processes of their own",
	module + "internal/cli":      "arrows run downwards",
}

var rules = []rule{
	{"dualwrite", library},
	{"flags", library},
	{"flags/sqlstore", library},
	{"flags/experiment", library},
	{"flags/experiment/stats", map[string]string{
		module + "internal": "arithmetic needs no server", "github.com/go-sql-driver": "arithmetic needs no server",
	}},
	{"flags/openfeature", map[string]string{
		"github.com/pingcap/": "an application must not link the SQL parser", "github.com/spf13/": "an application must not link the command line",
		"github.com/redis/": "an application must not link a Redis client it does not use",
	}},
	{"flags/ofrep", map[string]string{
		"github.com/open-feature/": "it speaks the protocol itself", "github.com/pingcap/": "an application must not link the SQL parser",
		"github.com/spf13/": "an application must not link the command line", module + "internal": "it asks over the network",
	}},
	{"review", map[string]string{
		module + "migrate/engine": "the gate carries nothing out", module + "dualwrite": "it is not the application",
		module + "backfill": "it is not a worker", module + "internal/cli": "arrows run downwards", "github.com/spf13/": "arrows run downwards",
		module + "review/rules": "rules stand on it",
	}},
	{"review/sign", map[string]string{
		module + "migrate/engine": "arrows run downwards", module + "internal/cli": "arrows run downwards",
		"github.com/spf13/": "arrows run downwards", module + "dualwrite": "the gate is not the application",
	}},
	{"internal/gosource", map[string]string{"github.com/": "it needs the standard library only"}},
	{"internal/sarif", map[string]string{"github.com/": "it needs the standard library only"}},
	{"migrate/fleet", library},
	{"migrate", map[string]string{"github.com/": "the vocabulary takes the standard library only"}},
	{"migrate/explore", map[string]string{
		module + "internal": "the model needs no server", "github.com/go-sql-driver": "the model needs no server",
	}},
	{"migrate/plan", map[string]string{
		module + "migrate/engine": "arrows run downwards", module + "dualwrite": "arrows run downwards", "github.com/spf13/": "arrows run downwards",
	}},
	{"backfill", map[string]string{
		module + "migrate/engine": "arrows run downwards", module + "migrate/plan": "workers read the recorded change", "github.com/spf13/": "arrows run downwards",
	}},
	{"migrate/engine", map[string]string{
		module + "internal/cli": "arrows run downwards", module + "dualwrite": "the engine is not the application", "github.com/spf13/": "arrows run downwards",
		module + "review": "it asks through an interface of its own", module + "flags/openfeature": "it asks through an interface of its own",
	}},
	{"migrate/ddl", map[string]string{
		module + "migrate/plan": "arrows run downwards", module + "migrate/engine": "arrows run downwards", "github.com/spf13/": "arrows run downwards",
	}},
	{"migrate/usage", map[string]string{
		module + "migrate/plan": "arrows run downwards", module + "migrate/engine": "arrows run downwards", "github.com/spf13/": "arrows run downwards",
	}},
	{"migrate/desired", map[string]string{
		module + "migrate/engine": "arrows run downwards", module + "dualwrite": "arrows run downwards", "github.com/spf13/": "arrows run downwards",
	}},
	{"migrate/preflight", map[string]string{
		module + "migrate/engine": "arrows run downwards", module + "dualwrite": "arrows run downwards",
		module + "internal/cli": "arrows run downwards", "github.com/spf13/": "arrows run downwards",
	}},
	{"querykiller", map[string]string{
		"github.com/prometheus/": "metrics are behind an interface; see querykiller/promkiller", "github.com/spf13/": "arrows run downwards",
		"github.com/pingcap/": "it guards servers, and judges by first words", module + "migrate/engine": "it stands beside the engine",
		module + "dualwrite": "it is not the application", module + "backfill": "it stands beside the workers",
	}},
	{"internal/control", map[string]string{
		module + "dualwrite": "arrows run downwards", module + "backfill": "arrows run downwards", module + "migrate/engine": "arrows run downwards",
	}},
}

func TestImportRules(t *testing.T) {
	for _, r := range rules {
		t.Run(r.pkg, func(t *testing.T) {
			t.Parallel()
			out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", module+r.pkg).Output()
			require.NoError(t, err)
			deps := strings.Fields(string(out))
			require.Greater(t, len(deps), 5, "go list gave nothing to check")
			for _, dep := range deps {
				if dep == module+r.pkg {
					continue
				}
				for prefix, why := range r.forbid {
					allowed := r.pkg == "migrate" && strings.HasPrefix(dep, module+"migrate")
					if strings.HasPrefix(dep, prefix) && !allowed {
						t.Errorf("%s links %s: %s", r.pkg, dep, why)
					}
				}
			}
		})
	}
}

// The rules would hold for ever if their paths were misspelled, so a package
// that is known to link the parser has to break the library's rule.
func TestImportRulesCanFail(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", module+"migrate/plan").Output()
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(strings.Fields(string(out)), func(dep string) bool {
		return strings.HasPrefix(dep, "github.com/pingcap/")
	}))
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Doc,Name", module+"...")
	out, err := cmd.Output()
	require.NoError(t, err)
	dec := json.NewDecoder(strings.NewReader(string(out)))
	packages := 0
	for {
		var p struct{ ImportPath, Doc, Name string }
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else {
			require.NoError(t, err)
		}
		packages++
		if p.Doc == "" {
			t.Errorf("package %s has no package comment", p.ImportPath)
		}
	}
	require.Greater(t, packages, 10)
}

// ordered finds a phase compared by order, which has no meaning: one asks the
// transition table.
var ordered = regexp.MustCompile(`\bPhase\s*(<|>|<=|>=)\s|(<|>|<=|>=)\s*migrate\.(Planned|Expanded|DualWriting|Backfilling|Verified|ReadingNew|OnlyNew|Reversing|Contracted|Closed)\b`)

func TestPhasesAreNotOrdered(t *testing.T) {
	require.Regexp(t, ordered, "if s.Phase >= migrate.Verified {", "the rule has to be able to fail")
	each(t, func(path string, source []byte, _ *ast.File) {
		if !strings.HasSuffix(path, "architecture_test.go") {
			require.NotRegexp(t, ordered, string(source), path)
		}
	})
}

func TestNoInitFunctions(t *testing.T) {
	each(t, func(path string, _ []byte, file *ast.File) {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function: wire things where they are used", path)
			}
		}
	})
}

// each calls fn for every Go file of the module.
func each(t *testing.T, fn func(path string, source []byte, file *ast.File)) {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	files := 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		files++
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.SkipObjectResolution)
		require.NoError(t, err)
		fn(path, source, file)
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, files, 50)
}
