package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

// authority issues certificates.
type authority struct{ tls.Certificate }

func newAuthority(tb testing.TB, name string) authority {
	tb.Helper()
	return authority{certificate(tb, nil, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	})}
}

// server issues a certificate for 127.0.0.1, and for a name that no connect string has.
func (a authority) server(tb testing.TB) tls.Certificate {
	tb.Helper()
	return certificate(tb, &a.Certificate, &x509.Certificate{
		Subject:     pkix.Name{CommonName: "zookeeper"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames:    []string{"zookeeper.test"},
	})
}

func (a authority) client(tb testing.TB, name string) tls.Certificate {
	tb.Helper()
	return certificate(tb, &a.Certificate, &x509.Certificate{Subject: pkix.Name{CommonName: name}})
}

// config is that of a client that trusts the authority.
func (a authority) config(certs ...tls.Certificate) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(a.Leaf)
	return &tls.Config{RootCAs: roots, Certificates: certs}
}

// certificate makes one for an hour, issued by itself if there is no issuer.
func certificate(tb testing.TB, issuer *tls.Certificate,
	template *x509.Certificate) tls.Certificate {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(tb, err)
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := template, any(key)
	if issuer != nil {
		parent, signer = issuer.Leaf, issuer.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	require.NoError(tb, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(tb, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

var tlsVersions = map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

func TestLockOverTLS(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	ca := newAuthority(t, "authority")
	ensemble := zktest.Start(t, zktest.WithTLS(ca.server(t), ca.Leaf))
	for name, version := range tlsVersions {
		t.Run(name, func(t *testing.T) {
			config := ca.config(ca.client(t, "ann"))
			config.MinVersion, config.MaxVersion = version, version
			secure := zklock.WithTLS(config)
			digest := zklock.WithAuth("digest", []byte("ann:secret"))
			s := dialTo(t, ensemble.Connect(), secure, digest)
			config = config.Clone()
			config.Certificates = []tls.Certificate{ca.client(t, "bob")}
			other := dialTo(t, ensemble.Connect(), zklock.WithTLS(config))

			m := mutex(t, s, "private")
			lock(t, m)
			_, err := mutex(t, other, "private").TryLockContext(t.Context())
			assert.ErrorIs(t, err, zk.ErrNoAuth, "with credentials the default is creator-only")
			public := mutex(t,
				dialTo(t, ensemble.Connect(), secure, zklock.WithRoot(root(t)+"-public")), "a")
			lock(t, public)
			acl, _, err := other.Conn().GetACL(public.Path())
			require.NoError(t, err)
			assert.Equal(t, zk.WorldACL(zk.PermAll), acl,
				"a certificate alone makes nothing private")
			// The creator is all that the server knows him by: the certificate alone gets in, and
			// so does the digest.
			byCertificate := queued(t, mutex(t, dialTo(t, ensemble.Connect(), secure), "private"))
			byDigest := queued(t,
				mutex(t, dialTo(t, ensemble.Connect(), zklock.WithTLS(config), digest), "private"))
			assert.True(t, isOpen(byCertificate.Done()))
			m.Unlock()
			for _, p := range []*zklock.Pending{byCertificate, byDigest} {
				receive(t, p.Done(), "lock")
				require.NoError(t, p.Err())
				p.Cancel()
			}

			lock(t, m)
			lost := m.Lost()
			require.NoError(t, s.Close(), "the server's answer to the close came through")
			assert.False(t, isOpen(lost))
		})
	}
}

// requireState waits for a state to be told.
func requireState(tb testing.TB, states <-chan zklock.State, want zklock.State) {
	tb.Helper()
	limit := time.After(patience)
	for {
		select {
		case st := <-states:
			if st == want {
				return
			}
		case <-limit:
			require.FailNow(tb, "never "+want.String())
		}
	}
}

// TestServerComesBackOverTLS kills the server under a hold. The session lives on, and so does TLS.
func TestServerComesBackOverTLS(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	ca := newAuthority(t, "authority")
	ensemble := zktest.Start(t, zktest.WithTLS(ca.server(t), ca.Leaf))
	for name, version := range tlsVersions {
		t.Run(name, func(t *testing.T) {
			config := ca.config(ca.client(t, "ann"))
			config.MinVersion, config.MaxVersion = version, version
			states := make(chan zklock.State, 100)
			s := dialTo(t, ensemble.Connect(), zklock.WithTLS(config),
				zklock.WithSessionTimeout(patience),
				zklock.WithStateFunc(func(st zklock.State) { states <- st }))
			requireState(t, states, zklock.StateConnected)
			id, m := s.ID(), mutex(t, s, "kept")
			lock(t, m)
			for _, end := range []func(*zktest.Server) error{(*zktest.Server).Kill, (*zktest.Server).Stop} {
				require.NoError(t, end(ensemble.Servers()[0]))
				requireState(t, states, zklock.StateSuspended)
				require.NoError(t, ensemble.Servers()[0].Start())
				requireState(t, states, zklock.StateConnected)
				held, err := m.Held(t.Context())
				require.NoError(t, err)
				assert.True(t, held)
			}
			assert.Equal(t, id, s.ID())
			require.NoError(t, ensemble.Expire(id))
			receive(t, m.Lost(), "loss")
			requireState(t, states, zklock.StateConnected)
			assert.NotEqual(t, id, s.ID())
		})
	}
}

// TestCloseOverTLSDoesNotWaitForTheServer closes a Session whose network hangs, and one whose
// server does: a tls.Conn says goodbye when it is closed, and nobody reads it.
func TestCloseOverTLSDoesNotWaitForTheServer(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	ca := newAuthority(t, "authority")
	ensemble := zktest.Start(t, zktest.WithTLS(ca.server(t)))
	for name, connect := range map[string]func(t *testing.T) (address string, hang func() error){
		"network": func(t *testing.T) (string, func() error) {
			proxy := ensemble.Proxy(t)
			return proxy.Addr(), func() error { proxy.Blackhole(); return nil }
		},
		"server": func(t *testing.T) (string, func() error) {
			t.Cleanup(func() { ensemble.Servers()[0].Resume() })
			return ensemble.Connect(), ensemble.Servers()[0].Pause
		},
	} {
		t.Run(name, func(t *testing.T) {
			address, hang := connect(t)
			s := dialTo(t, address, zklock.WithTLS(ca.config()))
			m := mutex(t, s, "hung")
			lock(t, m)
			require.NoError(t, hang())
			begun := time.Now()
			assert.Error(t, s.Close())
			// it takes 2 or 3, and the goodbye 5 more
			assert.Less(t, time.Since(begun), 6*time.Second)
			assert.ErrorIs(t, m.Err(), zklock.ErrLost)
		})
	}
}

// TestHungConnectionIsLeftOverTLS has the connection given up from within, not closed by its user.
func TestHungConnectionIsLeftOverTLS(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	ca := newAuthority(t, "authority")
	proxy := zktest.Start(t, zktest.WithTLS(ca.server(t))).Proxy(t)
	states := make(chan zklock.State, 100)
	s := dialTo(t, proxy.Addr(), zklock.WithTLS(ca.config()),
		zklock.WithStateFunc(func(st zklock.State) { states <- st }))
	requireState(t, states, zklock.StateConnected)
	m := mutex(t, s, "hung")
	lock(t, m)
	begun := time.Now()
	proxy.Blackhole()
	requireState(t, states, zklock.StateSuspended)
	assert.Less(t, time.Since(begun), s.Timeout(), "a server is sought while the session lives")
	receive(t, m.Lost(), "loss")
	proxy.Heal()
	requireState(t, states, zklock.StateConnected)
	m.Unlock()
	lock(t, m)
	m.Unlock()
}

func TestDialTellsWhatIsWrongWithTLS(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	ca, stranger := newAuthority(t, "authority"), newAuthority(t, "stranger")
	open := zktest.Start(t, zktest.WithTLS(ca.server(t)))
	strict := zktest.Start(t, zktest.WithTLS(ca.server(t), ca.Leaf))
	wrongName := ca.config()
	wrongName.ServerName = "elsewhere.test"
	rightName := ca.config()
	rightName.ServerName = "zookeeper.test"
	dialTo(t, open.Connect(), zklock.WithTLS(rightName))

	for name, c := range map[string]struct {
		ensemble *zktest.Ensemble
		config   *tls.Config // nil for none
		want     string
	}{
		"server of another authority":          {open, stranger.config(), "unknown authority"},
		"server of another name":               {open, wrongName, "not elsewhere.test"},
		"no client certificate":                {strict, ca.config(), "tls: "},
		"client certificate of another":        {strict, ca.config(stranger.client(t, "ann")), "tls: "},
		"no TLS where the server wants it":     {open, nil, "EOF"},
		"TLS where the server has none":        {server(t), ca.config(), "EOF"},
		"TLS version that the server has none": {open, oldTLS(ca.config()), "tls: "},
	} {
		for version, number := range tlsVersions {
			t.Run(name+", "+version, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				log := &told{want: c.want, found: cancel}
				opts := []zklock.SessionOption{zklock.WithLogger(slog.New(slog.NewTextHandler(log,
					&slog.HandlerOptions{Level: slog.LevelDebug})))}
				if c.config != nil {
					config := c.config.Clone()
					if config.MaxVersion == 0 {
						config.MinVersion, config.MaxVersion = number, number
					}
					opts = append(opts, zklock.WithTLS(config))
				}
				_, err := zklock.Dial(ctx, c.ensemble.Connect(), opts...)
				assert.ErrorIs(t, err, context.Canceled, "the reason was not told: %s", &log.text)
				assert.ErrorContains(t, err, c.want)
			})
		}
	}
}

// told is a log that ends Dial when it has the reason for which that cannot succeed.
type told struct {
	text  bytes.Buffer // the handler writes one line at a time, and Dial returns after the last
	want  string
	found func()
}

func (l *told) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(l.want)) {
		l.found()
	}
	return l.text.Write(line)
}

// oldTLS offers only what no server accepts any more.
func oldTLS(config *tls.Config) *tls.Config {
	config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	return config
}
