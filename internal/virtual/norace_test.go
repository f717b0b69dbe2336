//go:build !race

package virtual

// underRace is whether the race detector runs, which makes tests that only compute some ten times
// slower.
const underRace = false
