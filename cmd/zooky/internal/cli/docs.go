package cli

import (
	_ "embed"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// guide is the part of the documentation that is written by hand. Tests run its examples.
//
//go:embed guide.md
var guide string

// Docs writes the guide and the help of every command as one page of Markdown.
func Docs(w io.Writer) error {
	var b strings.Builder
	b.WriteString("<!-- Made from cmd/zooky/internal/cli/guide.md and the help of the commands by `go generate ./cmd/zooky`. -->\n\n")
	root := newRoot(Streams{})
	fmt.Fprintf(&b, "%s%s\n", guide, root.Long)
	for _, cmd := range documented(root) {
		section(&b, cmd)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func section(b *strings.Builder, cmd *cobra.Command) {
	fmt.Fprintf(b, "\n### %s\n\n", cmd.CommandPath())
	fmt.Fprintf(b, "%s.\n\n```\n%s\n```\n\n%s\n", cmd.Short, cmd.UseLine(), cmd.Long)
	if cmd.Example != "" {
		fmt.Fprintf(b, "\n```sh\n%s\n```\n",
			strings.ReplaceAll(strings.TrimPrefix(cmd.Example, "  "), "\n  ", "\n"))
	}
	if flags := cmd.NonInheritedFlags(); flags.HasAvailableFlags() {
		fmt.Fprintf(b, "\n```\n%s```\n", flags.FlagUsagesWrapped(helpWidth))
	}
}
