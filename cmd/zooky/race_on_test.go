//go:build unix && race

package main_test

const race = true // the binary is built like the test
