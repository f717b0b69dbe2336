package recipe

import "sync"

// Bond joins the holds of an acquisition of several locks: it is revoked if one of them is, and
// lost if one of them is.
type Bond struct {
	mu            sync.Mutex // held to give the signals; a hold's mutex before it
	revoked, lost signal
}

func (b *Bond) revoke() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.revoked.give()
}

func (b *Bond) lose() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.revoked.give()
	b.lost.give()
}

// Revoked returns the channel that closes when the holder should stop.
func (b *Bond) Revoked() <-chan struct{} { return b.revoked.C() }

// Lost returns the channel that closes when one of the holds is gone.
func (b *Bond) Lost() <-chan struct{} { return b.lost.C() }

// join puts a hold that is not granted yet into the bond.
func (b *Bond) join(h *Hold) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bond = b
	if h.ended {
		b.lose()
	} else if h.err != nil {
		b.revoke()
	}
}
