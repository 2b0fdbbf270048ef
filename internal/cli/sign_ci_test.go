package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"
)

// ciStep is the shell text of a step of CI.
type ciStep struct{ name, script string }

// githubSteps takes the shell steps out of the workflow.
func githubSteps(t *testing.T) map[string]ciStep {
	t.Helper()
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct {
				Name string         `yaml:"name"`
				Run  string         `yaml:"run"`
				With map[string]any `yaml:"with"`
			} `yaml:"steps"`
		} `yaml:"jobs"`
	}
	readYAML(t, "github-actions.yml", &workflow)
	steps := workflow.Jobs["schema-review"].Steps
	require.EqualValues(t, 0, steps[0].With["fetch-depth"], "reviews and signatures need the history")
	out := map[string]ciStep{}
	for _, s := range steps {
		if s.Run != "" {
			out[s.Name] = ciStep{s.Name, s.Run}
		}
	}
	return out
}

// gitlabJobs takes the scripts out of the jobs.
func gitlabJobs(t *testing.T) map[string]ciStep {
	t.Helper()
	var jobs map[string]struct {
		Variables map[string]string `yaml:"variables"`
		Script    []string          `yaml:"script"`
	}
	readYAML(t, "gitlab-ci.yml", &jobs)
	out := map[string]ciStep{}
	for name, j := range jobs {
		require.Equal(t, "0", j.Variables["GIT_DEPTH"], name)
		out[name] = ciStep{name, strings.Join(j.Script, "\n")}
	}
	return out
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("../../docs/ci", name))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(raw, into), name)
}

// pull is a repository with a branch main and a pull request checked out.
type pull struct{ dir, temp string }

// newPull makes main, with a policy that has everybody's work signed by alice, a
// migration and a cache, and a branch off it.
func newPull(t *testing.T) *pull {
	t.Helper()
	needSigning(t)
	p := &pull{filepath.Join(t.TempDir(), "repo"), t.TempDir()}
	p.write(t, "underpin.yaml", ciPolicy)
	p.write(t, "db/migrations/1_users.up.sql", "CREATE TABLE users (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(200) NOT NULL DEFAULT '') ENGINE=InnoDB;\n")
	p.write(t, "db/migrations/1_users.down.sql", "DROP TABLE users;\n")
	p.write(t, "store/user.go", ciCache)
	p.write(t, "store/order.go", "package store\n\ntype order struct{ Cents int32 }\n")
	p.shell(t, 0, `mkdir -p .underpin && ssh-keygen -q -t ed25519 -N '' -f "$RUNNER_TEMP/alice" && echo "alice@example.com $(cat "$RUNNER_TEMP/alice.pub")" > .underpin/allowed_signers
git init -q -b main && git add -A && git commit -q -m main && git update-ref refs/remotes/origin/main HEAD && git checkout -q -b change`)
	return p
}

const ciPolicy = `review:
  server: mysql 8.4
  caches: [{name: orders, types: [order]}]
signoff:
  allowed_signers: .underpin/allowed_signers
  roles: {tech-lead: [alice@example.com]}
  authors: ["*@dev.example"]
  environments: {production: {databases: ["db.internal:3306/shop"], protected: true}}
  needs: [{role: tech-lead}, {cache: "*", role: tech-lead}]
`

const ciCache = "package store\n\n//underpin:cache users\ntype user struct{ Name string }\n"

func (p *pull) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(p.dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// commit commits a file in the pull request.
func (p *pull) commit(t *testing.T, name, text string) {
	t.Helper()
	p.write(t, name, text)
	p.shell(t, 0, "git add -A && git commit -q -m change")
}

// shell runs a script as both services do, and expects its exit code.
func (p *pull) shell(t *testing.T, want int, script string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	cmd.Dir = p.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + p.temp, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=d", "GIT_AUTHOR_EMAIL=d@dev.example", "GIT_COMMITTER_NAME=d", "GIT_COMMITTER_EMAIL=d@dev.example",
		"BASE=origin/main", "CI_MERGE_REQUEST_DIFF_BASE_SHA=refs/remotes/origin/main", "RUNNER_TEMP=" + p.temp,
		"GITHUB_STEP_SUMMARY=" + filepath.Join(p.temp, "summary.md"), "GITHUB_PATH=" + filepath.Join(p.temp, "path"),
	}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		require.NoError(t, err)
	}
	require.Equal(t, want, cmd.ProcessState.ExitCode(), "%s\n%s", script, out)
	return string(out)
}

const (
	ciFine = "ALTER TABLE users ADD COLUMN note VARCHAR(100) NULL;\n"
	ciBad  = "ALTER TABLE users DROP COLUMN name;\n"
	ciPlan = "change: add-note\nservice: shop\nalter:\n  - ALTER TABLE users ADD COLUMN note VARCHAR(100) NULL\n"
)

func TestCIKeepsExpressionsOutOfShell(t *testing.T) {
	t.Parallel()
	steps := githubSteps(t)
	require.Len(t, steps, 3)
	for name, s := range steps {
		require.NotContains(t, s.script, "${{", name)
	}
}

func TestCIReview(t *testing.T) {
	t.Parallel()
	github, gitlab := githubSteps(t)["Review"], gitlabJobs(t)["schema-review"]
	p := newPull(t)
	p.commit(t, "db/migrations/2_note.up.sql", ciFine)
	p.shell(t, 0, github.script)
	p.shell(t, 0, gitlab.script)
	hook, err := filepath.Abs("../../docs/ci/pre-commit")
	require.NoError(t, err)
	p.shell(t, 0, "cp "+hook+" .git/hooks/pre-commit && chmod +x .git/hooks/pre-commit && git commit -q --allow-empty -m hooked")

	p.write(t, "db/migrations/3_drop.up.sql", ciBad)
	require.Contains(t, p.shell(t, 1, "git add -A && git commit -q -m dropped"), "RS103", "the hook stops the commit")
	p.shell(t, 0, "git commit -q --no-verify -m dropped")
	require.Contains(t, p.shell(t, 1, github.script), "::error")
	require.Contains(t, p.shell(t, 1, gitlab.script), "RS103")
	for name, holds := range map[string]string{
		filepath.Join(p.dir, "underpin.sarif"): `"RS103"`, filepath.Join(p.dir, "underpin-junit.xml"): "RS103", filepath.Join(p.temp, "summary.md"): "underpin-review",
	} {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Contains(t, string(raw), holds, name)
	}
}

func TestCISignatures(t *testing.T) {
	t.Parallel()
	for _, s := range []ciStep{githubSteps(t)["Signatures"], gitlabJobs(t)["schema-signatures"]} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			p := newPull(t)
			p.commit(t, "README.md", "no change of the schema")
			require.Contains(t, p.shell(t, 0, s.script), "no change to check")
			p.commit(t, "changes/add-note/change.yaml", ciPlan)
			require.Contains(t, p.shell(t, 1, s.script), "nobody has signed it")
			// A policy that asks for nothing does not help the branch that brings it.
			p.commit(t, "underpin.yaml", "signoff: {allowed_signers: .underpin/allowed_signers}\n")
			require.Contains(t, p.shell(t, 1, s.script), "nobody has signed it")
		})
	}
}

// Another format of a cache, in code alone, stops both steps until alice has signed
// it, by the policy of the branch that it goes to.
func TestCICacheFormat(t *testing.T) {
	t.Parallel()
	github, gitlab := githubSteps(t), gitlabJobs(t)
	for name, steps := range map[string][2]ciStep{
		"GitHub": {github["Review"], github["Signatures"]}, "GitLab": {gitlab["schema-review"], gitlab["schema-signatures"]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, review, signatures := newPull(t), steps[0], steps[1]
			p.commit(t, "store/user.go", strings.Replace(ciCache, "Name", "FullName", 1))
			require.Contains(t, p.shell(t, 1, review.script), "RS602")
			require.Contains(t, p.shell(t, 1, signatures.script), "1 tech-lead of 1 missing: alice@example.com could sign")
			// A policy that has the author sign does not help the branch that brings it.
			p.commit(t, "underpin.yaml", strings.Replace(ciPolicy, "[alice@example.com]", "[alice@example.com, d@dev.example]", 1))
			require.Contains(t, p.shell(t, 1, signatures.script), "1 tech-lead of 1 missing: alice@example.com could sign")

			p.shell(t, 0, `underpin sign --cache users --base origin/main --as alice@example.com --key "$RUNNER_TEMP/alice"
git add -A && git commit -q -m signed`)
			require.Contains(t, p.shell(t, 0, signatures.script), "✓ alice@example.com as tech-lead")
			require.NotContains(t, p.shell(t, 0, review.script), "::error")
			p.commit(t, "store/user.go", strings.Replace(ciCache, "Name", "WholeName", 1))
			p.shell(t, 1, signatures.script)
			p.shell(t, 1, review.script)
		})
	}
}

// Settings that look away blind the review of the branch that brings them, and not
// the check of signatures.
func TestCICacheFormatHidden(t *testing.T) {
	t.Parallel()
	github, gitlab := githubSteps(t), gitlabJobs(t)
	p := newPull(t)
	p.commit(t, "store/order.go", "package store\n\ntype order struct{ Cents int64 }\n")
	p.commit(t, "store/user.go", strings.Replace(ciCache, "Name", "FullName", 1))
	require.Contains(t, p.shell(t, 1, github["Review"].script), "RS602")
	hides := strings.Replace(ciPolicy, "  caches: [{name: orders, types: [order]}]\n", "  rules: {RS602: off}\n", 1)
	require.NotEqual(t, ciPolicy, hides)
	p.commit(t, "underpin.yaml", hides)
	require.NotContains(t, p.shell(t, 0, github["Review"].script), "RS602")
	for _, s := range []ciStep{github["Signatures"], gitlab["schema-signatures"]} {
		out := p.shell(t, 1, s.script)
		require.Contains(t, out, "orders  cache, from format", s.name)
		require.Contains(t, out, "users  cache, from format", s.name)
	}
}
