// Package copied copies what must not be copied: go vet has to say so.
package copied

import "github.com/zookylock/zklock"

func mutex(m *zklock.Mutex) {
	c := *m
	c.Lock()
}

func rwMutex(rw *zklock.RWMutex) {
	c := *rw
	c.RLock()
}

func session(s *zklock.Session) {
	c := *s
	c.Close()
}

func argument(m zklock.Mutex) { m.Unlock() }
