package zktest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/zookylock/zklock/internal/debian"
)

type tlsConfig struct {
	cert      tls.Certificate
	clientCAs []*x509.Certificate
}

// keyStore is the certificate and its key as ZooKeeper reads them from a file.
func (c *tlsConfig) keyStore() ([]byte, error) {
	if len(c.cert.Certificate) == 0 {
		return nil, errors.New("zktest: WithTLS: no certificate")
	}
	switch c.cert.PrivateKey.(type) {
	case *rsa.PrivateKey, *ecdsa.PrivateKey:
	default:
		return nil,
			fmt.Errorf("zktest: WithTLS: a private key of type %T: want RSA or ECDSA",
				c.cert.PrivateKey)
	}
	key, err := x509.MarshalPKCS8PrivateKey(c.cert.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("zktest: WithTLS: %w", err)
	}
	store := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	for _, der := range c.cert.Certificate {
		store = append(store, certificatePEM(der)...)
	}
	return store, nil
}

func (c *tlsConfig) trustStore() []byte {
	var store bytes.Buffer
	for _, ca := range c.clientCAs {
		store.Write(certificatePEM(ca.Raw))
	}
	return store.Bytes()
}

func certificatePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// zooCfg writes the stores into dir and returns what zoo.cfg says of them. What is named here
// otherwise differs from one version of ZooKeeper to another: 3.8 speaks TLS 1.2 alone and knows
// none of the cipher suites of 1.3.
func (c *tlsConfig) zooCfg(dir, port string) (string, error) {
	keys, trusted := filepath.Join(dir, "keys.pem"), filepath.Join(dir, "trusted.pem")
	store, err := c.keyStore()
	if err == nil {
		err = os.WriteFile(keys, store, 0o600)
	}
	if err != nil {
		return "", err
	}
	cfg := `serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory
secureClientPortAddress=127.0.0.1
secureClientPort=` + port + `
ssl.keyStore.type=PEM
ssl.keyStore.location=` + keys + `
ssl.protocol=TLSv1.3
ssl.enabledProtocols=TLSv1.2,TLSv1.3
ssl.ciphersuites=` + strings.Join(cipherSuites, ",") + "\n"
	if len(c.clientCAs) == 0 {
		return cfg + "ssl.clientAuth=none\n", nil
	}
	return cfg + "ssl.clientAuth=need\nssl.trustStore.type=PEM\nssl.trustStore.location=" +
			trusted + "\n",
		os.WriteFile(trusted, c.trustStore(), 0o600)
}

var cipherSuites = []string{
	"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
	"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
	"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
}

// errTLS is a server's that is up and cannot use its certificate.
var errTLS = errors.New("TLS handshake failed")

// tryTLS makes a handshake. ZooKeeper reads its certificate only then, and with one that it does
// not like it serves no client and reports that only in its log.
func tryTLS(ctx context.Context, addr string) error {
	conn, err := dialContext(ctx, addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	// whether it is the right certificate is the clients' business
	config := &tls.Config{InsecureSkipVerify: true}
	err = tls.Client(conn, config).HandshakeContext(ctx)
	if err == nil || ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return err // in time, or the server is busy
	}
	return fmt.Errorf("%w: %w", errTLS, err)
}

// debianNetty is what ZooKeeper needs of the package libnetty-java. Its netty-all.jar is empty.
var debianNetty = []string{
	"netty-buffer.jar", "netty-codec.jar", "netty-common.jar", "netty-handler.jar",
	"netty-resolver.jar",
	"netty-transport.jar", "netty-transport-native-epoll.jar",
	"netty-transport-native-unix-common.jar",
}

// withNetty returns the installation with Netty on the class path.
func (inst installation) withNetty(ctx context.Context,
	logf func(string, ...any)) (installation, error) {
	const separator = string(filepath.ListSeparator)
	jars := strings.Split(inst.classpath, separator)
	for _, jar := range jars {
		if strings.HasPrefix(filepath.Base(jar), "netty-handler") {
			return inst, nil // a release of ZooKeeper
		}
	}
	netty := debian.JarsIn(filepath.Dir(jars[0]), debianNetty)
	if netty == nil {
		cache, err := openCache(logf)
		if err != nil {
			return inst, err
		}
		dir, err := cache.Jars(ctx, "netty", "Netty, which ZooKeeper needs for TLS,", "4 MB",
			debianNetty, "libnetty-java")
		if err != nil {
			return inst, explain(err)
		}
		netty = debian.JarsIn(dir, debianNetty)
	}
	inst.classpath = strings.Join(append(jars, netty...), separator)
	return inst, nil
}
