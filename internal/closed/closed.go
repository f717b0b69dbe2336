// Package closed looks at channels that nothing is sent on.
package closed

// Is reports whether a channel is closed.
func Is(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}
