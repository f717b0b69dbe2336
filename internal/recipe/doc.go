// Package recipe is ZooKeeper's lock recipe: candidates in queues, acquisitions and holds. It knows
// nothing of the handles that use it.
//
// An [Acquisition] is one request for a lock, as its caller sees it. Either it is a [Passage], with
// a candidate of its own, which is one znode in one ZooKeeper session:
//
//	create ──▶ look ahead ──▶ wait ──▶ take the slot ──▶ admit ──▶ settle ──▶ held ──▶ remove
//	  ▲                                                              │                   ▲
//	  └── session expired, or the candidate is gone: a new one ◀─────┴───── failed ──────┘
//
// or it has a place in a [Cohort], whose members share a passage: its hold goes from one to the
// next. A [Hold] is what the holder sees:
//
//	held ──revoke──▶ revoked ──┬─release──▶ released
//	  │                        │
//	  └────────────────────────┴─lose─────▶ lost
//
// queue.Line answers whether a candidate is first; this package gathers the evidence. [Local] is
// what the candidates of one ZooKeeper session share: listings of queues, the candidates that stand
// one behind the other, and the timers after which holds and candidates begin to be watched.
//
// # Goroutines
//
// Passage.Acquire goes through the queue on its caller's goroutine, Passage.Begin on one of its
// own, which ends when the acquisition is settled. A hold that lasts has one while its candidate has
// changed and is looked at; the goroutine that removes the candidate waits for it. If a caller does
// not wait for the removal of its candidate, a goroutine removes it, which ends with the server's
// answer or with the session. A cohort has one while it lists the queue. ensemble.Client.Close waits
// for all of them, and for a passage until no candidate of it is left.
//
// # What it relies on
//
// ZooKeeper numbers the children of a znode in the order of their creation, and a server that has
// confirmed a creation shows every earlier one. So no candidate appears ahead of another later,
// except the readers of downgraded writers (queue.Candidate.LeavesReader). The package relies on
// internal/queue for names, order and who blocks whom, and on internal/ensemble for sessions,
// watches and the lease.
//
// Locks are taken in the order Cohort.mu, Acquisition.mu, the handle's (in Claim.Granted); a hold's
// comes before its parts'. No I/O is done under any of them. DESIGN.md has the whole order.
package recipe
