// Command zzmain is temporary.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strconv"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/demo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch os.Args[1] {
	case "app":
		if err := demo.App(ctx, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		return
	case "worker":
		if err := demo.Worker(ctx, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		return
	}
	rows, _ := strconv.Atoi(os.Args[2])
	secs, _ := strconv.Atoi(os.Args[3])
	exe, _ := os.Executable()
	r, err := demo.Run(ctx, demo.Config{Engine: servers.Engine(os.Args[1]), Rows: rows, Seconds: secs, Command: []string{exe}, Out: os.Stdout})
	b, _ := json.Marshal(r)
	fmt.Println(string(b))
	if err != nil {
		fmt.Println("ERROR", err)
	}
	fmt.Println("CLEAN", r.Clean())
	if !r.Clean() {
		os.Exit(1)
	}
}
