// Package ensemble is a long-lived client of one ZooKeeper ensemble. It knows sessions,
// connections, watches and leases, and nothing of locks.
//
// A [Client] opens one ZooKeeper session after another, until Close. A [Session] is one of them,
// with the one zk.Conn that serves it. It knows nothing of the Client but what both share (common):
//
//	connecting ──established──▶ connected ◀──▶ disconnected
//	    │                           │               │
//	    └───────────────────────────┴───────────────┴──expired, or Close──▶ ended ──▶ replaced
//
// What belongs to a session ends with it. [Session.Do] repeats a request for as long as it is known
// not to have been executed, and fails once the session has ended; [OutcomeOf] is the one place
// that knows which errors allow that. [Request] goes on in the next session.
//
// A session has two tables:
//
//   - [WatchTable] has one watch for each znode, however many wait for it. Watches are set behind
//     go-zookeeper's back and end with their connection. A waiter that is woken looks again.
//   - [Lease] says until when the session certainly stands, and tells its tenants when that is
//     over. Its argument is in DESIGN.md ("The lease").
//
// # Goroutines
//
// Client.run opens the sessions, and ends with Close. A session has four: Lease.run,
// WatchTable.audit and Session.outlast, which end when it ends, and one that drains zk.Conn's
// events until the zk.Conn is disposed of. Names are looked up on a goroutine each. Calls of
// zk.Conn with a context run on a goroutine each, which ends with the answer or the connection.
// Close waits for all of them, and for what callers have begun with Enter, Go and Start. The caller
// runs one more: it takes the events from [Client.Events] and passes them on with SetUp, End, Wake
// and WakeAll.
//
// # What it relies on
//
// go-zookeeper serves the connections, through the checked net.Conn of internal/wire; there is one
// zk.Conn to a session, since go-zookeeper would otherwise run queued requests in a session that it
// opens by itself. Requests that a goroutine may stop waiting for bypass zk.Conn, by
// wire.Conn.Send. A server reports changes in their order, and reports each before it shows it.
//
// Locks are taken in the order Lease.mu, Session.mu; no other is taken under Client.mu or work.mu;
// WatchTable.mu is never held together with another. Config.ParseData and Config.Changed are called
// without any of them, except that ParseData runs on go-zookeeper's goroutine and must not block.
package ensemble
