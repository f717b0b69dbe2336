package locktest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/zookylock/zklock"
	"github.com/zookylock/zklock/zktest"
)

// SessionTimeout is what Dial asks for. A hold survives that its holder stands still for a third of
// it, as on a busy machine.
const SessionTimeout = 10 * time.Second

// shared is one server for all tests of a package that do no harm to it. It starts with the first
// that needs it.
var shared = sync.OnceValues(func() (*zktest.Ensemble, error) {
	return zktest.Run(context.Background())
})

// started tells Main that there is something to stop.
var started atomic.Bool

// MostlyWait makes go test run four of a package's parallel tests at a time unless -parallel says
// something else: they wait for servers, clocks and processes most of the time, and one for each
// processor is too few.
func MostlyWait() {
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
}

// Main runs the tests of a package, stops its shared server, and looks for goroutines that are
// left.
func Main(m *testing.M) {
	MostlyWait()
	code := m.Run()
	if started.Load() {
		ensemble, err := shared()
		if err == nil {
			err = ensemble.Stop()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, "goroutines are left:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Shared returns the shared server. Tests call Server.
func Shared() (*zktest.Ensemble, error) {
	started.Store(true)
	return shared()
}

// NeedsServer leaves a test out of a short run.
func NeedsServer(tb testing.TB) {
	tb.Helper()
	if testing.Short() {
		tb.Skip("needs a real server, and so Java: run without -short")
	}
}

// Server returns the shared server.
func Server(tb testing.TB) *zktest.Ensemble {
	tb.Helper()
	NeedsServer(tb)
	ensemble, err := Shared()
	require.NoError(tb, err)
	return ensemble
}

// roots are the roots of the tests that run, and rootCount numbers them: a test that is repeated
// begins in a place of its own.
var (
	roots     sync.Map // of strings, by testing.TB
	rootCount atomic.Int32
)

// Root returns a root of the test's own, so that tests can share a server.
func Root(tb testing.TB) string {
	if known, ok := roots.Load(tb); ok {
		return known.(string)
	}
	name := strings.NewReplacer("/", "-", " ", "-", "#", "-").Replace(tb.Name())
	known, loaded := roots.LoadOrStore(tb, fmt.Sprintf("/test-%s-%d", name, rootCount.Add(1)))
	if !loaded {
		tb.Cleanup(func() { roots.Delete(tb) })
	}
	return known.(string)
}

// Dial opens a Session on the shared server that is closed at the test's end.
func Dial(tb testing.TB, opts ...zklock.SessionOption) *zklock.Session {
	tb.Helper()
	return DialTo(tb, Server(tb).Connect(), opts...)
}

// DialTo opens a Session that is closed at the test's end.
func DialTo(tb testing.TB, connect string, opts ...zklock.SessionOption) *zklock.Session {
	tb.Helper()
	opts = append([]zklock.SessionOption{zklock.WithRoot(Root(tb)),
		zklock.WithSessionTimeout(SessionTimeout)}, opts...)
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	s, err := zklock.Dial(ctx, connect, opts...)
	require.NoError(tb, err)
	tb.Cleanup(func() { s.Close() }) // tests that are about Close look at its error
	return s
}
