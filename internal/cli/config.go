package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/goccy/go-yaml"

	"github.com/underpin-db/underpin/internal/yamlx"
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
	RampURL      string `yaml:"ramp_url"`
	JSON         bool   `yaml:"json"`
	// Review is read, and checked, by the commands that use it.
	Review any `yaml:"review"`
	// SignOff likewise; see package review/sign.
	SignOff any `yaml:"signoff"`
}

const configFields = "the fields are dsn, password_file, service, changes, log_level, actor, ramp_url, json, review, signoff"

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
		e := yamlx.Misread(path, err)
		e.Hint = configFields
		return nil, plan.Errors{e}
	}
	values := map[string]string{
		"dsn": c.DSN, "password_file": c.PasswordFile, "service": c.Service,
		"changes": c.Changes, "log_level": c.LogLevel, "actor": c.Actor, "ramp_url": c.RampURL,
	}
	if c.JSON {
		values["json"] = strconv.FormatBool(c.JSON)
	}
	return values, nil
}

// settingsMistakes are mistakes in underpin.yaml, as a usage error with each.
func settingsMistakes(err error) error {
	var all yamlx.Errors
	if errors.As(err, &all) {
		return plan.Errors(all)
	}
	return err
}
