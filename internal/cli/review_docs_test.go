package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/underpin-db/underpin/internal/cli"
)

// The settings that docs/review.md shows are settings.
func TestDocumentedReviewSettings(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/review.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yaml\n(review:.*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatal("the page shows no settings")
	}
	path := filepath.Join(t.TempDir(), "underpin.yaml")
	if err := os.WriteFile(path, block[1], 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if exit := cli.Do([]string{"rules", "--config", path}, strings.NewReader(""), &stdout, &stderr); exit != 0 {
		t.Errorf("exit %d: %s", exit, stderr.String())
	}
	if !regexp.MustCompile(`RS203 +\S+ +off`).MatchString(stdout.String()) {
		t.Errorf("the settings have no effect:\n%s", stdout.String())
	}
}
