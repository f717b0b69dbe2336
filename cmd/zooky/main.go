// Command zooky looks after distributed locks on ZooKeeper. "zooky demo" shows on real processes and a real server what
// they are good for; "zooky --help" lists the rest.
package main

//go:generate go run ./internal/gendocs ../../docs/zooky.md

import (
	"os"

	"github.com/zookylock/zklock/cmd/zooky/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
