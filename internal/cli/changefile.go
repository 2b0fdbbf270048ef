package cli

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/plan"
)

// changeFile is the name of a change file in the directory of its change.
const changeFile = "change.yaml"

// named is what an argument CHANGEFILE|DIR|NAME stands for.
type named struct {
	// name is the change, where the argument is a name.
	name string
	// path is the change file; empty where there is none for a name.
	path string
}

// locate finds out what an argument stands for.
func (a *app) locate(arg string) (named, error) {
	info, err := os.Stat(arg)
	isPath := err == nil || strings.ContainsRune(arg, filepath.Separator) ||
		slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(arg))
	switch {
	case !isPath:
		path := filepath.Join(a.settings.Changes, arg, changeFile)
		if _, err := os.Stat(path); err != nil {
			path = ""
		}
		return named{name: arg, path: path}, nil
	case err != nil:
		return named{}, &usageError{err: fmt.Errorf("find the change file: %w", err), hint: "give a change file, its directory, or the name of a change below " + a.settings.Changes}
	case info.IsDir():
		return named{path: filepath.Join(arg, changeFile)}, nil
	}
	return named{path: arg}, nil
}

// read parses the change file.
func (n named) read() (*plan.File, error) {
	file, err := os.Open(n.path)
	if err != nil {
		return nil, &usageError{err: fmt.Errorf("read the change file: %w", err)}
	}
	defer file.Close()
	f, err := plan.ParseFile(n.path, file)
	if err != nil {
		return nil, err
	}
	if n.name != "" && n.name != f.Change.Text {
		return nil, usagef("%s declares change %s, not %s", n.path, f.Change.Text, n.name)
	}
	return f, nil
}

// remakable reports whether the plan of a change under way can be made again to
// be compared: not where the source may be gone, and not where the change is
// one of the schema alone, which is done by now.
func remakable(c control.Change) (bool, error) {
	course, err := c.Course()
	return course == migrate.Mapped && !slices.Contains([]migrate.Phase{migrate.OnlyNew, migrate.Contracted, migrate.Closed}, c.Setting.Phase), err
}

// submit makes the plan of the change file, if one is meant, records it, and
// returns the change's name. A name alone goes on with the recorded plan unless
// the change has not begun; a change file is compared with the recorded plan as
// long as the schema allows it.
func (a *app) submit(ctx context.Context, db *sql.DB, e *engine.Engine, arg string) (string, error) {
	n, err := a.locate(arg)
	if err != nil {
		return "", err
	}
	if n.path == "" {
		return n.name, nil
	}
	file, err := n.read()
	if err != nil {
		return "", err
	}
	name := file.Change.Text
	c, err := control.Get(ctx, db, name)
	begun := err == nil && c.PlanHash != "" && c.Setting.Phase != migrate.Planned
	remade, courseErr := remakable(c)
	switch {
	case err != nil && !errors.Is(err, control.ErrNoChange):
		return "", err
	case courseErr != nil:
		return "", courseErr
	case begun && n.name == "" && !remade:
		return name, unedited(c, file)
	case begun && n.name != "":
		return name, nil
	}
	p, err := plan.Build(ctx, db, file, plan.Options{})
	var refused *plan.RefusedError
	if errors.As(err, &refused) && recorded(c, file) {
		// A process that ended right behind the DDL leaves the change in planned. Its
		// plan cannot be made again, because what it asks for is there: go on with it.
		return name, nil
	}
	if err != nil {
		return "", underWay(err, begun, c)
	}
	return name, e.Submit(ctx, p)
}

// unedited refuses a change file of the schema alone that is not the one under
// way. For one with a mapping nothing can be compared once the source is gone.
func unedited(c control.Change, file *plan.File) error {
	if course, err := c.Course(); err != nil || course == migrate.Mapped {
		return err
	}
	p, err := plan.Unmarshal(c.Spec)
	if err != nil || p.Says(file) {
		return err
	}
	return &refusedError{
		err:  fmt.Errorf("%s was edited after change %s had begun", file.Name, c.Name),
		hint: "go on with the recorded plan: underpin apply " + c.Name + "; or roll back to planned first",
	}
}

// recorded reports whether the recorded plan of a change of the schema alone is
// the one that the file asks for.
func recorded(c control.Change, file *plan.File) bool {
	if c.PlanHash == "" {
		return false
	}
	p, err := plan.Unmarshal(c.Spec)
	return err == nil && p.Says(file)
}

// underWay adds to a refusal that the change goes on without its file.
func underWay(err error, begun bool, c control.Change) error {
	var refused *plan.RefusedError
	if !begun || !errors.As(err, &refused) {
		return err
	}
	return fmt.Errorf("%w\nthe change is under way in phase %s; underpin apply %s goes on with the recorded plan", err, c.Setting.Phase, c.Name)
}
