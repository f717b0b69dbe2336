// Package recipe is ZooKeeper's lock recipe: candidates in queues, acquisitions and holds. It knows
// nothing of the handles that use it.
//
// An [Acquisition] is one way through a lock's queue. It makes a candidate, which is one znode in
// one ZooKeeper session, waits until nobody is ahead of the candidate, and has the lease of the
// session keep its [Hold]:
//
//	create ──▶ look ahead ──▶ wait ──▶ admit ──▶ take the slot ──▶ settle ──▶ held ──▶ remove
//	  ▲                                                              │                   ▲
//	  └── session expired, or the candidate is gone: a new one ◀─────┴───── failed ──────┘
//
// A [Hold] is what the holder sees:
//
//	held ──revoke──▶ revoked ──┬─release──▶ released
//	  │                        │
//	  └────────────────────────┴─lose─────▶ lost
//
// A [Passage] is an acquisition with a candidate of its own. A [Cohort] lets the goroutines of one handle share an acquisition, whose hold goes from one to the
// next. [Local] is what the candidates of one ZooKeeper session share: listings of queues, the
// candidates that stand one behind the other, and the timers after which holds and candidates begin
// to be watched.
//
// # Goroutines
//
// Acquire goes through the queue on its caller's goroutine, Begin on one of its own, which ends when
// the acquisition is settled. A hold that lasts has one that watches its candidate; whoever removes
// the candidate waits for it. What a caller does not stay for, the removal of a candidate above all,
// a goroutine does, which ends with the server's answer or with the session. A cohort has one while
// it lists the queue. ensemble.Client.Close waits for all of them.
//
// # What it relies on
//
// ZooKeeper numbers the children of a znode in the order of their creation, and a server that has
// confirmed a creation shows every earlier one: so nobody appears ahead of a candidate later, except
// Curator's downgraded writers (queue.Candidate.LeavesReader). The package relies on internal/queue
// for names, order and who blocks whom, and on internal/ensemble for sessions, watches and the lease.
//
// Locks are taken in the order Cohort.mu, Acquisition.mu, the handle's (in Claim.Granted); a hold's
// comes before its parts'. No I/O is done under any of them.
package recipe
