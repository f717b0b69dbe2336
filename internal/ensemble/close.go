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
// and the connection may be broken or the server hang.
func (zs *Session) awaitRemoval() bool {
	removed := zs.removed()
	select {
	case <-removed:
		return true
	case <-time.After(closePatience / 4):
		zs.leave()
	}
	select {
	case <-removed:
		return true
	case <-time.After(closePatience * 3 / 4):
		return false
	}
}
