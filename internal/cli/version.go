package cli

import (
	"cmp"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/underpin-db/underpin/internal/control"
)

// build is what this binary is.
type build struct {
	Version       string `json:"version"`
	Revision      string `json:"revision,omitempty"`
	Time          string `json:"time,omitempty"`
	Modified      bool   `json:"modified,omitempty"` // built from a tree with uncommitted changes
	Go            string `json:"go"`
	Platform      string `json:"platform"`
	ControlSchema int    `json:"control_schema"` // the version of the control tables that it makes
}

// versionCommand says what this binary is.
func versionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		GroupID: groupSetUp,
		Short:   "Say what this binary is",
		Long:    "Say which version and revision this binary was built from, and which version of the\ncontrol tables it makes.",
		Example: "  underpin version\n  underpin version --json",
		Args:    takes(),
		RunE:    func(*cobra.Command, []string) error { return a.version() },
	}
}

func (a *app) version() error {
	b := thisBuild()
	return a.emit(b, func(p *page) {
		p.line("underpin %s", b.Version)
		rows := [][]string{{"go", b.Go}, {"platform", b.Platform}, {"control tables", "version " + grouped(b.ControlSchema)}}
		if b.Revision != "" {
			rows = append(rows, []string{"revision", short(b.Revision) + " of " + b.Time})
		}
		p.table("  ", rows)
	})
}

func thisBuild() build {
	b := build{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, ControlSchema: control.SchemaVersion()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Version = cmp.Or(info.Main.Version, b.Version)
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}
