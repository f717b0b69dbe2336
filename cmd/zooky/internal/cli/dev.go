package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zookylock/zklock/zktest"
)

func newDev(streams Streams) *cobra.Command {
	var size, port int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run a throw-away ZooKeeper",
		Long: `Dev starts a real ZooKeeper on this machine and prints how to connect to it. On Ctrl-C it
ends the servers and deletes their data. ZooKeeper and Java are downloaded if they are missing;
nothing is installed.

The server listens on 127.0.0.1 only, without authentication and with all four-letter words: every
user of this machine can read and change its data, and end its sessions. With --size, they can also
connect to the ports between the servers.`,
		Example: `  zooky dev
  zooky dev --size 3 --port 2181`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			ensemble, err := zktest.Run(ctx, zktest.WithServers(size), zktest.WithPort(port),
				zktest.WithLogf(func(format string, args ...any) {
					fmt.Fprintf(streams.Err, format+"\n", args...)
				}))
			if err != nil {
				return fmt.Errorf("start zookeeper: %w", err)
			}
			defer func() { err = errors.Join(err, ensemble.Stop()) }()
			if asJSON {
				err = printJSON(streams.Out, map[string]string{"servers": ensemble.Connect()})
			} else {
				_, err = fmt.Fprintf(streams.Out, "export ZOOKY_SERVERS=%s\n", ensemble.Connect())
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(streams.Err, "ZooKeeper runs until Ctrl-C.")
			<-ctx.Done()
			return nil
		},
	}
	cmd.Flags().IntVar(&size, "size", 1, "number of servers; two or more form a quorum")
	cmd.Flags().IntVar(&port, "port", 0,
		"port of the first server; the others have the next ports (default any that are free)")
	addJSON(cmd, &asJSON)
	return cmd
}
