package zktest_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/zookylock/zklock/internal/locktest"
	"github.com/zookylock/zklock/zktest"
)

func TestMain(m *testing.M) {
	if end := os.Getenv("ZKTEST_CHILD"); end != "" {
		child(end)
	}
	if signal.Ignored(os.Interrupt) { // in a script's background; children would inherit that
		// what is caught here is the default in a child
		signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	}
	locktest.MostlyWait()
	goleak.VerifyTestMain(m)
}

// connect returns a client with a session, and its events.
func connect(t *testing.T, addr ...string) (*zk.Conn, <-chan zk.Event) {
	t.Helper()
	conn, events, err := zk.Connect(addr, 10*time.Second, zk.WithLogger(quiet{}))
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	await(t, events, zk.StateHasSession)
	return conn, events
}

// await reads events until the session is in the given state.
func await(t *testing.T, events <-chan zk.Event, state zk.State) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		select {
		case e := <-events:
			if e.Type == zk.EventSession && e.State == state {
				return
			}
		case <-limit:
			t.Fatalf("no event %v", state)
		}
	}
}

// within fails the test unless f ends within d.
func within(t *testing.T, d time.Duration, what string, f func()) {
	t.Helper()
	begin := time.Now()
	f()
	require.Less(t, time.Since(begin), d, what)
}

func leader(t *testing.T, e *zktest.Ensemble) *zktest.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	s, err := e.WaitLeader(ctx)
	require.NoError(t, err)
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}

// child is the process that TestNothingStaysBehind starts and ends.
func child(end string) {
	e, err := zktest.Run(context.Background(), zktest.WithServers(2))
	if err == nil {
		err = e.Servers()[1].Pause()
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println("running")
	switch end {
	case "panic":
		panic("on purpose")
	case "exit":
		os.Exit(3)
	}
	select {}
}
