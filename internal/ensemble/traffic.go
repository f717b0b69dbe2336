package ensemble

import (
	"slices"
	"time"
)

// traffic is what the servers have answered of late, from which follows what the leader has heard
// of. A follower tells the leader which sessions were active when it answers the leader's ping,
// twice a tick (Learner.ping, Leader.lead), on the stream that also carries the requests that it
// passes on. So whatever was answered half a tick before an operation was sent, the leader had
// heard of when it saw the operation.
//
// It belongs to one connection: another server has its own stream. But a connect request is heard
// by the leader itself, which checks the session and counts anew from there (LearnerHandler's
// REVALIDATE, LeaderZooKeeperServer.touch).
//
// Guarded by lease.mu.
type traffic struct {
	connect time.Time // when the connect request was sent; the zero time before the first
	answers []answer  // in the order of their coming, grain Apart at the least
}

// answer is one of the server's.
type answer struct {
	at   time.Time // when it came
	sent time.Time // when the latest request was sent that had been answered by then
}

// The session timeout's parts in which traffic is counted. T is at least two ticks
// (minSessionTimeout's default), so that half a tick is at most a quarter of it; the grain on top
// is for leaders that are late with a ping.
func grain(timeout time.Duration) time.Duration { return timeout / 64 }
func aging(timeout time.Duration) time.Duration { return timeout/4 + grain(timeout) }

// connected begins anew.
func (tr *traffic) connected(sent time.Time) {
	tr.connect, tr.answers = sent, tr.answers[:0]
}

// answered takes note of a request that was sent at the given time. Some are left out: to know of
// less traffic than there was is safe.
func (tr *traffic) answered(now, sent time.Time, timeout time.Duration) {
	if n := len(tr.answers); n > 0 {
		last := tr.answers[n-1]
		if now.Sub(last.at) < grain(timeout) {
			return
		}
		if sent.Before(last.sent) {
			sent = last.sent
		}
	}
	// Nothing that is still to be confirmed was sent a timeout ago: wire would have closed the
	// connection.
	for len(tr.answers) > 1 && now.Sub(tr.answers[1].at) > timeout+aging(timeout) {
		tr.answers = slices.Delete(tr.answers, 0, 1)
	}
	tr.answers = append(tr.answers, answer{now, sent})
}

// slept moves everything back by the time that the machine was suspended.
func (tr *traffic) slept(d time.Duration) {
	tr.connect = tr.connect.Add(-d)
	for i := range tr.answers {
		tr.answers[i].at = tr.answers[i].at.Add(-d)
		tr.answers[i].sent = tr.answers[i].sent.Add(-d)
	}
}

// heard returns when the session sent the latest of what the leader had heard of when it saw an
// operation that was sent at the given time and that this connection's server has answered.
func (tr *traffic) heard(operation time.Time, timeout time.Duration) time.Time {
	for _, a := range slices.Backward(tr.answers) {
		if operation.Sub(a.at) >= aging(timeout) {
			return a.sent
		}
	}
	return tr.connect
}
