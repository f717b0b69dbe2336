package demo

import (
	"time"

	"github.com/zookylock/zklock"
)

// what says what an event is about.
type what string

// What a worker tells, in the order of a turn.
const (
	ready what = "ready" // it has a session
	held  what = "held"  // it was granted the lock
	// it holds the lock, has read the file, and waits as it was ordered to
	dwelling  what = "dwelling"
	wrote     what = "wrote"     // its update is in the file: the acknowledgement that counts
	releasing what = "releasing" // it is about to release
	gaveUp    what = "gave up"   // it left the queue by timeout
	// it was told that its hold is gone, or should end, and has not written
	lost     what = "lost"
	refused  what = "refused"  // the file refused it for its token
	accepted what = "accepted" // the file took a write that it had to refuse
	finished what = "finished" // it is through, and about to exit
	exited   what = "exited"   // its process has ended; told by the crew
)

// event is one thing that a worker tells, as a line of JSON on its standard output.
type event struct {
	Worker  string        `json:"-"` // known by the pipe
	What    what          `json:"what"`
	At      time.Time     `json:"at"`
	Token   zklock.Token  `json:"token,omitzero"`
	Session int64         `json:"session,omitzero"`
	Wait    time.Duration `json:"wait,omitzero"`  // for the lock
	Write   string        `json:"write,omitzero"` // the update's id
	// of a refusal: the hold stood, so that it must not have been refused
	Proved bool   `json:"proved,omitzero"`
	Reason string `json:"reason,omitzero"`
}

// The orders that a worker gets, as lines on its standard input. At the end of that input
// the worker ends at once.
const (
	orderGo = "go" // begin
	// once: in the next hold, wait between reading and writing until the hold is lost
	orderDwell = "dwell"
	orderOffer = "offer" // after a loss that ended a dwell: try the late write
	// with a duration: wait no longer than that for the lock, until it was too long once
	orderHurry  = "hurry"
	orderFinish = "finish" // end after this turn
)
