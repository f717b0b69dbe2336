package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Docs writes the help of every command as one page of Markdown.
func Docs(w io.Writer) error {
	var b strings.Builder
	b.WriteString("<!-- Made from the help of the commands by `go generate ./cmd/zooky`. -->\n\n")
	b.WriteString("# zooky\n\n    go install github.com/zookylock/zklock/cmd/zooky@latest\n\n")
	root := newRoot(Streams{})
	fmt.Fprintf(&b, "%s\n", root.Long)
	for _, cmd := range documented(root) {
		section(&b, cmd)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func section(b *strings.Builder, cmd *cobra.Command) {
	fmt.Fprintf(b, "\n## %s\n\n", cmd.CommandPath())
	fmt.Fprintf(b, "%s.\n\n```\n%s\n```\n\n%s\n", cmd.Short, cmd.UseLine(), cmd.Long)
	if cmd.Example != "" {
		fmt.Fprintf(b, "\n```sh\n%s\n```\n", strings.ReplaceAll(strings.TrimPrefix(cmd.Example, "  "), "\n  ", "\n"))
	}
	if flags := cmd.NonInheritedFlags(); flags.HasAvailableFlags() {
		fmt.Fprintf(b, "\n```\n%s```\n", flags.FlagUsages())
	}
}
