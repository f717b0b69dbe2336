package zklock

import (
	"fmt"

	"github.com/zookylock/zklock/internal/queue"
	"github.com/zookylock/zklock/internal/recipe"
)

// Kind is the kind of hold that a contender asks for.
type Kind uint8

// The kinds of contender. A contender of a client that zklock does not know is a KindLock.
const (
	KindLock  = Kind(queue.Lock)  // a mutex: excludes all others
	KindRead  = Kind(queue.Read)  // a reader: shares with readers
	KindWrite = Kind(queue.Write) // the writer of a read/write lock: excludes all others

	KindSemaphore = KindWrite + 1 // permits of a semaphore
)

// kindOf returns the kind of hold that is claimed.
func kindOf(c *recipe.Claim) Kind {
	if c.Config.Pool != nil {
		return KindSemaphore
	}
	return Kind(c.Kind)
}

func (k Kind) String() string {
	switch k {
	case KindLock:
		return "lock"
	case KindRead:
		return "read"
	case KindWrite:
		return "write"
	case KindSemaphore:
		return "semaphore"
	default:
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
}
