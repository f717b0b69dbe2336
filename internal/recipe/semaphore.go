package recipe

import (
	"fmt"
	"strconv"

	"github.com/zookylock/zklock/internal/ensemble"
)

// Pool is a semaphore. Its znodes are those of Curator's InterProcessSemaphoreV2:
//
//	NAME          its data are the size
//	NAME/locks    the queue of candidates that want permits
//	NAME/leases   a child for each hold, whose name says how many permits it is
//	NAME/resized  is there if the size was set for all; then handles need not agree with it
//
// Only the first in the queue takes permits, in a transaction that removes its candidate.
type Pool struct {
	Path string // of the semaphore's znode
	Size int    // as the handle has it
}

// Queue returns the znode of the queue.
func (p *Pool) Queue() string { return p.Path + "/" + queueName }

// Permits returns the znode of the permits that are out.
func (p *Pool) Permits() string { return p.Path + "/" + permitsName }

func (p *Pool) resized() string { return p.Path + "/" + resizedName }

// kazooQueue is that of kazoo's Semaphore with the same path.
func (p *Pool) kazooQueue() string { return p.Path + "-__lock__" }

// The names of the znodes below a semaphore's.
const (
	queueName   = "locks"
	permitsName = "leases"
	resizedName = "resized"
)

// sizeData is a size as it stands in the data of the semaphore's znode. Kazoo's Semaphore keeps its
// own size there, and refuses a znode that has another: it never has one below 0.
func sizeData(n int) []byte { return []byte("-" + strconv.Itoa(n)) }

// parseSize reads it. It is 0 if none is set.
func parseSize(data []byte) (n int, err error) {
	if len(data) == 0 {
		return 0, nil
	}
	n64, err := strconv.ParseInt(string(data), 10, 32)
	switch {
	case err != nil || n64 == 0:
		return 0, fmt.Errorf("the znode's data, %s, are no size of a semaphore: use another name",
			ensemble.Readable(data))
	case n64 > 0:
		return 0, errKazoo
	}
	return int(-n64), nil
}

var errKazoo = fmt.Errorf("%w: kazoo's Semaphore uses this path, and counts permits in another way. "+
	"Use another name", ErrMixedDialects)
