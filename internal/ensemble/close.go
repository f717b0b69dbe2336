package ensemble

import (
	"time"

	"github.com/zookylock/zklock/internal/closed"
)

// removed returns a channel that is closed when the candidates that there are now have been
// removed.
func (zs *Session) removed() <-chan struct{} {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	return zs.none
}

// owned returns how many candidates the session may have.
func (zs *Session) owned() int {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	return zs.ephemerals
}

// closeConfirmed reports whether a server has confirmed that we ended the session.
func (zs *Session) closeConfirmed() bool {
	zs.mu.Lock()
	defer zs.mu.Unlock()
	return zs.closed
}

// dispose ends the zk.Conn of a session that is over and waits for its goroutines.
func (zs *Session) dispose() {
	zs.disconnect()
	zs.closeDisconnected()
	<-zs.drained
}

// closePatience is how long Close waits for the removal of what is held or waits, over another
// server if it must.
const closePatience = 2 * time.Second

// longestRemoval is for how long Close waits for servers that go on removing it. The end of the
// session removes the rest.
const longestRemoval = 10 * time.Second

// hangUp ends the ZooKeeper session, on the server too if there is one.
func (zs *Session) hangUp() {
	if zs.served() && closed.Is(zs.ready) {
		zs.Conn.Close()
	} else { // there is no server to tell, or nothing to release: do not wait for an answer
		zs.disconnect()
		zs.closeDisconnected()
	}
}

// awaitRemoval waits until the acquisitions have removed their candidates, which they do by
// themselves, and reports whether they have. zk.Conn.Close is not enough: it asks one server, once,
// and the connection may be broken or the server hang. A server that has removed none of them lately
// is left. One that goes on removing them has more time.
func (zs *Session) awaitRemoval() bool {
	const parts = 4
	removed, left, begun := zs.removed(), zs.owned(), time.Now()
	for silent := 0; silent < parts && time.Since(begun) < longestRemoval; {
		select {
		case <-removed:
			return true
		case <-time.After(closePatience / parts):
		}
		before := left
		if left = zs.owned(); left < before {
			silent = 0
			continue
		}
		if silent++; silent < parts {
			zs.leave()
		}
	}
	return false
}
