package recipe

import (
	"log/slog"
	"sync"

	"github.com/go-zookeeper/zk"
)

// root is what the locks below one path have in common, in whichever ZooKeeper session.
type root struct {
	path   string
	acl    []zk.ACL // of the znodes above the locks
	logger *slog.Logger

	mu sync.Mutex // guards the field below
	// znodes of locks in which candidates can be created, and not deleted
	sticky map[string]struct{}
}

// noteSticky notes that we may create candidates in a lock's znode, and not delete them.
func (r *root) noteSticky(dir string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sticky == nil {
		r.sticky = make(map[string]struct{})
	}
	r.sticky[dir] = struct{}{}
}

// forgetSticky notes that the rights have been mended.
func (r *root) forgetSticky(dir string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sticky, dir)
}

func (r *root) isSticky(dir string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, sticky := r.sticky[dir]
	return sticky
}
