package peers

import (
	"time"

	"github.com/go-zookeeper/zk"
)

// GoClient is go-zookeeper with its own Lock, in this process.
type GoClient struct {
	inProcess
}

// StartGo starts a client of go-zookeeper.
func StartGo(servers []string, sessionTimeout time.Duration) (*GoClient, error) {
	c, err := connect(servers, sessionTimeout)
	return &GoClient{c}, err
}

// Open implements Client.
func (c *GoClient) Open(kind Kind, path string, extra ...string) (Handle, error) {
	if kind != Mutex || len(extra) > 0 {
		return nil, ErrUnsupported
	}
	return &goHandle{local{c.inProcess, kind, path},
		zk.NewLock(c.conn, path, zk.WorldACL(zk.PermAll))}, nil
}

type goHandle struct {
	local
	lock *zk.Lock
}

// Lock implements Handle.
func (h *goHandle) Lock(timeout time.Duration) (bool, error) {
	if timeout != 0 {
		return false, ErrUnsupported
	}
	err := h.lock.LockWithData([]byte("zk.Lock"))
	return err == nil, err
}

// Unlock implements Handle.
func (h *goHandle) Unlock() error { return h.lock.Unlock() }

// Churn implements Handle.
func (h *goHandle) Churn(n int, dir string) error { return Churn(h, "zk.Lock", h.kind, n, dir) }
