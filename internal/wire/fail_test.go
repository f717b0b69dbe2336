package wire_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/wire"
)

var errWrite = errors.New("write was made to fail")

// A faulty socket fails to write a setAuth request; it goes on reading.
type faulty struct{ net.Conn }

func (f faulty) Write(p []byte) (int, error) {
	if len(p) >= 12 && bytes.Equal(p[8:12], frame{}.i32(wire.OpSetAuth)) {
		return 0, errWrite
	}
	return f.Conn.Write(p)
}

// credentials adds credentials, loses the connection, and lets the next one fail while they are
// sent again. It returns when a later connection answers.
func credentials(n *network) error {
	n.script = func(i int, p peer) {
		if p.accept(4000, 1) != nil {
			return
		}
		if i > 0 {
			p.serve()
			return
		}
		if xid, _, err := p.request(); err == nil && p.send(replyTo(xid, 0)) == nil {
			_, _, _ = p.request() // the credentials are remembered by now
		}
	}
	n.under = func(i int, c net.Conn) net.Conn {
		if i == 1 {
			return faulty{c}
		}
		return c
	}
	c := n.connect(4 * time.Second)
	defer n.stop(c)
	if err := addAuth(c); err != nil {
		return err
	}
	if err := honestly(c); !errors.Is(err, zk.ErrConnectionClosed) {
		return errors.New("first connection answered")
	}
	for {
		if err := honestly(c); !errors.Is(err, zk.ErrConnectionClosed) {
			return err
		}
	}
}

func TestFailedWriteOfCredentialsDoesNotDeadlock(t *testing.T) {
	n := &network{}
	require.NoError(t, credentials(n))
	require.ErrorIs(t, n.cause(1), errWrite)
}

func TestFailedWriteClosesTheSocket(t *testing.T) {
	for name, write := range map[string]func() (int, error){
		"error": func() (int, error) { return 0, errWrite },
		"short": func() (int, error) { return 3, nil },
	} {
		t.Run(name, func(t *testing.T) {
			client, server := net.Pipe()
			c := wire.New(writer{client, write}, wire.Config{})
			read := make(chan error, 1)
			go func() { // ends when the socket is closed
				_, err := c.Read(make([]byte, 1))
				read <- err
			}()
			n, err := c.Write(connectRequest())
			require.NoError(t, err, "go-zookeeper must not learn it here")
			require.Equal(t, len(connectRequest()), n)
			want := map[string]error{"error": errWrite, "short": io.ErrShortWrite}[name]
			require.ErrorIs(t, <-read, want)
			_, err = server.Read(make([]byte, 1))
			require.ErrorIs(t, err, io.EOF)
			_, err = c.Write(connectRequest())
			require.NoError(t, err)
			require.ErrorIs(t, c.SetDeadline(time.Time{}), want)
			require.NoError(t, c.Close())
			require.NoError(t, c.Close())
		})
	}
}

type writer struct {
	net.Conn
	write func() (int, error)
}

func (w writer) Write([]byte) (int, error) { return w.write() }

func connectRequest() []byte {
	return frame{}.i32(0).i64(0).i32(4000).i64(0).str(strings.Repeat("\x00", 16)).sealed()
}

// oversized answers a getData with 2 MiB, and everything else as it should be.
func oversized(_ int, p peer) {
	if p.accept(4000, 1) != nil {
		return
	}
	if xid, _, err := p.request(); err == nil {
		if p.send(replyTo(xid, 0).str(strings.Repeat("x", 2<<20)).stat(1)) == nil {
			p.serve()
		}
	}
}

func TestOversizedReplyFailsOneCallOnly(t *testing.T) {
	n := &network{script: oversized, cfg: wire.Config{MaxFrame: 1 << 20}}
	c := n.connect(4 * time.Second)
	defer n.stop(c)
	require.ErrorIs(t, get(c), zk.ErrAPIError)
	require.NoError(t, honestly(c))
	require.Len(t, n.conns, 1, "the connection stays")
}

// A million short names have 5 MiB on the wire and 32 MiB in memory.
func TestReplyIsMeasuredAsDecoded(t *testing.T) {
	const count = 1 << 20
	n := &network{cfg: wire.Config{MaxFrame: 6 << 20}, script: func(_ int, p peer) {
		if p.accept(4000, 1) != nil {
			return
		}
		if xid, _, err := p.request(); err == nil {
			if p.send(append(replyTo(xid, 0).i32(count),
				bytes.Repeat(frame{}.str("x"), count)...).stat(1)) == nil {
				p.serve()
			}
		}
	}}
	c := n.connect(4 * time.Second)
	defer n.stop(c)
	require.ErrorIs(t, children(c), zk.ErrAPIError)
	require.NoError(t, honestly(c))
	require.Len(t, n.conns, 1)
}

// go-zookeeper forgets to close a connection that said that the session has expired.
func TestExpiredSessionClosesTheSocket(t *testing.T) {
	closed := make(chan error, 1)
	shakes := make(chan wire.Handshake, 2)
	n := &network{
		cfg: wire.Config{Connected: func(h wire.Handshake) { shakes <- h }},
		script: func(i int, p peer) {
			if i > 0 {
				if p.accept(4000, 9) == nil {
					p.serve()
				}
			} else if p.accept(0, 0) == nil {
				_, err := p.frame()
				closed <- err
			}
		},
	}
	c := n.connect(4 * time.Second)
	defer n.stop(c)
	require.NoError(t, honestly(c))
	require.ErrorIs(t, <-closed, io.EOF)
	first, second := <-shakes, <-shakes
	require.True(t, first.Expired())
	require.Equal(t, wire.Handshake{SessionID: 9, Timeout: 4 * time.Second}, second)
}

func TestRejectedCredentialsAreReported(t *testing.T) {
	rejected := make(chan struct{}, 8)
	n := &network{
		cfg: wire.Config{AuthRejected: func() { rejected <- struct{}{} }},
		script: func(_ int, p peer) {
			if p.accept(4000, 1) != nil {
				return
			}
			if xid, _, err := p.request(); err == nil {
				_ = p.send(replyTo(xid, -115)) // and close, as servers do
			}
		},
	}
	c := n.connect(4 * time.Second)
	defer n.stop(c)
	require.ErrorIs(t, addAuth(c), zk.ErrAuthFailed)
	<-rejected
}

func TestCloseEndsReadAndWrite(t *testing.T) {
	client, server := net.Pipe()
	defer func() { _ = server.Close() }()
	c := wire.New(client, wire.Config{})
	done := make(chan error, 1)
	go func() { // ends with Close
		_, err := c.Read(make([]byte, 1))
		done <- err
	}()
	wrote := make(chan struct{})
	go func() { // ends with Close: nobody reads at the other end
		_, _ = c.Write(connectRequest())
		close(wrote)
	}()
	require.NoError(t, c.SetDeadline(time.Now().Add(time.Hour)))
	require.NoError(t, c.Close())
	require.ErrorIs(t, <-done, net.ErrClosed)
	<-wrote
	require.Equal(t, client.LocalAddr(), c.LocalAddr())
	require.Equal(t, client.RemoteAddr(), c.RemoteAddr())
}

func TestUsersDeadlineHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer func() { _ = server.Close() }()
		c := wire.New(client, wire.Config{})
		started := time.Now()
		go func() { // ends at once
			_ = c.SetReadDeadline(time.Now().Add(time.Second))
		}()
		_, err := c.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NotErrorIs(t, err, wire.ErrHandshake)
		require.Equal(t, time.Second, time.Since(started))
	})
}

// A peer that no longer reads makes tls.Conn.Close wait for 5 s.
func TestFailureDoesNotWaitForTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer func() { _ = server.Close() }()
		c := wire.New(tls.Client(client, &tls.Config{ServerName: "zk"}), wire.Config{})
		go func() { _, _ = io.ReadFull(server, make([]byte, 5)) }() // ends with the five bytes
		started := time.Now()
		// go-zookeeper writes first, so that the TLS handshake is in here
		_, _ = c.Write(connectRequest())
		_, err := c.Read(make([]byte, 1))
		require.ErrorIs(t, err, wire.ErrHandshake)
		require.Equal(t, 2*time.Second, time.Since(started))
	})
}
