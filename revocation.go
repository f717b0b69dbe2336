package zklock

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/recipe"
)

// Revocation says how LockRevoking treats the holds and candidates ahead of it in the queue.
type Revocation time.Duration

const (
	// Ask writes a revocation mark into their znodes and waits until they release.
	Ask Revocation = 0

	// Force removes their znodes and takes the lock. The holder is told only after the lock was
	// taken: within 50 ms and one round trip to its server if it is connected, and otherwise when
	// its lease runs out. Until then it may still work, and only a fencing token or a Guard refuses
	// its writes. AskThenForce gives it time to stop first.
	Force Revocation = -1
)

// AskThenForce asks, and after grace removes the znodes of the holds and candidates that are still
// ahead. If grace <= 0 it is Force.
func AskThenForce(grace time.Duration) Revocation {
	if grace <= 0 {
		return Force
	}
	return Revocation(grace)
}

// RevokeOption is an option of a revocation. The call returns an error if its value is invalid.
type RevokeOption func(*revokeConfig) error

type revokeConfig struct{ reason string }

// WithReason sets why the lock is revoked: 1 to 1024 bytes of UTF-8 in one line. The holder gets it
// in its RevokedError, and Contenders returns it.
func WithReason(reason string) RevokeOption {
	return func(cfg *revokeConfig) error {
		cfg.reason = reason
		switch {
		case reason == "" || len(reason) > recipe.MarkKept:
			return fmt.Errorf("reason has %d bytes: want 1 to %d", len(reason), recipe.MarkKept)
		case !utf8.ValidString(reason) || strings.ContainsFunc(reason, unicode.IsControl):
			return errors.New("reason is not one line of UTF-8")
		}
		return nil
	}
}

// mark returns the revocation mark that the handle writes.
func (handle *lockConfig) mark(opts []RevokeOption) (recipe.Mark, error) {
	var cfg revokeConfig
	for _, opt := range opts {
		if opt == nil {
			return recipe.Mark{}, errNoOption
		}
		if err := opt(&cfg); err != nil {
			return recipe.Mark{}, err
		}
	}
	return recipe.Mark{By: string(handle.Identifier), Reason: cfg.reason}, nil
}

// RevokedError is the state of a hold that was revoked by a client that says who it is. It matches
// ErrRevoked. Both texts were written by that client, are cut at 1024 bytes, and must not be
// trusted.
//
// Only clients of this package with NamingDefault write and read both texts. A holder with another
// naming, or one that another library revokes, gets ErrRevoked alone.
type RevokedError struct {
	By     string // the identifier of the first client that revoked; see WithIdentifier
	Reason string // its WithReason; empty if it gave none
}

// Error returns text like "lock revoked by vm/19359: deploy of 3.2".
func (e *RevokedError) Error() string {
	text := ErrRevoked.Error() + " by " + ensemble.Readable([]byte(e.By))
	if e.Reason != "" {
		text += ": " + ensemble.Readable([]byte(e.Reason))
	}
	return text
}

// Unwrap returns ErrRevoked.
func (e *RevokedError) Unwrap() error { return ErrRevoked }

// parseData parses a candidate's data. It returns the identity, and the error of the hold if a
// revocation mark is there.
func parseData(data []byte) (who []byte, asked error) {
	said := recipe.ParseData(data)
	switch {
	case said.Mark == nil:
		return said.Who, nil
	case *said.Mark == recipe.Mark{}:
		return said.Who, ErrRevoked
	default:
		return said.Who, &RevokedError{By: said.Mark.By, Reason: said.Mark.Reason}
	}
}

// revocation returns r as package recipe takes it.
func (r Revocation) revocation(mark recipe.Mark) *recipe.Revocation {
	return &recipe.Revocation{Ask: r >= 0, Force: r != Ask,
		Grace: max(time.Duration(r), 0), Mark: mark}
}
