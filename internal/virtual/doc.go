// Package virtual tests zklock as its users see it, in virtual time (testing/synctest) on the
// ensemble in memory of package fakezk. These tests assert times to the millisecond, and they are
// quick: prefer them. What a real server decides is tested in package e2e.
package virtual
