package servers

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// NeedProgram makes sure that this machine has a program that tests run, such as
// ssh-keygen: if it is not there, the Debian package that has it is installed. A
// program that cannot be had fails the test.
func NeedProgram(t testing.TB, program, pkg string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), firstStart)
	defer cancel()
	opts := Options{Engine: Engine(pkg), Log: os.Stderr}
	if err := opts.installProgram(ctx, program, pkg); err != nil {
		t.Fatal(err)
	}
}

// installProgram installs the package of a program that is not there.
func (o *Options) installProgram(ctx context.Context, program, pkg string) error {
	if _, ok := lookUp(program); ok {
		return nil
	}
	in, err := newInstaller(ctx, o)
	if err != nil {
		return fmt.Errorf("%s is not on this machine, and cannot be installed: %w", program, err)
	}
	defer in.close()
	if _, ok := lookUp(program); ok {
		return nil // another process has installed it meanwhile
	}
	in.logf("installing the package %s on this machine", pkg)
	if err := in.aptInstall(ctx, pkg); err != nil {
		return fmt.Errorf("install %s: %w", pkg, err)
	}
	return nil
}
