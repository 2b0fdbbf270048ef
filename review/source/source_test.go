package source_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/source"
)

func write(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		full := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// describe writes a migration in a line: its place, version and sections.
func describe(list []*review.Migration) string {
	var b strings.Builder
	for _, m := range list {
		fmt.Fprintf(&b, "%s %s %s set=%d", m.Path, m.Version, m.Standing, m.Set)
		for _, s := range m.Sections {
			text := m.Text[s.From:s.To]
			if s.Text != "" {
				text = "(" + s.Text + ")"
			}
			fmt.Fprintf(&b, " %s[%s%s%s]", s.Direction, s.Single, s.Phase, strings.Join(strings.Fields(text), " "))
		}
		for _, f := range m.Faults {
			fmt.Fprintf(&b, " !%d:%d %s", f.Line, f.Column, f.Problem)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{
			"goose",
			map[string]string{
				"m/0002_b.sql": "-- a\n-- +goose Up\nSELECT 1;\n-- +goose StatementBegin\nBEGIN; END;\n-- +goose StatementEnd\nSELECT 2;\n--+goose down\nSELECT 3;\n",
				"m/0001_a.sql": "-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 0;",
			},
			"m/0001_a.sql 0001  set=0 up[SELECT 0;]\n" +
				"m/0002_b.sql 0002  set=1 up[SELECT 1;] up[one statementBEGIN; END;] up[SELECT 2;] down[SELECT 3;]\n",
		},
		{
			"golang-migrate",
			map[string]string{"m/10_b.up.sql": "B", "m/9_a.up.sql": "A", "m/9_a.down.sql": "-A", "m/README.sql": "no"},
			"m/9_a.down.sql 9  set=0 down[-A]\nm/9_a.up.sql 9  set=1 up[A]\nm/10_b.up.sql 10  set=2 up[B]\n",
		},
		{
			"flyway",
			map[string]string{"V1.10__b.sql": "B", "V1.9__a.sql": "A", "R__views.sql": "R", "U1.9__a.sql": "U"},
			"U1.9__a.sql 1.9  set=0 down[U]\nV1.9__a.sql 1.9  set=1 up[A]\nV1.10__b.sql 1.10  set=2 up[B]\nR__views.sql   set=3 up[R]\n",
		},
		{
			"dbmate",
			map[string]string{"db/20240101000000_a.sql": "-- migrate:up transaction:false\nA;\n-- migrate:down\nB;\n"},
			"db/20240101000000_a.sql 20240101000000  set=0 up[A;] down[B;]\n",
		},
		{
			"sql-migrate",
			map[string]string{"m/a.sql": "-- +migrate Up\nA;\n-- +migrate Down\nB;\n"},
			"m/a.sql   set=0 up[A;] down[B;]\n",
		},
		{
			"atlas",
			map[string]string{"m/atlas.sum": "h1:x", "m/20240101_a.sql": "-- +goose Up\nA"},
			"m/20240101_a.sql 20240101  set=0 up[-- +goose Up A]\n",
		},
		{
			"plain",
			map[string]string{"sql/001-a.sql": "A", "sql/002.sql": "B", "queries/list.sql": "SELECT", "testdata/003_x.sql": "no", "migrations/postgres/1_a.sql": "no"},
			"sql/001-a.sql 001  set=0 up[A]\nsql/002.sql 002  set=1 up[B]\n",
		},
		{
			"change files",
			map[string]string{
				"changes/a/change.yaml": "change: a\nservice: s\nalter:\n  - ALTER TABLE ü ADD COLUMN a INT\n  - >\n    ALTER TABLE t\n    ADD COLUMN b INT\n",
				"changes/b/change.yaml": "change: b\nserv: s\n",
			},
			"changes/a/change.yaml   set=0 up[one statementalterALTER TABLE ü ADD COLUMN a INT] up[one statementalter(ALTER TABLE t ADD COLUMN b INT)]\n" +
				"changes/b/change.yaml   set=1 !1:1 the field is missing; add `service:`",
		},
		{
			"texts",
			map[string]string{"m/1_a.sql": "\xef\xbb\xbfA", "m/2_b.sql": "\xff\xfeA\x00", "m/3_c.sql": ""},
			"m/1_a.sql 1  set=0 up[A]\nm/2_b.sql 2  set=1 !0:0 the file is in UTF-16: save it as UTF-8\nm/3_c.sql 3  set=2 up[]\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			write(t, root, tc.files)
			got, err := source.Read(t.Context(), source.Config{Root: root})
			if err != nil {
				t.Fatal(err)
			}
			text := describe(got.Migrations)
			if !strings.HasPrefix(text, tc.want) {
				t.Errorf("migrations (-want +got):\n%s", cmp.Diff(tc.want, text))
			}
		})
	}
}

// Links that lead in circles or nowhere, and folders that are no migrations.
func TestOddFolders(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, map[string]string{"m/1_a.sql": "A", "queries/list.sql": "SELECT 1", "m/00002_b.go": "package m"})
	for link, to := range map[string]string{"m/loop": root, "m/2_gone.sql": "nowhere", "m/3_self.sql": "3_self.sql", "m/4_dir.sql": root} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := source.Read(t.Context(), source.Config{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	want := `m/1_a.sql 1  set=0 up[A]
m/2_gone.sql 2  set=1 !0:0 the file cannot be read: no such file or directory
m/3_self.sql 3  set=2 !0:0 the file cannot be read: too many levels of symbolic links
m/4_dir.sql 4  set=3 !0:0 this is no regular file
`
	if diff := cmp.Diff(want, describe(got.Migrations)); diff != "" {
		t.Errorf("migrations (-want +got):\n%s", diff)
	}
	if len(got.Unread) != 2 || got.Unread[0] != "m/00002_b.go: a migration that is written in Go" || !strings.HasPrefix(got.Unread[1], "queries: 1 files") {
		t.Errorf("unread: %v", got.Unread)
	}
	named, err := source.Read(t.Context(), source.Config{Root: root, Paths: []string{"queries"}})
	if err != nil || len(named.Migrations) != 1 {
		t.Errorf("a folder that was named: %v, %v", named, err)
	}
	write(t, root, map[string]string{"named/V02.b.up.sql": "B", "named/V02.b.down.sql": "-B", "named/a.sql": "A"})
	versions, err := source.Read(t.Context(), source.Config{Root: root, Paths: []string{"named"}})
	if want := "named/V02.b.down.sql 02  set=0 down[-B]\nnamed/V02.b.up.sql 02  set=1 up[B]\nnamed/a.sql   set=2 up[A]\n"; err != nil || describe(versions.Migrations) != want {
		t.Errorf("versions in a folder that was named: %v\n%s", err, describe(versions.Migrations))
	}
	absolute, err := source.Read(t.Context(), source.Config{Root: root, Paths: []string{filepath.Join(root, "queries")}})
	if err != nil || len(absolute.Migrations) != 1 || absolute.Migrations[0].Path != "queries/list.sql" {
		t.Errorf("a folder below the root, by its whole path: %v, %v", absolute, err)
	}
	for _, path := range []string{"none", "../x", "/nosuch"} {
		var bad *source.PathError
		if _, err := source.Read(t.Context(), source.Config{Root: root, Paths: []string{path}}); !errors.As(err, &bad) {
			t.Errorf("path %s: %v", path, err)
		}
	}
	var bad *source.PathError
	if _, err := source.Read(t.Context(), source.Config{Root: root, Format: "rails"}); !errors.As(err, &bad) {
		t.Errorf("a format that is none: %v", err)
	}
	if _, err := source.Read(t.Context(), source.Config{Root: t.TempDir()}); !errors.Is(err, source.ErrNothing) {
		t.Errorf("an empty folder: %v", err)
	}
}

// run runs git in a folder, with nothing of the user's own settings.
func run(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
}

func commit(t *testing.T, dir, message string) {
	t.Helper()
	run(t, dir, "add", "-A")
	run(t, dir, "commit", "-q", "-m", message)
}

func TestBase(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	run(t, root, "init", "-q", "-b", "main")
	write(t, root, map[string]string{"db/1_a.sql": "A", "db/2_b.sql": "B", "db/3_c.sql": "C", "changes/x/change.yaml": "change: x\nservice: s\nalter: [ALTER TABLE t ADD a INT]\n"})
	commit(t, root, "base")
	run(t, root, "checkout", "-q", "-b", "topic")
	write(t, root, map[string]string{"db/2_b.sql": "B edited", "db/4_d.sql": "D", "changes/y/change.yaml": "change: y\nservice: s\nalter: [ALTER TABLE t ADD b INT]\n"})
	if err := os.Remove(filepath.Join(root, "db/3_c.sql")); err != nil {
		t.Fatal(err)
	}
	commit(t, root, "topic")
	write(t, root, map[string]string{"db/5_e.sql": "E"}) // not tracked yet
	// What main has got since is not of this pull request.
	run(t, root, "checkout", "-q", "main")
	write(t, root, map[string]string{"db/9_z.sql": "Z"})
	run(t, root, "add", "db/9_z.sql")
	run(t, root, "commit", "-q", "-m", "later")
	run(t, root, "checkout", "-q", "topic")

	for _, dir := range []string{root, filepath.Join(root, "db")} {
		got, err := source.Read(t.Context(), source.Config{Root: dir, Base: "main"})
		if err != nil {
			t.Fatal(err)
		}
		want := "db/1_a.sql 1 past set=0 up[A]\ndb/2_b.sql 2 edited set=0 up[B edited]\ndb/3_c.sql 3 removed set=0\n" +
			"db/4_d.sql 4  set=0 up[D]\ndb/5_e.sql 5  set=0 up[E]\n" +
			"changes/x/change.yaml  past set=0 up[one statementalterALTER TABLE t ADD a INT]\n" +
			"changes/y/change.yaml   set=0 up[one statementalterALTER TABLE t ADD b INT]\n"
		if dir != root {
			want, _, _ = strings.Cut(want, "changes")
			want = strings.ReplaceAll(want, "db/", "")
		}
		if diff := cmp.Diff(want, describe(got.Migrations)); diff != "" {
			t.Errorf("in %s (-want +got):\n%s", dir, diff)
		}
	}

	schema, err := source.Read(t.Context(), source.Config{Root: root, Base: "main", Paths: []string{"db"}, Format: source.Schema})
	if err != nil || len(schema.Migrations) < 3 || schema.Migrations[0].Standing != review.Past {
		t.Errorf("a schema folder: %v, %v", schema, err)
	}
	if _, err := source.Read(t.Context(), source.Config{Root: root, Paths: []string{"db"}, Format: source.Schema}); !errors.Is(err, source.ErrNeedsBase) {
		t.Errorf("a schema folder without a base: %v", err)
	}

	shallow := filepath.Join(t.TempDir(), "shallow")
	run(t, root, "clone", "-q", "--depth", "1", "--no-single-branch", "file://"+root, shallow)
	for _, tc := range []struct {
		dir, base string
		want      error
		says      string
	}{
		{root, "origin/main", source.ErrNoBase, "git fetch origin main"},
		{root, "--output=/tmp/x", source.ErrNoBase, ""},
		{shallow, "origin/main", source.ErrShallow, "fetch-depth: 0"},
		{shallow, "0000000000000000000000000000000000000001", source.ErrNoBase, "--unshallow"},
		{t.TempDir(), "main", source.ErrNoGit, "not a git repository"},
	} {
		_, err := source.Read(t.Context(), source.Config{Root: tc.dir, Base: tc.base})
		if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("base %s: %v, want %v", tc.base, err, tc.want)
		}
	}
}

// A file that cannot be read as text has no text: it is one finding, and no
// report shows what it would look like misread.
func TestNoTextMisread(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	name := filepath.Join(root, "1_a.sql")
	if err := os.WriteFile(name, []byte("\xff\xfeD\x00R\x00O\x00P\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := source.Read(t.Context(), source.Config{Root: root, Paths: []string{"."}, Format: source.Plain})
	if err != nil {
		t.Fatal(err)
	}
	if m := found.Migrations[0]; m.Text != "" || len(m.Faults) != 1 {
		t.Errorf("text %q, faults %v", m.Text, m.Faults)
	}
}
