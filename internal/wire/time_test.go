package wire_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/wire"
)

// hung are servers that do not get through the handshake.
var hung = map[string]func(peer){
	"silent":      func(p peer) { p.drain() },
	"header only": func(p peer) { _, _ = p.frame(); _, _ = p.Write(frame{}.i32(37)); p.drain() },
	"trickling": func(p peer) {
		_, _ = p.frame()
		for _, b := range connectReply(10_000, 1).sealed() {
			time.Sleep(10 * time.Second) // sleep ok: virtual; the server's pace, not the test's
			if _, err := p.Write([]byte{b}); err != nil {
				return
			}
		}
	},
	"not reading": func(p peer) {
		time.Sleep(time.Hour) // sleep ok: virtual; the server does nothing else
	},
}

// sessionAfter returns how long go-zookeeper takes to a session if the first server hangs; at most
// an hour.
func sessionAfter(n *network, hang func(peer)) time.Duration {
	n.script = func(i int, p peer) {
		if i == 0 {
			hang(p)
		} else if p.accept(10_000, 1) == nil {
			p.serve()
		}
	}
	started := time.Now()
	session := make(chan time.Duration, 1)
	n.events = func(e zk.Event) {
		if e.State == zk.StateHasSession {
			select {
			case session <- time.Since(started):
			default:
			}
		}
	}
	c := n.connect(10 * time.Second)
	defer n.stop(c)
	select {
	case d := <-session:
		return d
	case <-time.After(time.Hour):
		return time.Hour
	}
}

func TestHungHandshakeEndsInTime(t *testing.T) {
	for name, hang := range hung {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{}
				require.Equal(t, 2*time.Second, sessionAfter(n, hang))
				require.ErrorIs(t, n.cause(0), wire.ErrHandshake)
			})
		})
	}
}

func TestBareHangsInHandshake(t *testing.T) {
	const seven = 66_660 * time.Millisecond // 10 times 2/3 of the session timeout
	for name, least := range map[string]time.Duration{
		"silent": seven, "header only": time.Hour, "trickling": 370 * time.Second,
		"not reading": seven,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				require.GreaterOrEqual(t, sessionAfter(&network{bare: true}, hung[name]), least)
			})
		})
	}
}

// deaf are servers that send something all the time and leave something unanswered.
var deaf = map[string]func(p peer, stop <-chan struct{}){
	"events only": func(p peer, stop <-chan struct{}) {
		for {
			select {
			case <-time.After(time.Second):
			case <-stop:
				return
			}
			if p.send(event(3, "/x")) != nil {
				return
			}
		}
	},
	"unasked ping replies": func(p peer, stop <-chan struct{}) {
		for {
			select {
			case <-time.After(time.Second):
			case <-stop:
				return
			}
			if p.send(replyTo(-2, 0)) != nil {
				return
			}
		}
	},
}

// answerAfter returns when a request to a deaf server ends; at most after an hour.
func answerAfter(n *network, chatter func(peer, <-chan struct{})) (d time.Duration, err error) {
	n.script = func(_ int, p peer) {
		if p.accept(9000, 1) != nil {
			return
		}
		gone, talked := make(chan struct{}), make(chan struct{})
		go func() { // ends with gone, which is waited for
			defer close(talked)
			chatter(p, gone)
		}()
		p.drain()
		close(gone)
		<-talked
	}
	c := n.connect(9 * time.Second)
	defer n.stop(c)
	started := time.Now()
	done := make(chan error, 1)
	go func() { done <- get(c) }() // ends with stop at the latest
	select {
	case err := <-done:
		return time.Since(started), err
	case <-time.After(time.Hour):
		return time.Hour, nil
	}
}

func TestUnansweredRequestEndsTheConnection(t *testing.T) {
	for name, chatter := range deaf {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{}
				d, err := answerAfter(n, chatter)
				require.ErrorIs(t, err, zk.ErrConnectionClosed)
				require.Equal(t, 6*time.Second, d, "2/3 of the session timeout")
				require.ErrorIs(t, n.cause(0), wire.ErrUnanswered)
			})
		})
		t.Run("bare: "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, err := answerAfter(&network{bare: true}, chatter)
				require.NoError(t, err)
				require.Equal(t, time.Hour, d)
			})
		})
	}
}

// A server that answers requests but no ping keeps its session with bare go-zookeeper (conn.go line
// 801).
func TestUnansweredPingEndsTheConnection(t *testing.T) {
	for _, bare := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			n := &network{bare: bare, script: func(_ int, p peer) {
				if p.accept(9000, 1) != nil {
					return
				}
				for {
					b, err := p.frame()
					if err != nil {
						return
					}
					if xid := int32(b[0])<<24 | int32(b[1])<<16 | int32(b[2])<<8 | int32(b[3]); xid >= 0 {
						if p.send(append(replyTo(xid, 0), honest(4)...)) != nil {
							return
						}
					}
				}
			}}
			started := time.Now()
			// the connection, not the request: that may run in the next one
			lost := make(chan time.Duration, 1)
			n.events = func(e zk.Event) {
				if e.State == zk.StateDisconnected {
					select {
					case lost <- time.Since(started):
					default:
					}
				}
			}
			c := n.connect(9 * time.Second)
			defer n.stop(c)
			for len(lost) == 0 && time.Since(started) < time.Hour {
				time.Sleep(time.Second) // sleep ok: virtual: the pace of the requests
				_ = honestly(c)
			}
			if bare {
				require.Empty(t, lost)
				return
			}
			require.Equal(t, 9*time.Second, <-lost, "the first ping is written after 3 s")
			require.ErrorIs(t, n.cause(0), wire.ErrUnanswered)
		})
	}
}

// A server that answers slowly, but always in time, keeps its connection.
func TestSlowAnswersAreLetPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type answer struct {
			op   int32
			took time.Duration
		}
		// written on go-zookeeper's receiving goroutine, read after it has ended
		var answers []answer
		n := &network{cfg: wire.Config{Answered: func(op int32, sent time.Time) {
			answers = append(answers, answer{op, time.Since(sent)})
		}}}
		n.script = func(_ int, p peer) {
			if p.accept(9000, 1) != nil {
				return
			}
			for {
				b, err := p.frame()
				if err != nil {
					return
				}
				xid := int32(b[0])<<24 | int32(b[1])<<16 | int32(b[2])<<8 | int32(b[3])
				if xid == -2 {
					time.Sleep(time.Second) // sleep ok: virtual; the server's pace
					err = p.send(replyTo(xid, 0))
				} else {
					time.Sleep(2 * time.Second) // sleep ok: virtual time
					err = p.send(append(replyTo(xid, 0), honest(4)...))
				}
				if err != nil {
					return
				}
			}
		}
		c := n.connect(9 * time.Second)
		for range 30 {
			require.NoError(t, honestly(c))
		}
		time.Sleep(30 * time.Second) // sleep ok: virtual: pings only
		n.stop(c)
		synctest.Wait()
		require.Len(t, n.conns, 1)
		require.True(t,
			slices.ContainsFunc(answers, func(a answer) bool { return a.op == wire.OpPing }))
		for _, a := range answers {
			switch a.op {
			case wire.OpPing:
				require.GreaterOrEqual(t, a.took, time.Second)
			case wire.OpGetData:
				require.GreaterOrEqual(t, a.took, 2*time.Second)
			}
			require.LessOrEqual(t, a.took, 4*time.Second)
		}
	})
}

// An error is no answer that a lease may count from.
func TestErrorIsNotAnswered(t *testing.T) {
	answered := make(chan int32, 2)
	n := &network{
		cfg: wire.Config{Answered: func(op int32, _ time.Time) { answered <- op }},
		script: func(_ int, p peer) {
			if p.accept(4000, 1) != nil {
				return
			}
			if xid, _, err := p.request(); err != nil || p.send(replyTo(xid, -118)) != nil {
				return
			}
			p.serve()
		},
	}
	c := n.connect(4 * time.Second)
	defer n.stop(c)
	require.ErrorIs(t, multi(c), zk.ErrSessionMoved)
	require.NoError(t, honestly(c))
	require.Equal(t, wire.OpGetData, <-answered)
}
