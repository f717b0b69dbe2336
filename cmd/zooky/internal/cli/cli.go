// Package cli is the command line of zooky. Everything it does goes by its arguments and streams.
package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Main runs the command line and returns its exit status. What goes wrong is one line on
// Streams.Err.
func Main(args []string, streams Streams) int {
	root := newRoot(streams)
	root.SetArgs(args)
	err := root.ExecuteContext(context.Background())
	if err == nil {
		return exitOK
	}
	status := exitTrouble
	var exit *exitError
	if errors.As(err, &exit) {
		status = exit.status
	}
	if err.Error() != "" {
		complain(streams.Err, err)
	}
	if exit != nil && exit.signal != nil {
		endBy(exit.signal)
	}
	return status
}

// helpWidth is how many columns the lines of the help have at most.
const helpWidth = 100

func newRoot(streams Streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "zooky",
		Short: "Distributed locks on ZooKeeper",
		Long: `Zooky manages distributed locks on ZooKeeper: it lists holders and waiters, revokes stuck locks, and
runs commands under a lock.

The exit status is 0 if all went well; 1 if the answer is no (there is no such lock, it is in use,
or it was not released); 2 if something went wrong; and 128 plus the signal's number if a signal
ended zooky. Zooky run has exit statuses of its own.`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return setFromEnvironment(cmd.Flags())
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	root.SetGlobalNormalizationFunc(normalize)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages",
		fmt.Sprint(".FlagUsagesWrapped ", helpWidth)))
	root.AddCommand(newList(streams), newShow(streams), newHeld(streams),
		newResize(streams), newSessions(streams), newDeadlocks(streams), newExport(streams),
		newRemove(streams), newClear(streams), newRevoke(streams),
		newWatch(streams), newDev(streams), newDemo(streams), newDemoWorker(streams),
		newMan(streams))
	for _, command := range root.Commands() {
		command.Args = withUsage(command.Args)
	}
	root.AddCommand(unixCommands(streams)...)
	return root
}

// withUsage adds to an error about the number of arguments what they are.
func withUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		if check == nil {
			return nil
		}
		if err := check(command, args); err != nil {
			return fmt.Errorf("%w: want %s", err, command.UseLine())
		}
		return nil
	}
}

// knownCommand refuses what is no command, and says what may have been meant.
func knownCommand(root *cobra.Command, args []string) error {
	err := cobra.NoArgs(root, args)
	if err == nil {
		return nil
	}
	root.SuggestionsMinimumDistance = 2
	if similar := root.SuggestionsFor(args[0]); len(similar) > 0 {
		return fmt.Errorf("%w: did you mean %s?", err, strings.Join(similar, " or "))
	}
	return err
}
