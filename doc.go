// Package zklock provides distributed locks on Apache ZooKeeper: mutexes and read/write locks,
// granted in the order of the requests, revocable, with fencing tokens.
//
// # Model
//
// A [Session] is one client of an ensemble. It makes handles on named locks, [Mutex] and [RWMutex],
// which are used like their namesakes in package sync, and on a [Semaphore], of which a number of
// clients hold permits at a time. A lock is a znode. Each client that wants it creates an ephemeral
// sequential znode below it, a candidate; the candidates, in the order of their numbers, are the
// queue (ZooKeeper Recipes, "Locks" and "Shared Locks"). One acquisition, from its grant to its
// release, is a hold.
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
// Dial waits for a server until ctx ends, so ctx should have a deadline. [Session.Election] elects
// a leader; its leader is the holder of a lock.
//
// # Revoked and lost
//
// Unlike a sync.Mutex, a distributed lock can be taken from its holder. A hold therefore has two
// channels. Revoked closes when the holder should stop and release, because another client asked
// for the lock ("Revocable Shared Locks with Freaking Laser Beams") or the hold is lost. Lost
// closes when the hold is gone or can no longer be proved: the session expired, the znode was
// removed, or no quorum has confirmed the session for so long that the ensemble may expire it; see
// [Lease]. Lost closes before another client is granted the lock, if the holder's process runs and
// its znode is not removed by force. It is safe to wait for Revoked alone, which closes with Lost.
// [Mutex.Do] and [Mutex.Context] turn both into the end of a context.
//
// If the znode is removed, by [Force], [Mutex.Clear], zooky clear or by hand, another client can be
// granted the lock at that moment. A holder that is connected is told within 50 ms and one round
// trip to its server; a holder that is cut off is told when its lease runs out. [AskThenForce]
// gives the holder time to stop.
//
// # Fencing
//
// If a process is paused for longer than its session lives, by the scheduler, the garbage collector
// or a debugger, it goes on as if it held the lock. No lock can prevent that. A fencing token makes
// it harmless: [Mutex.Token] grows from hold to hold, and storage that refuses a token smaller than
// the greatest it has seen accepts no late write. For data in ZooKeeper itself, [Mutex.Guard] makes
// a transaction depend on the hold. Without a token or a Guard the lock is advisory: good enough to
// save work, not to protect data. Tokens begin again if the ensemble's data are wiped or restored
// from a backup; see [Session.Rewinds].
//
// # Errors
//
// The error of an operation is an [*OpError]. It wraps one of the Err variables or an error of
// package zk. A pending acquisition survives lost connections and expired sessions; it continues in
// the next session. A session that no server accepts for its timeout and a third, because the
// ensemble was rebuilt or is out of reach, counts as expired.
//
// # Testing
//
// Package zktest provides a ZooKeeper in memory for the tests of programs that use zklock, and real
// servers.
//
// # Observability
//
// [WithLogger] logs what happened, to which lock and for how long. [Session.Stats] and
// [Session.Holds] return counts and the current holds. [WithHooks] calls functions of the program
// for each acquisition, hold and loss, for metrics and traces. docs/observability.md says what to
// alert on.
package zklock
