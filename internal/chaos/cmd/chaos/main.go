//go:build unix

// Command chaos runs the library under random faults and checks what came of it. It exits with 1
// after a violation and with 2 if the run could not be made. The same seed has the same faults at
// the same times.
//
//	go run ./internal/chaos/cmd/chaos -duration 3m -seed 1
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/chaos"
)

func main() {
	chaos.MaybeWorker()
	os.Exit(run())
}

func run() int {
	cfg := chaos.Config{Log: os.Stdout}
	lease := flag.String("lease", "quorum", "quorum, ping or server")
	flag.DurationVar(&cfg.Duration, "duration", 3*time.Minute,
		"how long faults happen; starting and checking come on top")
	flag.Uint64Var(&cfg.Seed, "seed", 0, "of the faults; 0 draws one")
	flag.DurationVar(&cfg.Timeout, "timeout", 3*time.Second, "session timeout of the clients")
	flag.IntVar(&cfg.Clients, "clients", 5, "client processes")
	flag.BoolVar(&cfg.Unequal, "unequal", true,
		"servers with different ticks, that grant different session timeouts")
	flag.BoolVar(&cfg.Clocks, "clocks", true, "step the servers' wall clocks; needs a C compiler")
	flag.Func("only", "a fault that may happen, no other does; may be repeated",
		func(what string) error {
			cfg.Only = append(cfg.Only, what)
			return nil
		})
	flag.Func("without", "a fault that does not happen; may be repeated",
		func(what string) error {
			cfg.Without = append(cfg.Without, what)
			return nil
		})
	flag.StringVar(&cfg.Dir, "dir", "", "where the history goes; a temporary folder if empty")
	flag.BoolVar(&cfg.Keep, "keep", false, "keep the history also without a violation")
	tries := flag.Int("tries", 1,
		"how many runs to make at most while ZooKeeper's servers disagree at the end, which proves nothing")
	flag.Parse()
	leases := map[string]zklock.Lease{"quorum": zklock.LeaseQuorum, "ping": zklock.LeasePing,
		"server": zklock.LeaseServer}
	var known bool
	if cfg.Lease, known = leases[*lease]; !known || flag.NArg() > 0 {
		flag.Usage()
		return 2
	}
	if cfg.Seed == 0 {
		cfg.Seed = rand.Uint64()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	for ; ; cfg.Seed++ {
		fmt.Println("seed", cfg.Seed)
		report, err := chaos.Run(ctx, cfg)
		if report != nil {
			fmt.Print(report)
		}
		switch {
		case err != nil:
			fmt.Fprintln(os.Stderr, err)
			return 2
		case report.Inconclusive():
			fmt.Println("inconclusive: ZooKeeper's servers disagree, or have lost what they had confirmed; see DESIGN.md, \"A server can be out of step for good\"")
			if *tries--; *tries <= 0 {
				return 3
			}
		case len(report.Violations) > 0:
			return 1
		default:
			return 0
		}
	}
}
