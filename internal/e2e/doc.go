// Package e2e tests zklock as its users see it, on real servers of package zktest. What needs no
// server, or a time that no real clock can be held to, is tested in package virtual.
package e2e
