// Package interop has the tests of zklock together with other clients of the same locks, the real
// ones. docs/interop.md names them. go test runs a short form; make interop runs every pair that is
// called safe for 5,000 hand-offs.
package interop
