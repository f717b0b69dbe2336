package peers

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
)

// ZktoolsClient STANDS IN for zktools: its stack, Python 2 with zc.zk, is gone. It lays down
// exactly the znodes of zktools 0.3, and orders and waits by its rules, as written in its
// locking.py and util.py:
//
//   - parents persistent, the root with the data "zktools ZLock dir", the lock with "lock"
//     (ZkAsyncLock: both the former);
//   - candidates <32 hex>-lock--N, -read--N, -write--N (ZkAsyncLock: -lock-N), with the data "0";
//   - children sorted by what is after the last dash; Lock and Write wait for the child before
//     theirs, Read for the last "-write-" before its own;
//   - a client that is to release gets the data "unlock".
type ZktoolsClient struct{ inProcess }

// StartZktools starts the stand-in.
func StartZktools(servers []string, sessionTimeout time.Duration) (*ZktoolsClient, error) {
	c, err := connect(servers, sessionTimeout)
	return &ZktoolsClient{c}, err
}

// Open implements Client.
func (c *ZktoolsClient) Open(kind Kind, lock string, extra ...string) (Handle, error) {
	if len(extra) > 0 {
		return nil, ErrUnsupported
	}
	h := &ZktoolsHandle{local: local{c.inProcess, kind, lock}}
	root, data := path.Dir(lock), "lock"
	h.marker = map[Kind]string{Mutex: "-lock--", Read: "-read--", Write: "-write--",
		Async: "-lock-"}[kind]
	if kind == Async {
		data = "zktools ZLock dir"
	}
	for _, node := range [][2]string{{root, "zktools ZLock dir"}, {lock, data}} {
		_, err := c.conn.Create(node[0], []byte(node[1]), zk.FlagPersistent,
			zk.WorldACL(zk.PermAll))
		if err != nil && !errors.Is(err, zk.ErrNodeExists) {
			return nil, err
		}
	}
	return h, nil
}

// ZktoolsHandle is one of zktools' locks.
type ZktoolsHandle struct {
	local
	marker    string
	candidate string // its path, while there is one

	mu      sync.Mutex // guards the field below
	revoked chan struct{}
}

var _ Revoker = (*ZktoolsHandle)(nil)

// Lock implements Handle.
func (h *ZktoolsHandle) Lock(timeout time.Duration) (bool, error) {
	id := make([]byte, 16)
	rand.Read(id)
	created, err := h.conn.Create(h.path+"/"+hex.EncodeToString(id)+h.marker, []byte("0"),
		zk.FlagEphemeralSequential, zk.WorldACL(zk.PermAll))
	if err != nil {
		return false, err
	}
	h.candidate = created
	if err := h.watchSelf(created); err != nil {
		return false, err
	}
	var late <-chan time.Time
	if timeout > 0 {
		late = time.After(timeout)
	}
	for {
		blockers, err := h.blockers()
		if err != nil {
			return false, err
		}
		if len(blockers) == 0 {
			return true, nil
		}
		exists, _, changed, err := h.conn.ExistsW(h.path + "/" + blockers[len(blockers)-1])
		if err != nil {
			return false, err
		}
		if !exists {
			continue
		}
		select {
		case <-changed:
		case <-late:
			return false, h.Unlock()
		}
	}
}

// blockers is has_write_lock and has_read_lock.
func (h *ZktoolsHandle) blockers() ([]string, error) {
	children, err := h.sorted()
	if err != nil {
		return nil, err
	}
	i := slices.Index(children, path.Base(h.candidate))
	if i < 0 {
		return nil, errors.New("zktools: the candidate is gone")
	}
	ahead := children[:i]
	if h.kind == Read {
		ahead = slices.DeleteFunc(ahead, func(name string) bool {
			return !strings.Contains(name, "-write-")
		})
	}
	return ahead, nil
}

func (h *ZktoolsHandle) sorted() ([]string, error) {
	children, _, err := h.conn.Children(h.path)
	slices.SortStableFunc(children, func(a, b string) int {
		return strings.Compare(a[strings.LastIndex(a, "-")+1:], b[strings.LastIndex(b, "-")+1:])
	})
	return children, err
}

// Contenders is what zktools works with: the children in its order. It has no such method.
func (h *ZktoolsHandle) Contenders() ([]string, error) { return h.sorted() }

// Unlock implements Handle.
func (h *ZktoolsHandle) Unlock() error { return h.conn.Delete(h.candidate, -1) }

// Churn implements Handle.
func (h *ZktoolsHandle) Churn(n int, dir string) error {
	return Churn(h, "zktools", h.kind, n, dir)
}

// Revocable implements Revoker.
func (h *ZktoolsHandle) Revocable() (<-chan struct{}, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.revoked = make(chan struct{}, 1)
	return h.revoked, nil
}

// Revoke implements Revoker.
func (h *ZktoolsHandle) Revoke(candidate string) error {
	_, err := h.conn.Set(candidate, []byte("unlock"), -1)
	return err
}

// watchSelf watches the candidate's data, as zktools' synchronous locks do from the creation on.
func (h *ZktoolsHandle) watchSelf(candidate string) error {
	if h.kind == Async {
		return nil
	}
	data, _, changed, err := h.conn.GetW(candidate)
	if err != nil {
		return err
	}
	if string(data) == "unlock" {
		h.tell()
	}
	go func() { // ends when the znode is deleted or the connection closed
		for ev := range changed {
			if ev.Type == zk.EventNodeDataChanged {
				h.watchSelf(candidate)
			} else {
				h.tell()
			}
		}
	}()
	return nil
}

func (h *ZktoolsHandle) tell() {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case h.revoked <- struct{}{}:
	default:
	}
}
