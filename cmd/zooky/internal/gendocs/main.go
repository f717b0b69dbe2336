// Command gendocs writes docs/zooky.md.
package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/zookylock/zklock/cmd/zooky/internal/cli"
)

func main() {
	var page bytes.Buffer
	err := cli.Docs(&page)
	if err == nil {
		err = os.WriteFile(os.Args[1], page.Bytes(), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}
