// Package simulate searches for violations of what zklock promises. A Plan is a made-up world: an
// ensemble of fakezk with its quirks, some Sessions, and steps that users, strangers and faults
// take at given times. Run carries it out in virtual time and checks the promises all along.
//
// A seed always gives the same Plan. The order in which goroutines run in the same instant is not
// part of it, nor are the random numbers of the library, so that a Plan may fail in some runs only.
// Shrink looks for the fewest steps that fail still.
package simulate
