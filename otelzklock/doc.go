// Package otelzklock reports to OpenTelemetry what a zklock.Session does, in metrics and spans.
//
//	hooks, err := otelzklock.NewHooks()
//	…
//	s, err := zklock.Dial(ctx, servers, zklock.WithHooks(hooks))
//
// It uses the global providers unless others are given. To use Prometheus, use OpenTelemetry's
// exporter: see examples/metrics in the repository. docs/observability.md says what to alert on,
// and monitoring/ has the rules and a dashboard.
//
// # Metrics
//
//	zklock.acquire.duration     histogram, s     kind, result, error.type
//	zklock.acquire.active       up-down counter  kind
//	zklock.hold.duration        histogram, s     kind, error.type
//	zklock.hold.active          up-down counter  kind
//	zklock.hold.revoked         counter
//	zklock.hold.lost            counter          reason
//	zklock.release.duration     histogram, s     kind, error.type
//	zklock.session.active       up-down counter  state
//	zklock.session.transitions  counter          state: the new one
//	zklock.request.duration     histogram, s     operation, server.address, server.port, error.type
//	zklock.lease.least_left     gauge, s
//
// An acquisition lasts from the call to the grant or the failure, a hold from the grant to the
// release or the loss. Only releases that a caller waited for are in zklock.release.duration.
// Requests to a server include pings. zklock.lease.least_left is Stats.LeastLeaseLeft; it is
// reported if ObserveStats is called. Counters begin with 0 when the hooks are made, so that the
// first loss is an increase.
//
// # Spans
//
// An acquisition is a span "acquire lock", a child of the span in the context that the caller gave.
// It has an event "queued" for each time that it begins to wait for others. Its hold is a child of
// it, "hold lock", with the events "revoked" and "lost". A refused try is not an error.
//
// # Attributes
//
//	zklock.lock.kind          lock, read or write
//	zklock.lock.name          what the function of WithLockName returns
//	zklock.acquire.result     acquired; refused, for a try that found the lock taken; failed
//	zklock.acquire.try        in spans: whether it is a try
//	zklock.queue.ahead        of the event queued: how many are ahead, at least
//	zklock.token              in spans: the fencing token
//	zklock.revocation.by      of the event revoked: who asked, if the request says it
//	zklock.revocation.reason  of the event revoked: why, if the request says it
//	zklock.loss.reason        lease, expired, removed or closed
//	zklock.session.state      connected, suspended, expired or closed
//	zklock.request.operation  as ZooKeeper calls it: create2, delete, multi, ping and the like
//	server.address            of a request, as the connect string has it; server.port too
//	error.type                the class of the error
//
// For a hold, error.type is the reason of its loss. For an acquisition or a release it is timeout,
// canceled, unavailable, closed, deadlock, too_many, mixed_dialects, exhausted or not_locked. For a
// request it is connection_closed if there was no answer, or no_node, node_exists, no_auth,
// session_expired or session_moved. For other errors it is _OTHER.
//
// No attribute has a lock's name, a path or the text of an error, except zklock.lock.name. The two
// of a revocation are written by the client that asks: an identifier, and free text. Only spans
// have them.
package otelzklock
