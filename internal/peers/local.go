package peers

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"
)

// inProcess is a client in this process.
type inProcess struct{ conn *zk.Conn }

// silent keeps go-zookeeper's complaints out of the tests' output.
type silent struct{}

func (silent) Printf(string, ...any) {}

func connect(servers []string, sessionTimeout time.Duration) (inProcess, error) {
	conn, events, err := zk.Connect(servers, sessionTimeout, zk.WithLogger(silent{}))
	if err != nil {
		return inProcess{}, err
	}
	deadline := time.After(startLimit)
	for {
		select {
		case ev := <-events:
			if ev.State == zk.StateHasSession {
				return inProcess{conn}, nil
			}
		case <-deadline:
			conn.Close()
			return inProcess{}, fmt.Errorf("peers: no session within %v", startLimit)
		}
	}
}

// SessionID implements Client.
func (c inProcess) SessionID() (int64, error) { return c.conn.SessionID(), nil }

// Close implements Client.
func (c inProcess) Close() error {
	c.conn.Close()
	return nil
}

// Kill implements Client. A client of this process cannot crash; its session ends at once.
func (c inProcess) Kill() { c.conn.Close() }

// local is what handles in this process have in common.
type local struct {
	inProcess
	kind Kind
	path string
}

// Contenders implements Handle.
func (local) Contenders() ([]string, error) { return nil, ErrUnsupported }

// visits numbers the visits of this process.
var visits atomic.Int64

// Churn is Handle.Churn for handles in this process.
func Churn(h Handle, name string, kind Kind, n int, dir string) error {
	site := Site{dir}
	for range n {
		if _, err := h.Lock(0); err != nil {
			return err
		}
		err := site.Visit(kind, fmt.Sprintf("%s-%d", name, visits.Add(1)))
		if err := h.Unlock(); err != nil {
			return err
		}
		if err != nil {
			return err
		}
	}
	return nil
}
