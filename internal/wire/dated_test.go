package wire_test

import (
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/wire"
)

// undated is a connection that has no deadlines.
type undated struct{ net.Conn }

var errUndated = errors.New("deadline not supported")

func (undated) SetDeadline(time.Time) error      { return errUndated }
func (undated) SetReadDeadline(time.Time) error  { return errUndated }
func (undated) SetWriteDeadline(time.Time) error { return errUndated }

func TestWithDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		require.Equal(t, client, wire.WithDeadlines(client), "it has deadlines")
		c := wire.WithDeadlines(undated{client})
		p := make([]byte, 10)

		begun := time.Now()
		require.NoError(t, c.SetReadDeadline(begun.Add(time.Second)))
		_, err := c.Read(p)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, time.Second, time.Since(begun))

		require.NoError(t, c.SetReadDeadline(time.Time{}))
		go server.Write([]byte("later")) // ends when it is read
		n, err := c.Read(p)
		require.NoError(t, err)
		require.Equal(t, "later", string(p[:n]), "a read that was cut short costs nothing")

		begun = time.Now()
		require.NoError(t, c.SetWriteDeadline(begun.Add(time.Second)))
		require.NoError(t, c.SetWriteDeadline(begun.Add(2*time.Second)))
		_, err = c.Write(p)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 2*time.Second, time.Since(begun))
		_, err = c.Read(p)
		require.Error(t, err, "it is closed")
		require.NoError(t, c.Close())
	})
}

// TestUndatedConnectionEndsInTime has servers hang under connections that have no deadlines of
// their own.
func TestUndatedConnectionEndsInTime(t *testing.T) {
	under := func(_ int, c net.Conn) net.Conn { return wire.WithDeadlines(undated{c}) }
	for name, hang := range hung {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{under: under}
				require.Equal(t, 2*time.Second, sessionAfter(n, hang))
			})
		})
	}
	for name, chatter := range deaf {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, err := answerAfter(&network{under: under}, chatter)
				require.ErrorIs(t, err, zk.ErrConnectionClosed)
				require.Equal(t, 6*time.Second, d)
			})
		})
	}
}

// TestClaimedTimeout has a server grant other timeouts than were asked for, and answer nothing.
func TestClaimedTimeout(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{
		// 9 s are granted
		0: 6 * time.Second, 3 * time.Second: 2 * time.Second, time.Minute: 6 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			var granted time.Duration
			n := &network{cfg: wire.Config{Asked: asked, Connected: func(h wire.Handshake) {
				granted = h.Timeout
			}}}
			d, err := answerAfter(n, func(_ peer, stop <-chan struct{}) { <-stop })
			require.ErrorIs(t, err, zk.ErrConnectionClosed)
			require.Equal(t, want, d, "2/3 of the smaller one")
			require.Equal(t, 9*time.Second, granted)
		})
	}
}
