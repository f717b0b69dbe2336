package recipe

import "context"

// Follow calls cancel when the hold is revoked, lost or released, or at once if it is. The cause
// matches ErrRevoked or ErrLost, or is ErrNotLocked. stop undoes Follow. cancel is called with the
// hold's mutex held.
func (h *Hold) Follow(cancel context.CancelCauseFunc) (stop func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended || h.err != nil {
		cancel(h.causeLocked())
		return func() {}
	}
	if h.followers == nil {
		h.followers = make(map[*context.CancelCauseFunc]struct{})
	}
	h.followers[&cancel] = struct{}{}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.followers, &cancel)
	}
}

// tellFollowersLocked tells them that the hold is not what it was.
func (h *Hold) tellFollowersLocked() {
	for cancel := range h.followers {
		(*cancel)(h.causeLocked())
	}
	h.followers = nil
}

func (h *Hold) causeLocked() error {
	if h.err == nil {
		return ErrNotLocked
	}
	return h.err
}

// Released reports whether the holder has released the hold.
func (h *Hold) Released() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ended && !h.lost.isGiven()
}
