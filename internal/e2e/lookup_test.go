package e2e

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/internal/testhook"
	"github.com/zookylock/zklock/zktest"
)

// withResolver replaces the look-up of names. It comes after WithDialer, which leaves that to the
// dialer.
func withResolver(resolve func(context.Context, string) ([]string, error)) zklock.SessionOption {
	option := testhook.Resolver.(func(func(context.Context, string) ([]string,
		error)) zklock.SessionOption)
	return option(resolve)
}

// resolver answers with the same addresses each time.
func resolver(addresses ...string) zklock.SessionOption {
	return withResolver(func(context.Context, string) ([]string, error) { return addresses, nil })
}

// stub listens on an address of the loopback interface and leaves what comes to f, which must end
// with the connection.
func stub(t *testing.T, address string, f func(net.Conn)) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("an address of the loopback interface cannot be used here: %v", err)
	}
	var conns []net.Conn
	var mu sync.Mutex
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			serving.Go(func() { defer conn.Close(); f(conn) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, conn := range conns {
			conn.Close()
		}
		mu.Unlock()
		serving.Wait()
	})
}

// TestOneNameWithSeveralAddresses has something else than a server on the first of a name's
// addresses.
func TestOneNameWithSeveralAddresses(t *testing.T) {
	t.Parallel()
	locktest.NeedsServer(t)
	for name, f := range map[string]func(net.Conn){
		"hangs":    func(conn net.Conn) { io.Copy(io.Discard, conn) },
		"hangs up": func(conn net.Conn) { conn.Read(make([]byte, 1)) },
		"refused":  nil,
	} {
		t.Run(name, func(t *testing.T) {
			e := zktest.Start(t, zktest.WithServers(1))
			_, port, err := net.SplitHostPort(e.Servers()[0].Addr())
			require.NoError(t, err)
			if f != nil {
				stub(t, net.JoinHostPort("127.0.0.2", port), f)
			}
			for range 4 { // addresses are tried in any order
				begun := time.Now()
				s := dialTo(t, "zookeeper.test:"+port, resolver("127.0.0.2", "127.0.0.1"))
				assert.Less(t, time.Since(begun), 4*time.Second,
					"2 s for a handshake, and a busy machine")
				m := mutex(t, s, "m")
				lock(t, m)
				m.Unlock()
			}
		})
	}
}

// TestTLSVerifiesTheName looks the server's name up, and has its certificate be for the name.
func TestTLSVerifiesTheName(t *testing.T) {
	t.Parallel()
	locktest.NeedsServer(t)
	ca := newAuthority(t, "authority")
	e := zktest.Start(t, zktest.WithTLS(certificate(t, &ca.Certificate, &x509.Certificate{
		Subject: pkix.Name{CommonName: "zookeeper"}, DNSNames: []string{"zookeeper.test"},
	})))
	_, port, err := net.SplitHostPort(e.Servers()[0].Addr())
	require.NoError(t, err)
	s := dialTo(t, "zookeeper.test:"+port, zklock.WithTLS(ca.config()), resolver("127.0.0.1"))
	lock(t, mutex(t, s, "m"))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err = zklock.Dial(ctx, "elsewhere.test:"+port, zklock.WithTLS(ca.config()),
		resolver("127.0.0.1"))
	assert.ErrorContains(t, err, "certificate is valid for zookeeper.test, not elsewhere.test")
}

// TestAddressesAreNotLookedUp dials literals, of IPv6 too.
func TestAddressesAreNotLookedUp(t *testing.T) {
	var dialed sync.Map
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := zklock.Dial(ctx, "[::1],[fe80::1%lo]:2182,192.0.2.1:2183",
		zklock.WithDialer(func(_ context.Context, _, address string) (net.Conn, error) {
			dialed.Store(address, true)
			return nil, io.ErrUnexpectedEOF
		}),
		withResolver(func(_ context.Context, host string) ([]string, error) {
			t.Errorf("%s is looked up", host)
			return nil, io.ErrUnexpectedEOF
		}))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	for _, address := range []string{"[::1]:2181", "[fe80::1%lo]:2182", "192.0.2.1:2183"} {
		_, ok := dialed.Load(address)
		assert.True(t, ok, address)
	}
}

// undated is a connection without deadlines, as a channel of ssh is.
type undated struct{ net.Conn }

func (undated) SetDeadline(time.Time) error      { return errNoDeadlines }
func (undated) SetReadDeadline(time.Time) error  { return errNoDeadlines }
func (undated) SetWriteDeadline(time.Time) error { return errNoDeadlines }

var errNoDeadlines = &net.OpError{Op: "set", Net: "tunnel",
	Err: net.UnknownNetworkError("deadline not supported")}

// TestConnectionsWithoutDeadlines goes through a dialer whose connections have none, also with TLS,
// and leaves a server that hangs.
func TestConnectionsWithoutDeadlines(t *testing.T) {
	t.Parallel()
	locktest.NeedsServer(t)
	ca := newAuthority(t, "authority")
	for name, opts := range map[string][]zklock.SessionOption{"plain": nil,
		"TLS": {zklock.WithTLS(ca.config())}} {
		t.Run(name, func(t *testing.T) {
			starting := []zktest.Option{zktest.WithServers(1)}
			if opts != nil {
				starting = append(starting, zktest.WithTLS(ca.server(t)))
			}
			e := zktest.Start(t, starting...)
			proxy := e.Proxy(t)
			tunnel := zklock.WithDialer(func(ctx context.Context, network,
				address string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return undated{conn}, nil
			})
			s := dialTo(t, proxy.Addr(),
				append(opts, tunnel, zklock.WithSessionTimeout(shortTimeout))...)
			m := mutex(t, s, "m")
			lock(t, m)
			lost := m.Lost()
			proxy.Blackhole()
			receive(t, lost, "loss")
			require.Eventually(t, func() bool {
				return s.State() != zklock.StateConnected
			}, patience, 5*time.Millisecond,
				"the connection is not left")
			proxy.Heal()
			assert.ErrorIs(t, m.UnlockContext(t.Context()), zklock.ErrLost)
			lock(t, m)
			m.Unlock()
		})
	}
}
