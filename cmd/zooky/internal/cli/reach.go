package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// reach makes connections, and knows why the last one failed. When it is certain of every server
// that waiting does not help, it ends the attempt.
type reach struct {
	servers int
	tls     *tls.Config // nil for plain connections
	give    context.CancelCauseFunc

	mu       sync.Mutex // guards the fields below
	last     error
	hopeless map[string]error // by server
}

// hopelessError is why a server cannot be reached, however long one waits.
type hopelessError struct{ error }

func (e hopelessError) Unwrap() error { return e.error }

func hopeless(format string, args ...any) error {
	return hopelessError{fmt.Errorf(format, args...)}
}

// note takes note of a failure.
func (r *reach) note(server string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = err
	if !errors.As(err, new(hopelessError)) {
		delete(r.hopeless, server)
		return
	}
	r.hopeless[server] = err
	if len(r.hopeless) == r.servers {
		r.give(err)
	}
}

// failure is why the last connection failed, nil if none has.
func (r *reach) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

func (r *reach) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := r.connect(ctx, network, address)
	if err != nil {
		if ctx.Err() == nil || r.failure() == nil {
			r.note(address, err)
		}
		return nil, err
	}
	c := &firstAnswer{Conn: conn, note: func(err error) {
		r.note(address, err)
	}, secure: r.tls != nil}
	c.probe = time.AfterFunc(silence, func() { r.probe(network, address) })
	return c, nil
}

// silence is how long a server may take for its first answer until it is looked whether it is a
// ZooKeeper.
const silence = 500 * time.Millisecond

// probe asks a server that does not answer in a way that a web server understands too: that would
// wait for the end of a line, of which ZooKeeper's requests have none. ZooKeeper takes it for one
// of its words of four letters.
func (r *reach) probe(network, address string) {
	ctx, cancel := context.WithTimeout(context.Background(), silence)
	defer cancel()
	conn, err := r.connect(ctx, network, address)
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(silence)) // a connection that has none fails below
	answer := make([]byte, len("HTTP/"))
	if _, err := io.WriteString(conn, "srvr\r\n\r\n"); err != nil {
		return
	}
	if _, err := io.ReadFull(conn, answer); err == nil && string(answer) == "HTTP/" {
		r.note(address, hopeless("%s is no ZooKeeper: it speaks HTTP", address))
	}
}

func (r *reach) connect(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) && dns.IsNotFound {
		return nil, hopelessError{err}
	}
	if err != nil || r.tls == nil {
		return conn, err
	}
	config := r.tls.Clone()
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(address) // the library has made it
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(tlsFailure(address, err), conn.Close())
	}
	return secure, nil
}

// tlsFailure says what is wrong with a handshake. A network that fails may be well again.
func tlsFailure(address string, err error) error {
	if errors.As(err, new(tls.RecordHeaderError)) {
		return hopeless("%s does not speak TLS: %w", address, err)
	}
	if errors.As(err, new(*tls.CertificateVerificationError)) || refused(err) {
		return hopeless("%s: %w", address, err)
	}
	return fmt.Errorf("TLS with %s: %w", address, err)
}

// refused reports whether the other side has said by TLS's own means that it does not want the
// connection.
func refused(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

// firstAnswer is a connection until the server has answered for the first time.
type firstAnswer struct {
	net.Conn
	note   func(error)
	probe  *time.Timer
	secure bool
	begun  bool // an answer
}

// Close is for servers that never answer.
func (c *firstAnswer) Close() error {
	c.probe.Stop()
	return c.Conn.Close()
}

// answerLimit is longer than any first answer of ZooKeeper, in bytes.
const answerLimit = 1 << 16

func (c *firstAnswer) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.begun {
		return n, err
	}
	c.probe.Stop()
	address := c.RemoteAddr()
	switch {
	case n >= 4 && binary.BigEndian.Uint32(p) > answerLimit:
		err = c.stranger(p[:n])
		c.note(err)
		return 0, err
	case n > 0:
		c.begun = true
	case err != nil && refused(err):
		c.note(hopeless("%v: %w", address, err))
	case err != nil && !errors.Is(err, net.ErrClosed):
		hint := ""
		if !c.secure {
			hint = "; it may want TLS"
		}
		c.note(fmt.Errorf("%v hung up before it answered%s: %w", address, hint, err))
	}
	return n, err
}

// stranger says what has answered that is no ZooKeeper.
func (c *firstAnswer) stranger(answer []byte) error {
	const alert, handshake, shown = 21, 22, 40 // types of TLS records
	if (answer[0] == alert || answer[0] == handshake) && answer[1] == 3 {
		return hopeless("%v speaks TLS: say --tls", c.RemoteAddr())
	}
	line, _, _ := bytes.Cut(answer, []byte("\n"))
	return hopeless("%v is no ZooKeeper: it answers %q", c.RemoteAddr(),
		bytes.TrimSpace(line[:min(len(line), shown)]))
}
