// Command docs writes the pages that package integration/docs keeps true.
package main

import (
	"fmt"
	"os"

	"github.com/underpin-db/underpin/integration/docs"
)

func main() {
	stale, err := docs.Pages(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
	for path, text := range stale {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "docs:", err)
			os.Exit(1)
		}
		fmt.Fprintln(os.Stdout, "wrote", path)
	}
}
