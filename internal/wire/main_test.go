package wire_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain is also the entry of the child processes in which bare go-zookeeper is let crash: see
// bare_test.go.
func TestMain(m *testing.M) {
	if name := os.Getenv(bareEnv); name != "" {
		os.Exit(runBare(name))
	}
	goleak.VerifyTestMain(m)
}
