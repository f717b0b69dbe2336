// Package zklock provides distributed locks on Apache ZooKeeper: mutexes and shared read/write locks, first come first
// served, revocable, with fencing tokens.
//
// # Model
//
// A [Session] is one client of an ensemble. It makes handles on named locks, [Mutex] and [RWMutex], which are used like
// their namesakes in package sync. A lock is a znode; everybody who wants it puts an ephemeral sequential znode, a
// candidate, below it, and the candidates in the order of their numbers are the queue (ZooKeeper Recipes, "Locks" and
// "Shared Locks"). One acquisition, from its grant to its release, is a hold.
//
//	s, err := zklock.Dial(ctx, "zk1:2181,zk2:2181,zk3:2181")
//	if err != nil {
//		return err
//	}
//	defer s.Close()
//	m, err := s.Mutex("reports/monthly")
//	if err != nil {
//		return err
//	}
//	return m.Do(ctx, func(ctx context.Context) error {
//		return writeReport(ctx, m.Token()) // ctx ends when the lock is revoked or lost
//	})
//
// # Revoked and lost
//
// Unlike a sync.Mutex, a distributed lock can be taken from its holder. A hold therefore has two channels. Revoked closes
// when the holder should stop and release: somebody asked for the lock ("Revocable Shared Locks with Freaking Laser
// Beams"), or the hold is lost. Lost closes when the hold is gone, or can no longer be proved: the session expired, the
// znode was removed, or no quorum has confirmed the session for so long that the ensemble may expire it; see [Lease].
// Lost closes before another client is granted the lock, as long as the holder's own process runs and nobody removes its znode. To
// select on Revoked alone is safe: it closes with Lost.
//
// If somebody removes the znode, by [Force], [Mutex.Clear], zooky clear or by hand, another client can be granted the lock at that
// moment. A holder that is connected is told within 50 ms and one trip to its server, one that is cut off when its lease runs
// out. Use [AskThenForce], which gives the holder time to stop.
//
// # Fencing
//
// No lock can stop a process that was paused, by its scheduler, its garbage collector or a debugger, for longer than its
// session lived: it comes back believing that it holds the lock. What can is a fencing token: [Mutex.Token] grows from
// hold to hold, and storage that refuses a token smaller than the greatest it has seen lets no late write in. For data in
// ZooKeeper itself, [Mutex.Guard] makes a transaction depend on the hold. Tokens begin again if the ensemble's data are wiped or
// restored from a backup; see [Session.Rewinds]. Without either, the lock is advice: good enough
// to save work, not to protect data.
//
// # Errors
//
// Operations fail with an [*OpError] around one of the Err variables or an error of package zk. Lost connections and
// expired sessions are no errors while an acquisition waits; it goes on in the next session. A session that no server takes for
// its timeout and a third, because the ensemble was rebuilt or is out of reach, counts as expired.
//
// # Observability
//
// [WithLogger] tells people what happened, to which lock and for how long. [Session.Stats] and
// [Session.Holds] tell how the Session stands. [WithHooks] calls functions of the program for each
// acquisition, hold and loss, for metrics and traces. docs/observability.md says what to alert on.
package zklock
