// Package otelzklock tells OpenTelemetry what a zklock.Session does, in metrics and spans.
//
//	hooks, err := otelzklock.NewHooks()
//	…
//	s, err := zklock.Dial(ctx, servers, zklock.WithHooks(hooks))
//
// It uses the global providers unless others are given. Those who use Prometheus get there by
// OpenTelemetry's exporter: see examples/metrics in the repository. docs/observability.md says what
// to alert on, and monitoring/ has the rules and a dashboard.
//
// # Metrics
//
//	zklock.acquire.duration     histogram, s       from the call to the grant or the failure: kind, result, error.type
//	zklock.acquire.active       up-down counter    acquisitions under way: kind
//	zklock.hold.duration        histogram, s       from the grant to the release or the loss: kind, error.type
//	zklock.hold.active          up-down counter    holds: kind
//	zklock.hold.revoked         counter            holds that were asked to release
//	zklock.hold.lost            counter            holds that were lost: reason
//	zklock.release.duration     histogram, s       releases that a caller waited for: kind, error.type
//	zklock.session.count        up-down counter    Sessions: state
//	zklock.session.transitions  counter            changes of a Session's state: state, the new one
//	zklock.lease.least_left     gauge, s           Stats.LeastLeaseLeft, with ObserveStats
//
// Counters begin with 0 as soon as there are hooks, so that the first loss is an increase.
//
// # Spans
//
// An acquisition is a span "acquire lock", a child of the span in the context that the caller gave.
// It has an event "queued" for each time that it begins to wait for others. Its hold is a child of
// it, "hold lock", with the events "revoked" and "lost". A refused try is not an error.
//
// # Attributes
//
//	zklock.lock.kind       lock, read or write
//	zklock.lock.name       what the function of WithLockName returns
//	zklock.acquire.result  acquired; refused, for a try that found the lock taken; failed
//	zklock.acquire.try     in spans: whether it is a try
//	zklock.queue.ahead     of the event queued: how many are ahead, at least
//	zklock.token           in spans: the fencing token
//	zklock.loss.reason     lease, expired, removed or closed
//	zklock.session.state   connected, suspended, expired or closed
//	error.type             of an acquisition and a release: timeout, canceled, unavailable, closed, deadlock, too_many,
//	                       mixed_dialects, exhausted, not_locked or _OTHER; of a hold: the reason of its loss
//
// No name of a lock, path or text of an error is in any of them, but for what WithLockName returns.
package otelzklock
