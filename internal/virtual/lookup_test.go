package virtual

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// nameServer answers with the addresses that it is set to, after some time.
type nameServer struct {
	mu        sync.Mutex // guards what follows
	addresses []string
	takes     time.Duration
	err       error
	asked     int
}

func (n *nameServer) set(takes time.Duration, err error, addresses ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.takes, n.err, n.addresses = takes, err, addresses
}

func (n *nameServer) lookUp(ctx context.Context, host string) ([]string, error) {
	n.mu.Lock()
	n.asked++
	takes, err, addresses := n.takes, n.err, slices.Clone(n.addresses)
	n.mu.Unlock()
	select {
	case <-time.After(takes):
		return addresses, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// dialed keeps which addresses were asked for, and never answers for those that are off.
type dialed struct {
	to  func(ctx context.Context, network, address string) (net.Conn, error)
	off []string

	mu        sync.Mutex // guards addresses
	addresses []string
}

func (d *dialed) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d.mu.Lock()
	d.addresses = append(d.addresses, address)
	d.mu.Unlock()
	if slices.Contains(d.off, address) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return d.to(ctx, network, address)
}

func (d *dialed) take() (addresses []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	addresses, d.addresses = d.addresses, nil
	return addresses
}

// byName opens a Session to an ensemble that has one name.
func (w *world) byName(dns *nameServer, off ...string) (*zklock.Session, *fakezk.Client, *dialed) {
	w.t.Helper()
	client := w.Client()
	d := &dialed{to: client.Dial, off: off}
	s, err := zklock.Dial(w.t.Context(), "ensemble", zklock.WithSessionTimeout(10*time.Second),
		zklock.WithDialer(d.dial),
		withResolver(dns.lookUp))
	require.NoError(w.t, err)
	w.sessions = append(w.sessions, s)
	return s, client, d
}

// TestVirtualOneOfSeveralAddressesIsBad has one name for three servers, one of which does not
// serve, in every way.
func TestVirtualOneOfSeveralAddressesIsBad(t *testing.T) {
	for name, fault := range map[string]func(*fakezk.Server){
		"off":      func(*fakezk.Server) {},
		"hangs":    (*fakezk.Server).Hang,
		"hangs up": func(s *fakezk.Server) { s.Shut(true) },
		"refuses":  (*fakezk.Server).Stop,
	} {
		t.Run(name, func(t *testing.T) {
			for range 10 { // addresses are tried in any order
				virtually(t, fakezk.Config{Servers: 3, Latency: ms(3)},
					func(t *testing.T, w *world) {
						dns := &nameServer{addresses: []string{"zk0", "zk1", "zk2"}}
						bad := "zk0:2181"
						var off []string
						if name == "off" {
							off = append(off, bad)
						}
						fault(w.Server(0))
						begun := time.Now()
						s, client, d := w.byName(dns, off...)
						assert.Less(t, time.Since(begun), 3*time.Second, "Dial")
						known := slices.Contains(d.take(), bad)
						m := mutex(t, s, "m")
						for range 10 {
							client.Cut()
							synctest.Wait()
							begun := time.Now()
							lock(t, m)
							assert.Less(t, time.Since(begun), 3*time.Second, "acquisition")
							m.Unlock()
							tried := d.take()
							assert.False(t, known && slices.Contains(tried, bad),
								"%v: the bad one was known", tried)
							known = known || slices.Contains(tried, bad)
						}
						w.Server(0).Resume()
						w.Server(0).Shut(false)
					})
			}
		})
	}
}

// TestVirtualSlowLookUps takes its time to look the name up, when a connection is first made and
// later.
func TestVirtualSlowLookUps(t *testing.T) {
	for _, takes := range []time.Duration{500 * time.Millisecond, 1200 * time.Millisecond,
		5 * time.Second} {
		virtually(t, fakezk.Config{Servers: 2, Latency: ms(3)}, func(t *testing.T, w *world) {
			dns := &nameServer{takes: takes, addresses: []string{"zk0", "zk1"}}
			begun := time.Now()
			s, client, _ := w.byName(dns)
			assert.Less(t, time.Since(begun), takes+100*time.Millisecond)
			m := mutex(t, s, "m")
			client.Cut()
			synctest.Wait()
			begun = time.Now()
			lock(t, m)
			assert.Less(t, time.Since(begun), 600*time.Millisecond, "the addresses are known")
			m.Unlock()
			dns.set(time.Hour, nil)
			client.Cut()
			synctest.Wait()
			lock(t, m)
			m.Unlock()
			dns.set(0, errors.New("no name server"))
			client.Cut()
			synctest.Wait()
			lock(t, m)
			m.Unlock()
		})
	}
}

// TestVirtualNameMoves gives the name another address.
func TestVirtualNameMoves(t *testing.T) {
	virtually(t, fakezk.Config{Servers: 3, Latency: ms(3)}, func(t *testing.T, w *world) {
		dns := &nameServer{addresses: []string{"zk0"}}
		s, _, d := w.byName(dns)
		m := mutex(t, s, "m")
		id := s.ID()
		for _, to := range []string{"zk1", "zk2", "zk0"} {
			d.take()
			d.off = []string{"zk0:2181", "zk1:2181", "zk2:2181"}
			d.off = slices.DeleteFunc(d.off, func(a string) bool { return a == to+":2181" })
			dns.set(10*time.Millisecond, nil, to)
			for i := range 3 {
				if a := w.Server(i); a.Address() != to+":2181" {
					a.Stop()
				} else {
					a.Resume()
				}
			}
			synctest.Wait()
			begun := time.Now()
			lock(t, m)
			assert.Less(t, time.Since(begun), time.Second)
			m.Unlock()
			assert.Equal(t, []string{to + ":2181"}, d.take(), "where it was before is not tried")
			time.Sleep(time.Minute) // sleep ok: virtual time
			d.take()
		}
		assert.Equal(t, id, s.ID())
		for i := range 3 {
			w.Server(i).Resume()
		}
	})
}

// TestVirtualDialTellsOfLookUps has no name found.
func TestVirtualDialTellsOfLookUps(t *testing.T) {
	virtually(t, fakezk.Config{}, func(t *testing.T, w *world) {
		dns := &nameServer{err: &net.DNSError{Err: "no such host", Name: "ensemble",
			IsNotFound: true}}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := zklock.Dial(ctx, "ensemble:2181", zklock.WithDialer(w.Client().Dial),
			withResolver(dns.lookUp))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorContains(t, err, "lookup ensemble: no such host")
		assert.LessOrEqual(t, dns.asked, 12, "a second between two")
		dns.set(time.Hour, nil)
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		_, err = zklock.Dial(ctx, "ensemble:2181", zklock.WithDialer(w.Client().Dial),
			withResolver(dns.lookUp))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Less(t, time.Since(begun), 1100*time.Millisecond)
	})
}

// TestVirtualAFarNetwork takes more than the first round's second for each connection.
func TestVirtualAFarNetwork(t *testing.T) {
	virtually(t, fakezk.Config{Servers: 2, Latency: ms(3)}, func(t *testing.T, w *world) {
		client := w.Client()
		s, err := zklock.Dial(t.Context(), w.Connect(), zklock.WithSessionTimeout(10*time.Second),
			zklock.WithDialer(func(ctx context.Context, network, address string) (net.Conn, error) {
				select {
				case <-time.After(3 * time.Second):
					return client.Dial(ctx, network, address)
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}))
		require.NoError(t, err)
		w.sessions = append(w.sessions, s)
	})
}
