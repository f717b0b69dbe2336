package cli

import (
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

// target is the ensemble that a command is about, and how to get there: the flags that all of them
// share.
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
	stderr         io.Writer // for warnings
}

const (
	defaultServers = "localhost:2181"
	defaultRoot    = "/ZktoolsLocks"
)

func (t *target) addFlags(flags *pflag.FlagSet, stderr io.Writer) {
	t.stderr = stderr
	flags.StringVar(&t.servers, "servers", "",
		"servers to connect to, as `HOST:PORT,HOST:PORT/CHROOT` (default $ZOOKY_SERVERS, or "+
			defaultServers+")")
	flags.StringVar(&t.root, "root", "",
		"`ZNODE` below which the locks are (default $ZOOKY_ROOT, or "+defaultRoot+")")
	flags.DurationVar(&t.timeout, "timeout", 10*time.Second,
		"how long to wait for the servers' answers")
	flags.StringVar(&t.authFile, "auth-file", "",
		"`FILE` of credentials, one SCHEME:SECRET per line, such as digest:user:password. It must "+
			"belong to the user who runs zooky or to root, and be readable by no other user, or if it "+
			"is root's, by its group. Locks created with credentials are inaccessible to clients "+
			"without them (default $ZOOKY_AUTH_FILE)")
	flags.BoolVar(&t.tls, "tls", false,
		"use TLS (implied by the other --tls flags; default $ZOOKY_TLS)")
	flags.StringVar(&t.tlsCA, "tls-ca", "",
		"`FILE` of CA certificates for the servers, in PEM (default $ZOOKY_TLS_CA, or the system's)")
	flags.StringVar(&t.tlsCert, "tls-cert", "",
		"`FILE` of the client certificate, in PEM (default $ZOOKY_TLS_CERT)")
	flags.StringVar(&t.tlsKey, "tls-key", "",
		"`FILE` of its key, in PEM, with access rights as for --auth-file (default $ZOOKY_TLS_KEY)")
	flags.StringVar(&t.tlsServerName, "tls-server-name", "",
		"`NAME` that the servers' certificates must have (default $ZOOKY_TLS_SERVER_NAME, or the host's)")
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

// setFromEnvironment gives those flags of target, and --identity, that are not set the values that
// the environment has for them: ZOOKY_ and the flag's name, as ZOOKY_TLS_CA.
func setFromEnvironment(flags *pflag.FlagSet) (err error) {
	for _, name := range []string{"servers", "root", "auth-file", "tls", "tls-ca", "tls-cert",
		"tls-key", "tls-server-name", "identity"} {
		variable := "ZOOKY_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		f, value := flags.Lookup(name), os.Getenv(variable)
		if f == nil || f.Changed || value == "" {
			continue
		}
		if setErr := flags.Set(name, value); setErr != nil {
			err = errors.Join(err, fmt.Errorf("%s=%s: %w", variable, value, setErr))
		}
	}
	return err
}

// dial connects. It waits for the servers no longer than the timeout.
func (t *target) dial(ctx context.Context) (*zklock.Session, error) {
	servers := cmp.Or(t.servers, defaultServers)
	opts := []zklock.SessionOption{zklock.WithRoot(cmp.Or(t.root, defaultRoot))}
	if t.sessionTimeout > 0 {
		opts = append(opts, zklock.WithSessionTimeout(t.sessionTimeout))
	}
	limit := t.timeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline).Round(100*time.Millisecond))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, t.timeout, errNoAnswer)
	defer cancel()
	auth, err := t.auth(ctx)
	if err != nil {
		return nil, err
	}
	tlsConfig, err := t.tlsConfig(ctx)
	if err != nil {
		return nil, err
	}
	if len(auth) > 0 && tlsConfig == nil {
		complain(t.stderr,
			errors.New("warning: without --tls, credentials go over the network as they are"))
	}
	reaching, give := context.WithCancelCause(ctx)
	defer give(nil)
	r := &reach{servers: countServers(servers), tls: tlsConfig, give: give,
		hopeless: make(map[string]error)}
	s, err := zklock.Dial(reaching, servers,
		append(append(opts, auth...), zklock.WithDialer(r.dial))...)
	if reaching.Err() == nil || err == nil {
		return s, err
	}
	if ctx.Err() == nil {
		return nil, fmt.Errorf("cannot connect: %w", context.Cause(reaching))
	}
	if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, errNoAnswer) &&
		!errors.Is(err, errWaited) {
		return nil, err
	}
	err = fmt.Errorf("no answer from %s within %v", servers, limit)
	if last := r.failure(); last != nil {
		err = fmt.Errorf("%w: %w", err, last)
	}
	return nil, err
}

// Why a command does not wait any longer: for an answer, and for a lock.
var (
	errNoAnswer = errors.New("no answer")
	errWaited   = errors.New("the time to wait is over")
)

// countServers returns how many servers a connect string has. Some may be the same.
func countServers(connect string) int {
	hosts, _, _ := strings.Cut(connect, "/")
	seen := make(map[string]bool)
	for host := range strings.SplitSeq(hosts, ",") {
		seen[strings.TrimSpace(host)] = true
	}
	return len(seen)
}

// auth reads the credentials. They are never on the command line, where every user of the machine
// can see them.
func (t *target) auth(ctx context.Context) (opts []zklock.SessionOption, err error) {
	if t.authFile == "" {
		return nil, nil
	}
	data, err := readSecret(ctx, t.authFile)
	if err != nil {
		return nil, err
	}
	credentials, err := parseCredentials(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.authFile, err)
	}
	for _, c := range credentials {
		opts = append(opts, zklock.WithAuth(c.scheme, c.secret))
	}
	return opts, nil
}

func (t *target) tlsConfig(ctx context.Context) (*tls.Config, error) {
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
		certificate, err := t.certificate(ctx)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	return config, nil
}

// certificate reads the certificate to show to servers, and its key.
func (t *target) certificate(ctx context.Context) (none tls.Certificate, err error) {
	certificate, err := os.ReadFile(t.tlsCert)
	if err != nil {
		return none, err
	}
	key, err := readSecret(ctx, t.tlsKey)
	if err != nil {
		return none, err
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return none, fmt.Errorf("%s and %s: %w", t.tlsCert, t.tlsKey, err)
	}
	return pair, nil
}

// with runs f in a session, as far as that asks and answers: f's context ends after the timeout.
func (t *target) with(ctx context.Context,
	f func(context.Context, *zklock.Session) error) (err error) {
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
