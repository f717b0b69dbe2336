package zktest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

// selfSigned returns a certificate for 127.0.0.1 that is its own authority.
func selfSigned(t *testing.T, key crypto.Signer) tls.Certificate {
	t.Helper()
	return selfSignedAs(t, pkix.Name{CommonName: "zktest"}, key)
}

func selfSignedAs(t *testing.T, subject pkix.Name, key crypto.Signer) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               subject,
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func ecKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func rsaKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return key
}

// trust is a client's configuration that accepts the server's certificate.
func trust(server tls.Certificate) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(server.Leaf)
	return &tls.Config{RootCAs: roots}
}

// connectTLS is connect, by TLS.
func connectTLS(t *testing.T, config *tls.Config, e *zktest.Ensemble) (*zk.Conn, <-chan zk.Event) {
	t.Helper()
	dial := func(network, address string, timeout time.Duration) (net.Conn, error) {
		return tls.DialWithDialer(&net.Dialer{Timeout: timeout}, network, address, config)
	}
	var addrs []string
	for _, s := range e.Servers() {
		addrs = append(addrs, s.Addr())
	}
	conn, events, err := zk.Connect(addrs, 10*time.Second, zk.WithDialer(dial),
		zk.WithLogger(quiet{}))
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	await(t, events, zk.StateHasSession)
	return conn, events
}

func TestTLS(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	for name, key := range map[string]func(*testing.T) crypto.Signer{"ECDSA": ecKey, "RSA": rsaKey} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cert := selfSigned(t, key(t))
			e := zktest.Start(t, zktest.WithTLS(cert))
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				config := trust(cert)
				config.MinVersion, config.MaxVersion = version, version
				conn, events := connectTLS(t, config, e)
				_, _, err := conn.Get("/")
				require.NoError(t, err)
				require.NoError(t, e.Expire(conn.SessionID()))
				await(t, events, zk.StateExpired)
			}
			plain, err := net.Dial("tcp", e.Connect())
			require.NoError(t, err)
			defer plain.Close()
			plain.SetDeadline(time.Now().Add(10 * time.Second))
			_, err = plain.Write([]byte("srvr\n"))
			require.NoError(t, err)
			answer := make([]byte, 100)
			n, _ := plain.Read(answer)
			require.NotContains(t, string(answer[:n]), "ZooKeeper", "the port has no TLS")
		})
	}
}

func TestTLSOfAQuorumWithClientCertificates(t *testing.T) {
	locktest.NeedsServer(t)
	t.Parallel()
	cert, client, stranger := selfSigned(t, ecKey(t)), selfSigned(t, rsaKey(t)),
		selfSigned(t, ecKey(t))
	e := zktest.Start(t, zktest.WithServers(3),
		zktest.WithTLS(cert, selfSigned(t, ecKey(t)).Leaf, client.Leaf))
	config := trust(cert)
	config.Certificates = []tls.Certificate{client}
	conn, events := connectTLS(t, config, e)
	_, _, err := conn.Get("/")
	require.NoError(t, err)

	require.NoError(t, leader(t, e).Kill())
	await(t, events, zk.StateDisconnected)
	await(t, events, zk.StateHasSession)
	_, _, err = conn.Get("/")
	require.NoError(t, err)

	running := leader(t, e)
	for _, certs := range [][]tls.Certificate{nil, {stranger}} {
		config := trust(cert)
		config.MaxVersion = tls.VersionTLS12 // in 1.3 a client learns of it when it reads
		config.Certificates = certs
		_, err = tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp",
			running.Addr(), config)
		require.ErrorContains(t, err, "tls: ")
	}
}

func TestTLSRefusesWhatZooKeeperCannotRead(t *testing.T) {
	locktest.NeedsServer(t)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	for want, cert := range map[string]tls.Certificate{
		"no certificate":     {},
		"ed25519.PrivateKey": selfSigned(t, edKey),
		// Java's, told by the server's log
		"Empty issuer DN": selfSignedAs(t, pkix.Name{}, ecKey(t)),
	} {
		_, err := zktest.Run(t.Context(), zktest.WithTLS(cert))
		require.ErrorContains(t, err, want)
	}
}

// With ZooKeeper and Java there, Netty alone is missing.
func TestTLSWithoutAptGet(t *testing.T) {
	locktest.NeedsServer(t)
	cert := selfSigned(t, ecKey(t))
	zktest.Start(t, zktest.WithTLS(cert)) // fills the cache
	user, err := os.UserCacheDir()
	require.NoError(t, err)
	if _, err := os.Stat(filepath.Join(user, "zklock", "netty")); err != nil {
		t.Skip("Netty is installed with ZooKeeper")
	}
	java, err := exec.LookPath("java")
	if err != nil {
		t.Skip("Java is in the cache")
	}
	cache, bin := t.TempDir(), t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(cache, "zklock"), 0o755))
	require.NoError(t,
		os.Symlink(filepath.Join(user, "zklock", "zookeeper"),
			filepath.Join(cache, "zklock", "zookeeper")))
	require.NoError(t, os.Symlink(java, filepath.Join(bin, "java")))
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("PATH", bin)
	_, err = zktest.Run(t.Context(), zktest.WithTLS(cert))
	require.ErrorContains(t, err, "Netty")
	require.ErrorContains(t, err, "ZKLOCK_ZOOKEEPER")
}
