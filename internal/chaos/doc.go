// Package chaos proves the library's claims while everything around it breaks.
//
// A run starts an ensemble of three real servers, several client processes that lock, write and
// unlock all the time, and a plan of faults that follows from a seed. Everything that the clients
// see is recorded with times from one clock, and the history is checked when the run is over:
//
//   - fencing tokens are unique, and increase from one hold to the next,
//   - no two exclusive holds overlap, also of locks that are acquired together and of writers that
//     become readers, and no more permits of the semaphore are held than it has, unless the earlier
//     one's Lost closed before the later began, its process was stopped at the time or got no
//     processor, or another client removed it by force,
//   - a write behind Guard by a stale holder never lands, and a store that looks at tokens never
//     goes back,
//   - both are linearizable registers (porcupine),
//   - in the end no candidate is left, every goroutine has been granted its lock again, nothing
//     leaks.
//
// A third store that does not look at tokens is the control: where holders are stopped for longer
// than their session it must go back, or the run has proved nothing.
//
// # Faults
//
// Servers: killed, paused, restarted one after another, too few for a quorum; a follower or the
// leader cut off from the others together with a client on it; a slow network between them; one
// that loses its data and begins anew; wall clocks that are stepped by hours. Clients: stopped for
// longer than the session timeout, stopped briefly, killed. Network of a client: cut, reset,
// delayed, swallowed both ways and each way, also as soon as a server has taken the session with a
// shorter timeout; names of servers that cannot be looked up, or tell late that servers have got
// other addresses. Session: expired; moved to another server while the disks of the followers
// stall, so that what it has written on both is proposed and not committed. Clients themselves ask
// for locks, force their way, cancel at random and ignore revocations.
//
// The servers are unequal, unless that is switched off: each has another tick and grants another
// session timeout, so that a session's changes with its server.
//
// Clients' own clocks are not stepped: Go reads the machine's past every library that could lie,
// and to set that needs root. Nor is a machine suspended; processes are.
//
// Nothing needs root: between clients and servers, and between each two servers, stands a link of
// this package. Links break streams of bytes, not packets. The election port of a server with a
// greater id can be reached past its link, because ZooKeeper tells it by itself (QuorumCnxManager,
// InitialMessage); what is replicated never passes there.
package chaos
