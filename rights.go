package zklock

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-zookeeper/zk"
)

// checkRights refuses an ACL by which we could not read our own candidates: the lease has a quorum check that they exist, and
// ZooKeeper wants the right to read for that.
func (cfg *sessionConfig) checkRights(acl []zk.ACL) error {
	for _, entry := range acl {
		if entry.Perms&zk.PermRead != 0 && cfg.mayMean(entry) {
			return nil
		}
	}
	return errors.New("ACL does not let us read our own znodes: it needs zk.PermRead for us, or no hold could be proved")
}

// mayMean reports whether an entry may be about us. Only of digests it can be said that they are not.
func (cfg *sessionConfig) mayMean(entry zk.ACL) bool {
	if entry.Scheme != "digest" {
		return true
	}
	user, _, _ := strings.Cut(entry.ID, ":")
	for _, c := range cfg.auth {
		ours, _, _ := bytes.Cut(c.secret, []byte(":"))
		if c.scheme == "digest" && string(ours) == user {
			return true
		}
	}
	return false
}

// errStuck is why holds are lost whose session is given up for another's sake.
var errStuck = fmt.Errorf("%w: it was given up, because a server refuses to remove one of its candidates", errExpired)

// noteSticky takes note that we may create candidates in a lock's znode, and not delete them.
func (s *Session) noteSticky(dir string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sticky == nil {
		s.sticky = make(map[string]struct{})
	}
	s.sticky[dir] = struct{}{}
}

func (s *Session) isSticky(dir string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, sticky := s.sticky[dir]
	return sticky
}

// checkSticky refuses a lock of which it is known that we may not delete candidates there, unless the rights have been mended.
func (c *candidate) checkSticky(ctx context.Context) error {
	s, dir := c.zs.s, c.dir
	if !s.isSticky(dir) {
		return nil
	}
	err := c.zs.doApart(ctx, func() error { return c.zs.conn.Delete(dir+"/"+c.prefix, -1) }) // there is no such znode
	if err == nil || errors.Is(err, zk.ErrNoNode) {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.sticky, dir)
		return nil
	}
	if errors.Is(err, zk.ErrNoAuth) {
		return fmt.Errorf("%w: candidates can be created in the lock's znode, but not deleted; give its ACL zk.PermDelete", err)
	}
	return err
}
