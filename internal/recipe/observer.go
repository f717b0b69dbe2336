package recipe

import "time"

// Observer is told what becomes of the acquisitions of Locks. All of its functions are set. They
// are called in the order in which things happen, most of them with locks held: they must neither
// block nor call this package.
type Observer struct {
	// Queued is called when the acquisition begins to wait for others: for so many, at least. It is
	// called again if the acquisition has lost its candidate, and queues anew.
	Queued func(a *Acquisition, ahead int)

	// Waiting is called for an acquisition that has waited for Patience, and up to half as much
	// again.
	Waiting  func(a *Acquisition)
	Patience time.Duration // 0 if Waiting is not to be called

	// Settled is called when the acquisition is granted the lock, or has failed. What follows is
	// only told of one that was granted it.
	Settled func(a *Acquisition, wait time.Duration, err error)

	// Revoked is called when the holder is asked to release, with the error that its hold has from
	// then on.
	Revoked func(a *Acquisition, held time.Duration, asked error)

	// Ended is called once, when the hold is lost, or if lost is nil, when its release begins.
	Ended func(a *Acquisition, held time.Duration, lost error)

	// Released is called when the release has ended, or will go on without its caller.
	Released func(a *Acquisition, held, took time.Duration, err error)
}

// unobserved is the Observer of acquisitions that are no caller's.
func unobserved() *Observer {
	return &Observer{
		Queued:   func(*Acquisition, int) {},
		Waiting:  func(*Acquisition) {},
		Settled:  func(*Acquisition, time.Duration, error) {},
		Revoked:  func(*Acquisition, time.Duration, error) {},
		Ended:    func(*Acquisition, time.Duration, error) {},
		Released: func(*Acquisition, time.Duration, time.Duration, error) {},
	}
}

func (a *Acquisition) tellGranted(since time.Time) {
	a.observer.Settled(a, since.Sub(a.begun), nil)
}

func (a *Acquisition) tellRevoked(held time.Duration, asked error) {
	a.observer.Revoked(a, held, asked)
}

func (a *Acquisition) tellEnded(held time.Duration, lost error) { a.observer.Ended(a, held, lost) }

// tellQueued tells that the acquisition waits for others, unless it has just failed.
func (a *Acquisition) tellQueued(ahead int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.done.isGiven() {
		a.observer.Queued(a, ahead)
	}
}
