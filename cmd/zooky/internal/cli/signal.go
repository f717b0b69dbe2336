package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// endSignals are those that ask zooky to end.
var endSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}

// interruptible returns a context that ends with the first signal that asks zooky to end; its cause is then an error
// with a shell's exit status for that. A second signal ends the process at once.
func interruptible(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, heeded(endSignals...)...)
	go func() { // ended by the signal or by stop
		select {
		case s := <-signals:
			signal.Stop(signals)
			cancel(&exitError{128 + number(s), fmt.Errorf("%v", s)})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

// heeded leaves out what zooky was started to ignore, as nohup does with SIGHUP.
func heeded(signals ...os.Signal) []os.Signal {
	return slices.DeleteFunc(slices.Clone(signals), signal.Ignored)
}

func number(s os.Signal) int {
	if n, ok := s.(syscall.Signal); ok {
		return int(n)
	}
	return 0
}
