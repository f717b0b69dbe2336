package ensemble

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/zookylock/zklock/internal/wire"
)

// common is what a Client shares with its sessions: its configuration, the servers, what Close waits
// for, and what one session learns for the next.
type common struct {
	work
	cfg        Config
	servers    *servers
	vocabulary *vocabulary

	// the session timeout that was granted last, a time.Duration; 0 before the first
	granted    atomic.Int64
	newestZxid atomic.Int64 // of the ZooKeeper sessions before the current one
	leastLeft  atomic.Int64 // see LeastLeft; a time.Duration
	rewinds    atomic.Int64 // how often another session has shown an older one
	// the granted timeout that was logged last for being unlike the one that was asked for
	unlike atomic.Int64
}

func newCommon(cfg Config) *common {
	c := &common{cfg: cfg, vocabulary: newVocabulary(cfg.Logger)}
	c.bound = make(map[Canceler]struct{})
	c.leastLeft.Store(int64(cfg.Timeout))
	c.servers = newServers(cfg.Servers, cfg.Resolve, c.Go)
	return c
}

// Logger returns the Config's.
func (c *common) Logger() *slog.Logger { return c.cfg.Logger }

// Granted returns the session timeout that was granted last, 0 before the first. Each server bounds
// it anew when the Client connects to it.
func (c *common) Granted() time.Duration { return time.Duration(c.granted.Load()) }

// LeastLeft is the least time that was left to a hold when its session was confirmed, or 0 once a
// lease has run out; the timeout that was asked for before that.
func (c *common) LeastLeft() time.Duration { return time.Duration(c.leastLeft.Load()) }

// noteLeft takes note of how much was left. Lease.mu is held, of the one lease that has holds.
func (c *common) noteLeft(left time.Duration) {
	if left = max(left, 0); int64(left) < c.leastLeft.Load() {
		c.leastLeft.Store(int64(left))
	}
}

// LastFailure is why the last try to connect failed that did not lead to a session, nil if there
// was none.
func (c *common) LastFailure() error { return c.servers.lastFailure() }

// Rewinds returns how often the ensemble was younger than what the Client had seen of it.
func (c *common) Rewinds() int { return int(c.rewinds.Load()) }

// onGranted takes note of the session timeout that a server has granted.
func (c *common) onGranted(granted time.Duration) {
	c.granted.Store(int64(granted))
	asked := c.cfg.Timeout
	far := granted > asked+asked/4 || granted < asked-asked/4
	if far && c.unlike.Swap(int64(granted)) != int64(granted) {
		c.logGranted(asked, granted)
	}
}

// compareZxid takes note of the first transaction that a server has told a ZooKeeper session of.
// All of an ensemble's are older that sessions before have seen, unless its data are older than it
// had shown.
func (c *common) compareZxid(zxid int64) {
	newest := c.newestZxid.Load()
	if zxid >= newest {
		return
	}
	c.newestZxid.Store(0)
	c.rewinds.Add(1)
	c.logRewind(zxid, newest)
}

// tellOf returns a function that reports the requests of a connection to that server; nil if no such
// reports are wanted.
func (c *common) tellOf(server string) func(wire.Exchange) {
	if c.cfg.Requested == nil {
		return nil
	}
	return func(e wire.Exchange) {
		c.cfg.Requested(Exchange{
			Operation: wire.OpName(e.Op), Server: server, Took: time.Since(e.Sent),
			Err: ErrorOf(wire.Reply{Lost: !e.Answered, Code: e.Code}),
		})
	}
}
