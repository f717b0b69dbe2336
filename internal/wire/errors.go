package wire

import (
	"errors"
	"fmt"
	"os"
)

var (
	// ErrHandshake is returned when the connect reply was not complete within
	// Config.HandshakeTimeout. The connection is closed; another server may be tried at once.
	ErrHandshake = fmt.Errorf("wire: handshake not complete in time: %w", os.ErrDeadlineExceeded)

	// ErrUnanswered is returned when a request or ping went without a reply for 2/3 of the session
	// timeout, whatever else the server sent. The connection is closed; the outcome of every open
	// request is unknown.
	ErrUnanswered = fmt.Errorf("wire: server leaves requests unanswered: %w",
		os.ErrDeadlineExceeded)

	// ErrNumbersUsedUp is returned when the next request of the session, our own or go-zookeeper's,
	// would have a number that another request had before. The connection is closed; the session
	// must be given up.
	ErrNumbersUsedUp = errors.New("wire: numbers for requests are used up")
)

// A FrameError says that a frame was refused, and that the connection was closed for it. Nothing of
// the frame has reached the other side. The outcome of every open request is unknown.
type FrameError struct {
	Op     int32  // the operation that the frame belongs to; OpNone if that is not known
	Reason string // what is wrong with it, for people
}

func (e *FrameError) Error() string {
	return "wire: " + OpName(e.Op) + ": " + e.Reason
}
