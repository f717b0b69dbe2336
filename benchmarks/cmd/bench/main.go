// Command bench runs the benchmarks; see docs/benchmarks.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/signal"
	"regexp"
	"runtime/pprof"
	"time"

	"github.com/zookylock/zklock/benchmarks"
)

func main() {
	log.SetFlags(log.Ltime)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	var (
		pattern = flags.String("case", "", "only the cases that match this `regexp`")
		library = flags.String("library", "", "only the libraries that match this `regexp`")
		profile = flags.String("cpuprofile", "", "write a profile of this process to this `file`")
		quick   = flags.Bool("quick", false,
			"see that everything works, in a minute; the figures mean nothing")
		long  = flags.Bool("long", false, "also the cases that take minutes each")
		peers = flags.String("peers", "",
			`"all" adds kazoo, Curator and etcd, which are fetched if need be`)
		rounds = flags.Int("rounds", 0,
			"how often everybody takes a turn (default 5, in a quick run 1)")
		measure = flags.Duration("measure", 0,
			"how long a pass is measured (default 3s, in a quick run 0.4s)")
		out   = flags.String("json", "bench.json", "write all values to this `file`")
		merge = flags.Bool("merge", false, "keep the other cases of that file")
		docs  = flags.String("docs", "",
			"draw the plots and the tables of benchmarks.md in this `folder`")
		redraw = flags.Bool("redraw", false, "measure nothing; show what the file has")
	)
	if err := flags.Parse(args); err != nil {
		return err
	}
	o := benchmarks.Options{Quick: *quick, Long: *long, Rounds: *rounds, Measure: *measure,
		Logf: log.Printf}
	var err error
	if o.Cases, err = regexp.Compile(*pattern); err != nil {
		return err
	}
	if o.Libraries, err = regexp.Compile(*library); err != nil {
		return err
	}
	switch *peers {
	case "":
	case "all":
		o.Peers = true
	default:
		return fmt.Errorf("-peers=%s: want all, or nothing", *peers)
	}

	report := new(benchmarks.Report)
	if *merge || *redraw {
		report, err = benchmarks.ReadReport(*out)
		if errors.Is(err, fs.ErrNotExist) && !*redraw {
			report, err = new(benchmarks.Report), nil
		}
		if err != nil {
			return err
		}
	}
	if !*redraw {
		start := time.Now()
		measured, err := measureInto(ctx, o, *profile)
		if measured != nil { // also if it was interrupted
			log.Printf("measured in %v", time.Since(start).Round(time.Second))
			report.Merge(measured)
			err = errors.Join(err, report.WriteFile(*out))
		}
		if err != nil {
			return err
		}
	}
	if *docs != "" {
		if err := report.WriteDocs(*docs); err != nil {
			return err
		}
	}
	err = report.WriteText(os.Stdout)
	if len(report.Failures) > 0 {
		err = errors.Join(err, fmt.Errorf("%d passes failed", len(report.Failures)))
	}
	return err
}

// measureInto measures, with a profile if that has a name.
func measureInto(ctx context.Context, o benchmarks.Options,
	profile string) (*benchmarks.Report, error) {
	if profile == "" {
		return benchmarks.Run(ctx, o)
	}
	f, err := os.Create(profile)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r, err := benchmarks.Run(ctx, o)
	pprof.StopCPUProfile()
	return r, errors.Join(err, f.Close())
}
