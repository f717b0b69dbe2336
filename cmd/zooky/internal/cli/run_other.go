//go:build !unix

package cli

import "github.com/spf13/cobra"

// unixCommands needs process groups.
func unixCommands(Streams) []*cobra.Command { return nil }
