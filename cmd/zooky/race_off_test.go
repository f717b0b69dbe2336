//go:build unix && !race

package main_test

const race = false // the binary is built like the test
