package production

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/zookylock/zklock"
)

var state atomic.Value // a zklock.State

var (
	errFenced       = errors.New("another holder has written since")
	errPrecondition = errors.New("precondition failed")
)

// objectStore is what put needs of a store.
type objectStore interface {
	Get(ctx context.Context, key string) (token zklock.Token, etag string, err error)
	PutIfMatch(ctx context.Context, key, etag string, token zklock.Token, body []byte) error
}
