package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newMan(streams Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write zooky's manual pages",
		Long: `Man writes a manual page for zooky and for each of its commands into the folder DIR, which it
creates if it is missing. The pages have the text of --help.`,
		Example: `  zooky man ~/.local/share/man/man1; man zooky-run`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			n := 0
			for _, page := range append([]*cobra.Command{cmd.Root()}, documented(cmd.Root())...) {
				name := strings.ReplaceAll(page.CommandPath(), " ", "-") + ".1"
				if err := os.WriteFile(filepath.Join(args[0], name), []byte(manPage(page)),
					0o644); err != nil {
					return err
				}
				n++
			}
			_, err := fmt.Fprintf(streams.Out, "%d pages written.\n", n)
			return err
		},
	}
}

// documented returns the commands that the help and the documents show.
func documented(root *cobra.Command) (commands []*cobra.Command) {
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() && cmd.Name() != "help" && cmd.Name() != "completion" {
			commands = append(commands, cmd)
		}
	}
	return commands
}

// manPage makes a command's manual page, in the macros of man(7).
func manPage(cmd *cobra.Command) string {
	var b strings.Builder
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"zooky %s\" \"zooky\"\n", strings.ToUpper(name), roff(release))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(cmd.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff(cmd.UseLine()))
	fmt.Fprintf(&b, ".SH DESCRIPTION\n%s", paragraphs(cmd.Long))
	if flags := cmd.NonInheritedFlags(); flags.HasAvailableFlags() {
		b.WriteString(".SH OPTIONS\n")
		flags.VisitAll(func(f *pflag.Flag) { b.WriteString(option(f)) })
	}
	if cmd.Example != "" {
		fmt.Fprintf(&b, ".SH EXAMPLES\n%s", paragraphs(cmd.Example))
	}
	if !cmd.HasParent() {
		b.WriteString(".SH COMMANDS\n")
		for _, sub := range documented(cmd) {
			fmt.Fprintf(&b, ".TP\n.BR %s (1)\n%s\n", roff("zooky-"+sub.Name()), roff(sub.Short))
		}
	} else {
		b.WriteString(".SH SEE ALSO\n.BR zooky (1)\n")
	}
	return b.String()
}

// option describes a flag.
func option(f *pflag.Flag) string {
	if f.Hidden {
		return ""
	}
	value, usage := pflag.UnquoteUsage(f)
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	return fmt.Sprintf(".TP\n.B %s\n%s\n", roff(strings.TrimSpace(name+" "+value)), roff(usage))
}

// paragraphs makes text of help: lines that are indented stay as they are, others are filled.
func paragraphs(help string) string {
	var b strings.Builder
	asIs := false
	for line := range strings.SplitSeq(help, "\n") {
		if line == "" {
			b.WriteString(".PP\n")
			continue
		}
		switch indented := strings.HasPrefix(line, "  "); {
		case indented && !asIs:
			b.WriteString(".nf\n")
			asIs = true
		case !indented && asIs:
			b.WriteString(".fi\n")
			asIs = false
		}
		b.WriteString(roff(line) + "\n")
	}
	if asIs {
		b.WriteString(".fi\n")
	}
	return b.String()
}

// roff escapes what means something to troff.
func roff(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...").Replace(line)
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		line = `\&` + line
	}
	return line
}
