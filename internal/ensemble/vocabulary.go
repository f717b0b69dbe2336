package ensemble

import (
	"errors"
	"io"
	"log/slog"
	"sync"
	"syscall"

	"github.com/go-zookeeper/zk"

	"github.com/zookylock/zklock/internal/wire"
)

// substitutes are the requests that some servers do not take, and what is done without them.
var substitutes = map[int32]string{
	wire.OpCreate2:         "candidates are created with create, and read once more",
	wire.OpCreateContainer: "the znodes above candidates are persistent, and stay",
	wire.OpAddWatch:        "all locks are read at each look",
	wire.OpMultiRead:       "candidates are read one by one",
	wire.OpSetWatches:      "znodes are read one by one after a reconnection",
}

// vocabulary is which of these requests the servers do not take. A server that does not says so
// (ZooKeeper, and some versions of ClickHouse Keeper), or hangs up (the others).
type vocabulary struct {
	logger *slog.Logger

	mu      sync.Mutex // guards the fields below
	refused map[int32]bool
	known   map[int32]bool // taken in the current ZooKeeper session
	suspect int32          // the request that waited longest when the server hung up last
	hangUps int            // with that one, in a row
}

func newVocabulary(logger *slog.Logger) *vocabulary {
	return &vocabulary{logger: logger, refused: make(map[int32]bool), known: make(map[int32]bool)}
}

// hangUpsToRefuse is how many connections in a row have to end with a request before it counts as
// refused.
const hangUpsToRefuse = 2

// takes reports whether the servers are not known to refuse a request.
func (v *vocabulary) takes(op int32) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return !v.refused[op]
}

// noteRefusal reports whether err, which has become of a request, is the error of a server that does
// not take it, and remembers that. Any other answer shows that the server takes it.
func (v *vocabulary) noteRefusal(op int32, err error) bool {
	if !errors.Is(coded(err), unimplemented) && !errors.Is(err, zk.ErrBadArguments) {
		if OutcomeOf(coded(err)) == Answered {
			v.answered(op)
		}
		return false
	}
	v.mu.Lock()
	first := !v.refused[op]
	v.refused[op] = true
	v.mu.Unlock()
	if first {
		v.warn(op, coded(err))
	}
	return true
}

var errHangsUp = errors.New("the server hangs up")

// hungUp takes note of a connection that the server has ended, while a request had waited longest
// for its answer. Networks break connections too. A request counts as refused if that happens again
// and again with it alone, on connections on which others were answered, and if none like it was
// ever answered in this ZooKeeper session.
func (v *vocabulary) hungUp(op int32, answers int) {
	if answers == 0 {
		return
	}
	v.mu.Lock()
	if op != v.suspect {
		v.suspect, v.hangUps = op, 0
	}
	v.hangUps++
	_, replaceable := substitutes[op]
	first := replaceable && v.hangUps >= hangUpsToRefuse && !v.known[op] && !v.refused[op]
	if first {
		v.refused[op] = true
	}
	v.mu.Unlock()
	if first {
		v.warn(op, errHangsUp)
	}
}

// answered takes note of a request that was taken.
func (v *vocabulary) answered(op int32) {
	if _, replaceable := substitutes[op]; !replaceable {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.known[op] = true
}

// begin takes note of a new ZooKeeper session: its servers may be others.
func (v *vocabulary) begin() {
	v.mu.Lock()
	defer v.mu.Unlock()
	clear(v.known)
}

func (v *vocabulary) warn(op int32, err error) {
	v.logger.Warn("the servers do not take a request of ours", "request",
		wire.OpName(op), "error", err,
		"instead", substitutes[op])
}

// isHangUp reports whether a connection has ended for a server's reasons, or the network's.
func isHangUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
