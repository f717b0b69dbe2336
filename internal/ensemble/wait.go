package ensemble

import "context"

// WaitFor waits until a channel is closed. It fails with ctx.
func WaitFor(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ContextError(ctx)
	}
}

// Nudge makes the goroutine that waits on wake look again.
func Nudge(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default: // it is about to
	}
}
