package recipe

import (
	"strings"

	"github.com/zookylock/zklock/internal/queue"
)

// Voice is how a handle's candidates speak to others.
func (cfg *Config) Voice(k queue.Kind) queue.Voice {
	return queue.Voice{
		Dialect:      cfg.Dialect,
		ReadWrite:    k != queue.Lock,
		KazooListens: cfg.KazooListens,
	}
}

// parent is a znode above the candidates, as it is created where it is missing.
type parent struct {
	data      []byte // nil and empty are different to ZooKeeper
	container bool   // the server removes it some time after its last child
}

// parent says what the znode at path is to be, for the lock at dir.
func (cfg *Config) parent(path, dir, root string) parent {
	p := cfg.emptyParent(path, dir, root)
	if cfg.Pool != nil && path == cfg.Pool.Path {
		p.data = sizeData(cfg.Pool.Size)
	}
	return p
}

func (cfg *Config) emptyParent(path, dir, root string) parent {
	switch cfg.Dialect {
	case queue.Zktools: // locking.py: _ensure_lock_dir
		if path == dir {
			return parent{data: []byte("lock")}
		}
		return parent{data: []byte("zktools ZLock dir")}
	case queue.Curator: // creatingParentContainersIfNeeded
		return parent{data: []byte{}, container: true}
	case queue.Kazoo:
		// ensure_path. It never looks again: a container would fail its next acquisition
		return parent{data: []byte{}}
	default:
		return parent{container: path != root && strings.HasPrefix(path, root) && !cfg.KazooListens}
	}
}

// isOwn reports whether the znode at path is the lock's own, or the semaphore's, and no other's.
func (cfg *Config) isOwn(path, dir string) bool {
	return path == dir || cfg.Pool != nil && path == cfg.Pool.Path
}

// advice says how to share the lock with the client that made a candidate.
func advice(other queue.Candidate) string {
	const elsewhere = ", or another lock"
	switch other.Dialect {
	case queue.Curator, queue.CuratorRW:
		kind := "a Mutex"
		if other.Kind != queue.Lock {
			kind = "an RWMutex"
		}
		return "Use " + kind + " with WithNaming(NamingCurator)" + elsewhere
	case queue.Kazoo:
		return "Use WithNaming(NamingKazoo), or WithKazooPatterns if kazoo has extra_lock_patterns" + elsewhere
	case queue.Zktools, queue.ZktoolsAsync:
		kind := "a Mutex"
		if other.Kind != queue.Lock {
			kind = "an RWMutex"
		}
		return "Use " + kind + " with NamingDefault or, for zktools alone, NamingZktools" +
			elsewhere
	case queue.WriteLock:
		return "Use NamingDefault, or a Mutex with WithNaming(NamingCurator)" + elsewhere
	case queue.Unknown:
		return "Use another lock"
	default:
		return "Use NamingDefault" + elsewhere
	}
}
