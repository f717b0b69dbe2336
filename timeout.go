package zklock

import (
	"context"
	"time"
)

// Timeout returns the session timeout that the server granted last, which may be another than was asked for. Each server
// bounds it anew when the Session connects to it.
func (s *Session) Timeout() time.Duration { return s.client.Granted() }

// mostRaised is the longest session timeout that is believed of a server that was asked for less: servers raise what is
// below two of their ticks.
const mostRaised = time.Minute

// bounded returns a context for a call that has none of its user's: it ends after the session timeout that was granted.
func (s *Session) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, min(s.Timeout(), max(s.cfg.timeout, mostRaised)))
}
