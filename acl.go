package zklock

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/go-zookeeper/zk"
)

func checkACL(acl []zk.ACL) error {
	if len(acl) == 0 {
		return errors.New("ACL is empty: no client could use the lock")
	}
	return nil
}

// checkRights refuses an ACL that keeps us from using a lock's znode that we create. Candidates are
// created and deleted there, and the lease has a quorum check that they exist, for which ZooKeeper
// requires the right to read.
func (cfg *sessionConfig) checkRights(acl []zk.ACL) error {
	var have int32
	for _, entry := range acl {
		if cfg.mayMean(entry) {
			have |= entry.Perms
		}
	}
	for _, right := range []struct {
		perm int32
		name string
	}{{zk.PermCreate, "Create"}, {zk.PermDelete, "Delete"}, {zk.PermRead, "Read"}} {
		if have&right.perm == 0 {
			return fmt.Errorf("ACL does not let us use our own locks: it needs zk.Perm%s for us",
				right.name)
		}
	}
	return nil
}

// mayMean reports whether an entry may be about us. Only digest entries can be ruled out.
func (cfg *sessionConfig) mayMean(entry zk.ACL) bool {
	if entry.Scheme != "digest" {
		return true
	}
	user, _, _ := strings.Cut(entry.ID, ":")
	for _, c := range cfg.auth {
		ours, _, _ := bytes.Cut(c.Secret, []byte(":"))
		if c.Scheme == "digest" && string(ours) == user {
			return true
		}
	}
	return false
}
