package cli

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
)

// endSignals are the signals that ask zooky to end.
var endSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// interruptible returns a context that ends with the first signal that asks zooky to end; its cause
// is then the error of a command that this signal has ended. A second signal ends the process at
// once.
func interruptible(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, heeded(endSignals...)...)
	stopped := make(chan struct{})
	go func() { // ended by stop, or with the process
		for first := true; ; first = false {
			select {
			case s := <-signals:
				if !first {
					endBy(s)
					os.Exit(128 + number(s))
				}
				cancel(endedBy(s, said(s)))
			case <-stopped:
				return
			}
		}
	}()
	return ctx, sync.OnceFunc(func() {
		signal.Stop(signals)
		close(stopped)
		cancel(nil)
	})
}

// heeded leaves out what zooky was started to ignore, as nohup does with SIGHUP.
func heeded(signals ...os.Signal) []os.Signal {
	return slices.DeleteFunc(slices.Clone(signals), signal.Ignored)
}
