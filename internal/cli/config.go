package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/goccy/go-yaml"

	"github.com/underpin-db/underpin/migrate/plan"
)

// config is underpin.yaml. Nothing else may stand in it; above all no password
// of its own, so that the file can be committed.
type config struct {
	DSN          string `yaml:"dsn"`
	PasswordFile string `yaml:"password_file"`
	Service      string `yaml:"service"`
	Changes      string `yaml:"changes"`
	LogLevel     string `yaml:"log_level"`
	Actor        string `yaml:"actor"`
	JSON         bool   `yaml:"json"`
	// Review is read, and checked, by the commands that use it.
	Review any `yaml:"review"`
	// SignOff likewise; see package review/sign.
	SignOff any `yaml:"signoff"`
}

const configFields = "the fields are dsn, password_file, service, changes, log_level, actor, json, review, signoff"

// readConfig reads a settings file into the values by field. A file that nobody
// asked for may be missing.
func readConfig(path string, asked bool) (map[string]string, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return nil, nil
	}
	if err != nil {
		return nil, &usageError{err: fmt.Errorf("read the settings: %w", err)}
	}
	defer file.Close()
	var c config
	err = yaml.NewDecoder(file, yaml.Strict()).Decode(&c)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, configError(path, err)
	}
	values := map[string]string{
		"dsn": c.DSN, "password_file": c.PasswordFile, "service": c.Service,
		"changes": c.Changes, "log_level": c.LogLevel, "actor": c.Actor,
	}
	if c.JSON {
		values["json"] = strconv.FormatBool(c.JSON)
	}
	return values, nil
}

// configError says where in the file the mistake is, without quoting the file.
func configError(path string, err error) error {
	e := &plan.Error{File: path, Problem: "it is not a settings file", Hint: configFields}
	var bad yaml.Error
	if errors.As(err, &bad) {
		e.Problem = bad.GetMessage()
		if tk := bad.GetToken(); tk != nil && tk.Position != nil {
			e.Line, e.Column = tk.Position.Line, tk.Position.Column
		}
	}
	return plan.Errors{e}
}
