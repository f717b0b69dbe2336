package zklock

// What misuse panics with. It is a fault of the program, so no error of a method tells it.
const (
	notMadeMutex   = "zklock: use of a Mutex that was not made by a Session, or was copied"
	notMadeRWMutex = "zklock: use of an RWMutex that was not made by a Session, or was copied"
	notMadeSession = "zklock: use of a Session that was not made by Dial, or was copied"
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

func (s *Session) check() {
	if s == nil || s.self != s {
		panic(notMadeSession)
	}
}
