package cli

import (
	"context"
	"errors"
	"os/signal"
	"time"

	"github.com/spf13/cobra"

	"github.com/zookylock/zklock/cmd/zooky/internal/demo"
)

func newDemo(streams Streams) *cobra.Command {
	d := demo.Demo{Out: streams.Out, Err: streams.Err, Command: workerCommand}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Demonstrate the lock with real processes and a real ZooKeeper",
		Long: `Demo starts a throw-away ZooKeeper and six processes that update one file under one lock. One
process is killed while it holds the lock, the session of another expires while it holds the lock,
and a third gives up waiting. In the end the file must have every update that a process made. Demo
takes about ten seconds.

ZooKeeper is downloaded if it is missing; ZKLOCK_CONNECT=host:port uses a running one. Demo leaves
no process, file or znode behind.`,
		Example: `  zooky demo
  zooky demo --no-lock`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			d.Width, _ = size(streams.Out)
			err := d.Run(ctx)
			if err != nil && ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if errors.Is(err, demo.ErrLost) {
				return &exitError{status: exitNo, err: err}
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&d.NoLock, "no-lock", false,
		"do the same without the lock, and see updates get lost; needs no ZooKeeper")
	return cmd
}

// newDemoWorker is the process that demo starts several times.
func newDemoWorker(streams Streams) *cobra.Command {
	var w demo.Worker
	cmd := &cobra.Command{
		Use:    "demo-worker",
		Short:  "One of the processes of demo",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// Ctrl-C goes to every process of the terminal; demo ends its workers itself.
			signal.Ignore(endSignals...)
			return w.Run(cmd.Context(), streams.In, streams.Out)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&w.Name, "name", "", "")
	flags.StringVar(&w.Connect, "connect", "", "")
	flags.StringVar(&w.Lock, "lock", "", "")
	flags.StringVar(&w.File, "file", "", "")
	flags.DurationVar(&w.SessionTimeout, "session-timeout", time.Second, "")
	return cmd
}

// workerCommand is the command line that newDemoWorker reads.
func workerCommand(w demo.Worker) []string {
	return []string{
		"demo-worker", "--name", w.Name, "--connect", w.Connect, "--lock", w.Lock, "--file", w.File,
		"--session-timeout", w.SessionTimeout.String(),
	}
}
