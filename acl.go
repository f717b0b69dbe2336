package zklock

import (
	"bytes"
	"errors"
	"strings"

	"github.com/go-zookeeper/zk"
)

func checkACL(acl []zk.ACL) error {
	if len(acl) == 0 {
		return errors.New("ACL is empty: no client could use the lock")
	}
	return nil
}

// checkRights refuses an ACL by which we could not read our own candidates: the lease has a quorum
// check that they exist, and ZooKeeper wants the right to read for that.
func (cfg *sessionConfig) checkRights(acl []zk.ACL) error {
	for _, entry := range acl {
		if entry.Perms&zk.PermRead != 0 && cfg.mayMean(entry) {
			return nil
		}
	}
	return errors.New("ACL does not let us read our own znodes: it needs zk.PermRead for us, or no hold could be proved")
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
