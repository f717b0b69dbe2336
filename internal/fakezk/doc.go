// Package fakezk is a scripted ZooKeeper in memory, for virtual time and for what a real server
// cannot be made to do on cue: to hang with its socket open, to answer pings while it is cut off
// from its leader, to expire a session in this very millisecond.
//
// It is a fake. It knows one copy of the data, and what a server knew when it was cut off or began
// to lag; it checks no rights; it knows only the requests that the library sends. That the library
// is correct is claimed on the strength of real servers alone. TestTheFakeIsFaithful,
// TestTheFakeCommitsLikeAServer and TestTheFakeElectsLikeAServer run the same checks on this and on
// real ones.
//
// In a bubble of testing/synctest its clock is the bubble's. Its network is without limits and
// never blocks a writer.
//
// Sessions expire as badly as they may: exactly when their timeout has passed since the leader last
// heard of them, and not at the end of the tick, as in ZooKeeper, unless Config.Rounded says so.
// The leader hears of a session at once from clients of the first server, and from the others every
// half tick, in the ping that it sends them; a write that it receives through them does not count
// (LearnerHandler and PrepRequestProcessor touch no session).
//
// Writes are proposed, committed in their order, and answered by the server that the session is on
// when the commit arrives there; a server knows its own by session and xid alone. Tests can hold
// commits back: see Cluster.HoldCommits, and have another server lead meanwhile: see Cluster.Elect.
//
// One goroutine owns the state; see Cluster.loop. All faults and questions are run by it.
package fakezk
