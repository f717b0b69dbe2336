// Command zooky manages distributed locks on ZooKeeper. "zooky demo" demonstrates them with real
// processes and a real server; "zooky --help" lists the commands.
package main

//go:generate go run ./internal/gendocs ../../docs/zooky.md

import (
	"os"

	"github.com/zookylock/zklock/cmd/zooky/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
