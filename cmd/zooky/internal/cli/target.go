package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/zookylock/zklock"
)

// target is the ensemble that a command is about, and how to get there: the flags that all of them share.
type target struct {
	servers, root  string
	timeout        time.Duration
	sessionTimeout time.Duration // 0 for the library's
	authFile       string
	tls            bool
	tlsCA          string
	tlsCert        string
	tlsKey         string
	tlsServerName  string
}

const (
	defaultServers = "localhost:2181"
	defaultRoot    = "/ZktoolsLocks"
)

func (t *target) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&t.servers, "servers", "",
		"servers to connect to, as `HOST:PORT,HOST:PORT/CHROOT` (default $ZOOKY_SERVERS, or "+defaultServers+")")
	flags.StringVar(&t.root, "root", "",
		"`ZNODE` below which the locks are (default $ZOOKY_ROOT, or "+defaultRoot+")")
	flags.DurationVar(&t.timeout, "timeout", 10*time.Second, "how long to wait for the servers' answers")
	flags.StringVar(&t.authFile, "auth-file", "",
		"`FILE` of credentials, one SCHEME:SECRET a line, as digest:user:password; nobody else may have access to it")
	flags.BoolVar(&t.tls, "tls", false, "connect by TLS; any other --tls flag says so too")
	flags.StringVar(&t.tlsCA, "tls-ca", "", "`FILE` of the certificates that vouch for servers, in PEM (default the system's)")
	flags.StringVar(&t.tlsCert, "tls-cert", "", "`FILE` of the certificate to show to servers, in PEM")
	flags.StringVar(&t.tlsKey, "tls-key", "", "`FILE` of its key, in PEM")
	flags.StringVar(&t.tlsServerName, "tls-server-name", "", "`NAME` that the servers' certificates must have (default the host's)")
}

// normalize lets zktools' names of flags be used.
func normalize(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	switch name {
	case "host":
		name = "servers"
	case "lock_root":
		name = "root"
	}
	return pflag.NormalizedName(name)
}

// dial connects. It waits for the servers no longer than the timeout.
func (t *target) dial(ctx context.Context) (*zklock.Session, error) {
	servers := cmp.Or(t.servers, os.Getenv("ZOOKY_SERVERS"), defaultServers)
	opts := []zklock.SessionOption{zklock.WithRoot(cmp.Or(t.root, os.Getenv("ZOOKY_ROOT"), defaultRoot))}
	if t.sessionTimeout > 0 {
		opts = append(opts, zklock.WithSessionTimeout(t.sessionTimeout))
	}
	auth, err := t.auth()
	if err != nil {
		return nil, err
	}
	tlsConfig, err := t.tlsConfig()
	if err != nil {
		return nil, err
	}
	if tlsConfig != nil {
		opts = append(opts, zklock.WithTLS(tlsConfig))
	}
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	s, err := zklock.Dial(ctx, servers, append(opts, auth...)...)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("no answer from %s within %v", servers, t.timeout)
	}
	return s, err
}

// authLimit bounds how much is read of a file of credentials.
const authLimit = 64 << 10

// auth reads the credentials. They are never on the command line, where everybody on the machine can see them.
func (t *target) auth() (opts []zklock.SessionOption, err error) {
	if t.authFile == "" {
		return nil, nil
	}
	f, err := os.Open(t.authFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode(); mode.IsRegular() && mode.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s: others have access to it (%v): chmod 600 it", t.authFile, mode.Perm())
	}
	data, err := io.ReadAll(io.LimitReader(f, authLimit))
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		scheme, secret, ok := strings.Cut(line, ":")
		if !ok || scheme == "" {
			return nil, fmt.Errorf("%s: line %d is not SCHEME:SECRET", t.authFile, n) // the line itself is nobody's business
		}
		opts = append(opts, zklock.WithAuth(scheme, []byte(secret)))
	}
	if len(opts) == 0 {
		return nil, fmt.Errorf("%s: no credentials in it", t.authFile)
	}
	return opts, lines.Err()
}

func (t *target) tlsConfig() (*tls.Config, error) {
	if !t.tls && t.tlsCA == "" && t.tlsCert == "" && t.tlsKey == "" && t.tlsServerName == "" {
		return nil, nil
	}
	config := &tls.Config{ServerName: t.tlsServerName, MinVersion: tls.VersionTLS12}
	if t.tlsCA != "" {
		pem, err := os.ReadFile(t.tlsCA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: no certificate in it", t.tlsCA)
		}
	}
	if (t.tlsCert == "") != (t.tlsKey == "") {
		return nil, errors.New("--tls-cert and --tls-key go together")
	}
	if t.tlsCert != "" {
		certificate, err := tls.LoadX509KeyPair(t.tlsCert, t.tlsKey)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	return config, nil
}

// with runs f in a session, as far as that asks and answers: f's context ends after the timeout.
func (t *target) with(ctx context.Context, f func(context.Context, *zklock.Session) error) (err error) {
	ctx, stop := interruptible(ctx)
	defer stop()
	s, err := t.dial(ctx)
	if err == nil {
		defer func() { err = errors.Join(err, s.Close()) }()
		err = f(ctx, s)
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// answer runs one request of a session's connection, which takes no context, and returns with ctx at the latest.
func answer[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	results := make(chan result, 1)
	go func() { // ended by the answer, or by the session's end
		var r result
		r.value, r.err = ask()
		results <- r
	}()
	select {
	case r := <-results:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
