//go:build !unix

package debian

// requireOurs does nothing: nothing is fetched on such systems.
func requireOurs(string) error { return nil }
