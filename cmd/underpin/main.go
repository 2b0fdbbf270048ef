// Command underpin changes the schema of MySQL and MariaDB databases under
// running applications. Everything it does is in package cli and below.
package main

import (
	"os"
	_ "time/tzdata" // quiet hours name time zones, and images often have none

	"github.com/underpin-db/underpin/internal/cli"
)

func main() { os.Exit(cli.Do(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
