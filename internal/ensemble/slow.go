package ensemble

import "time"

// slowPart is which part of the session timeout makes an answer slow. A hold is lost if answers
// take a sixth.
const slowPart = 12

// slowReminder is how often a server that stays slow is reported.
const slowReminder = time.Minute

// Slowness is the report of a server that answers slowly.
type Slowness struct {
	Server string        // host:port, as Config.Servers has it
	Waited time.Duration // the longest for an answer, which may be missing yet
	For    time.Duration // since the first request that it answered slowly was sent
	Over   bool          // for a session timeout all answers have been quick
}

// slowness follows how long the answers of a server take. It reads no clock.
type slowness struct {
	server  string // the one that is slow; empty if none is
	since   time.Time
	last    time.Time // when the latest slow answer was noticed
	told    time.Time // when that was told
	longest time.Duration
}

// note takes note of a request that was sent at the given time and is answered now, or has waited
// until now for too long. It returns what is to be told; its Server is empty if nothing is.
func (s *slowness) note(server string, sent, now time.Time, timeout time.Duration) Slowness {
	if server != s.server {
		*s = slowness{} // of a server that was left
	}
	waited := now.Sub(sent)
	if waited <= timeout/slowPart {
		if s.server == "" || now.Sub(s.last) < timeout {
			return Slowness{}
		}
		over := Slowness{server, s.longest, s.last.Sub(s.since), true}
		*s = slowness{}
		return over
	}
	if s.server == "" {
		s.server, s.since = server, sent
	}
	s.last, s.longest = now, max(s.longest, waited)
	if !s.told.IsZero() && now.Sub(s.told) < slowReminder {
		return Slowness{}
	}
	s.told = now
	return Slowness{Server: server, Waited: s.longest, For: now.Sub(s.since)}
}
