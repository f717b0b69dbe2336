package zklock

// What misuse panics with. It is a fault of the program, so no error of a method tells it.
const (
	notMadeMutex     = "zklock: use of a Mutex that was not made by a Session, or was copied"
	notMadeRWMutex   = "zklock: use of an RWMutex that was not made by a Session, or was copied"
	notMadeSemaphore = "zklock: use of a Semaphore that was not made by Session.Semaphore, or was copied"
	notMadeSession   = "zklock: use of a Session that was not made by Dial, or was copied"
)

func (m *Mutex) check() {
	if m == nil || m.self != m {
		panic(notMadeMutex)
	}
}

func (rw *RWMutex) check() {
	if rw == nil || rw.self != rw {
		panic(notMadeRWMutex)
	}
}

func (s *Semaphore) check() {
	if s == nil || s.self != s {
		panic(notMadeSemaphore)
	}
}

func (s *Session) check() {
	if s == nil || s.self != s {
		panic(notMadeSession)
	}
}
