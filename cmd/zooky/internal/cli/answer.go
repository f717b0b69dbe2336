package cli

import "context"

// answer runs one request of a session's connection, which takes no context, and returns with ctx
// at the latest.
func answer[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	results := make(chan result, 1)
	go func() { // ended by the answer, or by the session's end
		var r result
		r.value, r.err = ask()
		results <- r
	}()
	select {
	case r := <-results:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
