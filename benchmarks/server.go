package benchmarks

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zookylock/zklock/zktest"
)

// server is the one on which all clients are measured.
type server struct {
	ensemble *zktest.Ensemble
	*zktest.Server
	asked atomic.Int64 // calls of received, each a request to the server
}

// tick is what zoo_sample.cfg has.
const tick = 2 * time.Second

func startServer(ctx context.Context, logf func(string, ...any)) (*server, error) {
	e, err := zktest.Run(ctx, zktest.WithServers(1), zktest.WithTickTime(tick),
		zktest.WithLogf(logf))
	if err != nil {
		return nil, err
	}
	return &server{ensemble: e, Server: e.Servers()[0]}, nil
}

func (s *server) stop() error { return s.ensemble.Stop() }

// ask makes the server answer a four-letter word and returns what pattern finds in the answer.
func (s *server) ask(word string, pattern *regexp.Regexp) (string, error) {
	reply, err := s.Command(word)
	if err != nil {
		return "", err
	}
	m := pattern.FindStringSubmatch(reply)
	if m == nil {
		return "", fmt.Errorf("%s: no %s in %q", word, pattern, reply)
	}
	return m[1], nil
}

var (
	receivedPattern  = regexp.MustCompile(`(?m)^Received: (\d+)`)
	zooKeeperPattern = regexp.MustCompile(`(?m)^zookeeper.version=([0-9.]+)`)
	javaPattern      = regexp.MustCompile(`(?m)^java.version=(\S+)`)
)

// received returns how many requests the server has had, pings included, without the requests of
// this function itself.
func (s *server) received() (int64, error) {
	text, err := s.ask("srvr", receivedPattern)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n - s.asked.Add(1), err
}

var watchesPattern = regexp.MustCompile(`(?m)^Total watches:(\d+)`)

// watches returns how many watches clients have set.
func (s *server) watches() (int64, error) {
	text, err := s.ask("wchs", watchesPattern)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// meter is a proxy that counts what passes, without pings.
type meter struct {
	*zktest.Proxy
	requests atomic.Int64
	in, out  atomic.Int64 // bytes to clients, and to servers
	owner    *proxyOwner
}

func meterOf(e *zktest.Ensemble) *meter {
	m := &meter{owner: &proxyOwner{}}
	m.Proxy = e.Proxy(m.owner)
	m.OnFrame(func(dir zktest.Direction, frame []byte) zktest.Verdict {
		switch {
		case isPing(frame):
		case dir == zktest.ToServer:
			m.requests.Add(1)
			m.out.Add(int64(len(frame)))
		default:
			m.in.Add(int64(len(frame)))
		}
		return zktest.Pass
	})
	return m
}

func (s *server) meter() *meter { return meterOf(s.ensemble) }

func (m *meter) bytes() int64 { return m.in.Load() + m.out.Load() }

func (m *meter) close() error { return errors.Join(m.Close(), m.owner.err) }

// isPing tells pings and their answers by their xid, -2. A connect request begins with its version
// there, 0.
func isPing(frame []byte) bool {
	return len(frame) >= 8 && int32(binary.BigEndian.Uint32(frame[4:])) == -2
}

// proxyOwner stands where zktest expects a test.
type proxyOwner struct {
	testing.TB // only the methods below are called
	err        error
}

func (*proxyOwner) Helper()                   {}
func (*proxyOwner) Cleanup(func())            {}
func (o *proxyOwner) Error(args ...any)       { o.err = errors.New(fmt.Sprint(args...)) }
func (*proxyOwner) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

// quiet waits until count has not changed for the given time, and returns when it changed last.
func quiet(ctx context.Context, poll, idle time.Duration,
	count func() (int64, error)) (time.Time, error) {
	last, changed := int64(-1), time.Now()
	for {
		n, err := count()
		if err != nil {
			return changed, err
		}
		now := time.Now()
		if n != last {
			last, changed = n, now
		}
		if now.Sub(changed) >= idle {
			return changed, nil
		}
		select {
		case <-time.After(poll):
		case <-ctx.Done():
			return changed, ctx.Err()
		}
	}
}
