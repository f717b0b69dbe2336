package recipe

import (
	"slices"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/queue"
)

// Config says what the candidates of a handle are like.
type Config struct {
	Identifier   []byte        // the data of their znodes
	ACL          []zk.ACL      // of their znodes, and of the lock's
	Dialect      queue.Dialect // Native, Zktools, Curator or Kazoo
	Naming       string        // what the user calls the dialect
	KazooListens bool          // kazoo's clients of the lock know the names of NamingDefault
	Pool         *Pool         // of a semaphore; nil for a lock
}

// isReadByAll reports whether every client may read the candidates.
func (cfg *Config) isReadByAll() bool {
	return slices.ContainsFunc(cfg.ACL, func(entry zk.ACL) bool {
		return entry.Scheme == "world" && entry.Perms&zk.PermRead != 0
	})
}
