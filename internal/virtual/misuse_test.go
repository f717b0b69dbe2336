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
		"Run":     func() { e.Run(ctx, never) },
		"Leader":  func() { e.Leader(ctx) },
		"Observe": func() { e.Observe(ctx)(func(zklock.Contender, error) bool { return false }) },
	}
}

func sessionUses(s *zklock.Session) map[string]func() {
	ctx := context.Background()
	return map[string]func(){
		"Mutex":    func() { s.Mutex("m") },
		"RWMutex":  func() { s.RWMutex("m") },
		"Election": func() { s.Election("m") },
		"Close":    func() { s.Close() },
		"Conn":     func() { s.Conn() },
		"Done":     func() { s.Done() },
		"ID":       func() { s.ID() },
		"State":    func() { s.State() },
		"Timeout":  func() { s.Timeout() },
		"Rewinds":  func() { s.Rewinds() },
		"Stats":    func() { s.Stats() },
		"Holds":    func() { s.Holds() },
		"Locks":    func() { s.Locks(ctx) },
		"Remove":   func() { s.Remove(ctx, "m") },
	}
}

const (
	misusedMutex   = "zklock: use of a Mutex that was not made by a Session, or was copied"
	misusedRWMutex = "zklock: use of an RWMutex that was not made by a Session, or was copied"
	misusedSession = "zklock: use of a Session that was not made by Dial, or was copied"
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
		{"Election", electionUses(new(zklock.Election)), misusedMutex},
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
		copied, copiedRW := copies(m, rw)
		for name, use := range mutexUses(copied) {
			assert.Equal(t, misusedMutex, panicOf(use), name)
		}
		for name, use := range rwMutexUses(copiedRW) {
			assert.Equal(t, misusedRWMutex, panicOf(use), name)
		}
		rw.RUnlock()
		m.Unlock()
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

// copies returns copies, which go vet does not see.
func copies(m *zklock.Mutex, rw *zklock.RWMutex) (*zklock.Mutex, *zklock.RWMutex) {
	copied := reflect.New(reflect.TypeFor[zklock.Mutex]())
	copied.Elem().Set(reflect.ValueOf(m).Elem())
	copiedRW := reflect.New(reflect.TypeFor[zklock.RWMutex]())
	copiedRW.Elem().Set(reflect.ValueOf(rw).Elem())
	return copied.Interface().(*zklock.Mutex), copiedRW.Interface().(*zklock.RWMutex)
}
