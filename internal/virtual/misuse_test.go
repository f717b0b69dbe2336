package virtual

import (
	"context"
	"os/exec"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/internal/fakezk"
)

// panicOf returns what f panics with, as text.
func panicOf(f func()) (text string) {
	defer func() {
		switch r := recover().(type) {
		case string:
			text = r
		case error:
			text = r.Error()
		}
	}()
	f()
	return "no panic"
}

// mutexUses and the others are the ways to use a handle that touch its Session or its hold.
func mutexUses(m *zklock.Mutex) map[string]func() {
	ctx := context.Background()
	return map[string]func(){
		"Lock":           m.Lock,
		"TryLock":        func() { m.TryLock() },
		"Unlock":         m.Unlock,
		"LockContext":    func() { m.LockContext(ctx) },
		"TryLockContext": func() { m.TryLockContext(ctx) },
		"LockRevoking":   func() { m.LockRevoking(ctx, zklock.Ask) },
		"LockAsync":      func() { m.LockAsync(ctx) },
		"UnlockContext":  func() { m.UnlockContext(ctx) },
		"Do":             func() { m.Do(ctx, never) },
		"Context":        func() { m.Context(ctx) },
		"Revoked":        func() { m.Revoked() },
		"Lost":           func() { m.Lost() },
		"Err":            func() { m.Err() },
		"Deadline":       func() { m.Deadline() },
		"Token":          func() { m.Token() },
		"Guard":          func() { m.Guard() },
		"Held":           func() { m.Held(ctx) },
		"Contenders":     func() { m.Contenders(ctx) },
		"Revoke":         func() { m.Revoke(ctx, zklock.Contender{}) },
		"RevokeHolder":   func() { m.RevokeHolder(ctx) },
		"RevokeAll":      func() { m.RevokeAll(ctx) },
		"Clear":          func() { m.Clear(ctx) },
	}
}

func pendingUses(p *zklock.Pending) map[string]func() {
	return map[string]func(){
		"Queued":   func() { p.Queued() },
		"Done":     func() { p.Done() },
		"Err":      func() { p.Err() },
		"Revoked":  func() { p.Revoked() },
		"Released": func() { p.Released() },
		"Cancel":   p.Cancel,
	}
}

func holdUses(h *zklock.Hold) map[string]func() {
	ctx := context.Background()
	return map[string]func(){
		"Revoked":       func() { h.Revoked() },
		"Lost":          func() { h.Lost() },
		"Err":           func() { h.Err() },
		"Deadline":      func() { h.Deadline() },
		"Context":       func() { h.Context(ctx) },
		"Token":         func() { h.Token() },
		"Guard":         func() { h.Guard() },
		"Unlock":        h.Unlock,
		"UnlockContext": func() { h.UnlockContext(ctx) },
	}
}

func permitUses(p *zklock.Permit) map[string]func() {
	ctx := context.Background()
	return map[string]func(){
		"Count":          func() { p.Count() },
		"Revoked":        func() { p.Revoked() },
		"Lost":           func() { p.Lost() },
		"Err":            func() { p.Err() },
		"Deadline":       func() { p.Deadline() },
		"Token":          func() { p.Token() },
		"Guard":          func() { p.Guard() },
		"Held":           func() { p.Held(ctx) },
		"Context":        func() { p.Context(ctx) },
		"Release":        p.Release,
		"ReleaseContext": func() { p.ReleaseContext(ctx) },
	}
}

func rwMutexUses(rw *zklock.RWMutex) map[string]func() {
	ctx := context.Background()
	return map[string]func(){
		"RLock":          rw.RLock,
		"TryRLock":       func() { rw.TryRLock() },
		"RLockContext":   func() { rw.RLockContext(ctx) },
		"RUnlock":        rw.RUnlock,
		"Reader":         func() { rw.Reader() },
		"RLocker.Lock":   rw.RLocker().Lock,
		"RLocker.Unlock": rw.RLocker().Unlock,
	}
}

func electionUses(e *zklock.Election) map[string]func() {
	ctx := context.Background()
	return map[string]func(){
		"Mutex":   func() { e.Mutex() },
		"Run":     func() { e.Run(ctx, never) },
		"Leader":  func() { e.Leader(ctx) },
		"Observe": func() { e.Observe(ctx)(func(zklock.Contender, error) bool { return false }) },
	}
}

func sessionUses(s *zklock.Session) map[string]func() {
	ctx := context.Background()
	return map[string]func(){
		"Mutex":     func() { s.Mutex("m") },
		"RWMutex":   func() { s.RWMutex("m") },
		"Election":  func() { s.Election("m") },
		"Semaphore": func() { s.Semaphore("m", 1) },
		"LockAll":   func() { s.LockAll(ctx) },
		"Close":     func() { s.Close() },
		"Conn":      func() { s.Conn() },
		"Done":      func() { s.Done() },
		"ID":        func() { s.ID() },
		"State":     func() { s.State() },
		"Timeout":   func() { s.Timeout() },
		"Rewinds":   func() { s.Rewinds() },
		"Stats":     func() { s.Stats() },
		"Holds":     func() { s.Holds() },
		"Locks":     func() { s.Locks(ctx) },
		"Remove":    func() { s.Remove(ctx, "m") },
	}
}

const (
	misusedMutex    = "zklock: use of a Mutex that was not made by a Session, or was copied"
	misusedRWMutex  = "zklock: use of an RWMutex that was not made by a Session, or was copied"
	misusedElection = "zklock: use of an Election that was not made by Session.Election"
	misusedPending  = "zklock: use of a Pending that was not made by LockAsync"
	misusedHold     = "zklock: use of a Hold that was not made by Session.LockAll"
	misusedPermit   = "zklock: use of a Permit that was not made by a Semaphore, or was copied"
	misusedSession  = "zklock: use of a Session that was not made by Dial, or was copied"
)

// TestZeroValues uses what no constructor has made.
func TestZeroValues(t *testing.T) {
	for _, z := range []struct {
		name string
		uses map[string]func()
		want string
	}{
		{"Mutex", mutexUses(new(zklock.Mutex)), misusedMutex},
		{"nil Mutex", mutexUses(nil), misusedMutex},
		{"RWMutex", rwMutexUses(new(zklock.RWMutex)), misusedRWMutex},
		{"nil RWMutex", rwMutexUses(nil), misusedRWMutex},
		{"RWMutex's writer", mutexUses(new(zklock.RWMutex).Mutex), misusedMutex},
		{"Election", electionUses(new(zklock.Election)), misusedElection},
		{"nil Election", electionUses(nil), misusedElection},
		{"Pending", pendingUses(new(zklock.Pending)), misusedPending},
		{"nil Pending", pendingUses(nil), misusedPending},
		{"Hold", holdUses(new(zklock.Hold)), misusedHold},
		{"nil Hold", holdUses(nil), misusedHold},
		{"Permit", permitUses(new(zklock.Permit)), misusedPermit},
		{"nil Permit", permitUses(nil), misusedPermit},
		{"Session", sessionUses(new(zklock.Session)), misusedSession},
		{"nil Session", sessionUses(nil), misusedSession},
	} {
		for name, use := range z.uses {
			assert.Equal(t, z.want, panicOf(use), "%s: %s", z.name, name)
		}
	}
}

// TestVirtualCopies uses copies of what is locked: each would unlock, or lose, what the other
// holds.
func TestVirtualCopies(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", suspendTimeout)
		m, rw := mutex(t, s, "m"), rwMutex(t, s, "rw")
		lock(t, m)
		rw.RLock()
		copied, copiedRW := copyOf(m), copyOf(rw)
		for name, use := range mutexUses(copied) {
			assert.Equal(t, misusedMutex, panicOf(use), name)
		}
		for name, use := range rwMutexUses(copiedRW) {
			assert.Equal(t, misusedRWMutex, panicOf(use), name)
		}
		rw.RUnlock()
		m.Unlock()
		permit, err := semaphore(t, s, "pool", 1).Acquire(t.Context(), 1)
		require.NoError(t, err)
		for name, use := range permitUses(copyOf(permit)) {
			assert.Equal(t, misusedPermit, panicOf(use), name)
		}
		permit.Release()
	})
}

// TestVirtualUnlockOfWhatIsNotLocked panics as in package sync, and says which lock it is.
func TestVirtualUnlockOfWhatIsNotLocked(t *testing.T) {
	virtually(t, fakezk.Config{Latency: ms(3)}, func(t *testing.T, w *world) {
		s, _ := w.dial("", suspendTimeout)
		m, rw := mutex(t, s, "m"), rwMutex(t, s, "m")
		lock(t, m)
		m.Unlock()
		for name, unlock := range map[string]func(){
			"Mutex": m.Unlock, "RWMutex": rw.Unlock, "reader": rw.RUnlock,
			"Reader": rw.Reader().Unlock,
		} {
			assert.Equal(t, "unlock /ZktoolsLocks/m: not locked", panicOf(unlock), name)
		}
		lock(t, m)
		m.Unlock()
	})
}

// TestVetFindsCopies has go vet look at a package that copies a Mutex, an RWMutex and a Session.
func TestVetFindsCopies(t *testing.T) {
	out, err := exec.Command("go", "vet", "./testdata/copied").CombinedOutput()
	require.Error(t, err)
	for _, found := range []string{
		"assignment copies lock value to c: github.com/zookylock/zklock.Mutex",
		"assignment copies lock value to c: github.com/zookylock/zklock.RWMutex",
		"assignment copies lock value to c: github.com/zookylock/zklock.Session",
		"argument passes lock by value: github.com/zookylock/zklock.Mutex",
	} {
		assert.Contains(t, string(out), found)
	}
}

// copyOf returns a copy, which go vet does not see.
func copyOf[T any](p *T) *T {
	copied := reflect.New(reflect.TypeFor[T]())
	copied.Elem().Set(reflect.ValueOf(p).Elem())
	return copied.Interface().(*T)
}
