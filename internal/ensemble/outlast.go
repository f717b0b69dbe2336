package ensemble

import (
	"errors"
	"time"
)

// overdue is how long a session lasts that no server takes: the ensemble keeps it for its timeout,
// counted from a moment that is a tick off at most. Only a server can say that a session has
// expired, and none does if the ensemble is younger than what the session has seen: servers then
// hang up, forever (ZooKeeperServer.processConnectRequest).
func overdue(timeout time.Duration) time.Duration { return timeout + timeout/3 }

// outlast gives the session up when no server has taken it for so long that the ensemble cannot
// have it any more. The next one begins with nothing, whatever transactions this one has seen.
func (zs *Session) outlast() {
	for {
		timeout := zs.Timeout()
		wait, over := zs.remaining(overdue(timeout))
		if over {
			zs.giveUp(errNoServerTakesIt)
			return
		}
		select {
		case <-time.After(max(wait, timeout/looksPerTimeout)):
		case <-zs.ended:
			return
		}
	}
}

// remaining returns how long the session may still go unheard, and whether it is over.
func (zs *Session) remaining(overdue time.Duration) (wait time.Duration, over bool) {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	if zs.handshake.SessionID == 0 {
		return overdue, false // it has never been anywhere
	}
	wait = overdue - time.Since(zs.heard)
	return wait, wait <= 0 && !zs.serving
}

// errNoServerTakesIt is why a session was given up that the ensemble cannot have any more.
var errNoServerTakesIt = errors.New("no server takes it; the data may have been wiped or restored, or the network is down")
