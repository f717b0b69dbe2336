package ensemble

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"time"
)

// Config says how a Client connects.
type Config struct {
	Servers []string
	Timeout time.Duration
	Auth    []Credentials
	TLS     *tls.Config
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
	// nil: left to Dial
	Resolve func(ctx context.Context, host string) (addresses []string, err error)
	Logger  *slog.Logger
	Proof   Proof
	Most    int                  // what one session may own, in bytes: see Session.Include
	Asleep  func() time.Duration // for how long the machine has been suspended

	ParseData func(data []byte) (who []byte, asked error) // what NodeState says of a znode's data
	// is called when a session is established, and on Close; it must not block
	Changed func()

	// Requested, if it is set, is called when a request or a ping to a server is over. It must not
	// block.
	Requested func(Exchange)

	// Slow, if it is set, is called when a server answers slowly, and when it no longer does. It
	// must not block.
	Slow func(Slowness)
}

// Exchange is a request or a ping to a server, and what became of it.
type Exchange struct {
	Operation string
	Server    string // host:port, as Config.Servers has it
	Took      time.Duration
	Err       error // the server's; zk.ErrConnectionClosed if there was no answer
}

// Credentials are added to every session.
type Credentials struct {
	Scheme string
	Secret []byte
}
