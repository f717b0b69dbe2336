package zklock

// The messages of the panics for misuse. Misuse is a fault of the program, so methods panic instead
// of returning an error.
const (
	notMadeMutex     = "zklock: use of a Mutex that was not made by a Session, or was copied"
	notMadeRWMutex   = "zklock: use of an RWMutex that was not made by a Session, or was copied"
	notMadeSemaphore = "zklock: use of a Semaphore that was not made by Session.Semaphore, or was copied"
	notMadePermit    = "zklock: use of a Permit that was not made by a Semaphore, or was copied"
	notMadeHold      = "zklock: use of a Hold that was not made by Session.LockAll"
	notMadePending   = "zklock: use of a Pending that was not made by LockAsync"
	notMadeElection  = "zklock: use of an Election that was not made by Session.Election"
	notMadeSession   = "zklock: use of a Session that was not made by Dial, or was copied"
)
