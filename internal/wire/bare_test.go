package wire_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"
)

const (
	// bareEnv names the case that a child process is to try on bare go-zookeeper.
	bareEnv = "ZKLOCK_WIRE_BARE"

	// A child that is to hang is believed when it has come as far as that and hangWait is over;
	// what else is to happen may take bareWait.
	hangWait = 2 * time.Second
	bareWait = 30 * time.Second
)

var crash = regexp.MustCompile(`(?m)^(panic|fatal error): (?s:.*)go-zookeeper/zk\.`)

// TestBareIsHurt shows that what the other tests guard against does happen without a Conn. A case
// that no longer does with a newer go-zookeeper may go.
func TestBareIsHurt(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a process for each case")
	}
	want := map[string]string{"credentials": hangs,
		"oversized": harmless + ": " + zk.ErrConnectionClosed.Error()}
	for _, h := range hostiles {
		want[h.name] = h.bare
	}
	for name, want := range want {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
			cmd.Env = append(os.Environ(), bareEnv+"="+name)
			out, err := cmd.CombinedOutput()
			if want == crashes {
				require.Error(t, err)
				require.Regexp(t, crash, string(out), "in a goroutine of the library")
				return
			}
			require.NoError(t, err, "%s", out)
			require.Contains(t, string(out), want)
		})
	}
}

// runBare is the child: it prints what happened, unless that is a crash.
func runBare(name string) int {
	switch name {
	case "credentials":
		fmt.Println(bareCredentials())
		return 0
	case "oversized":
		fmt.Println(observe(bareWait, bareOversized))
		return 0
	}
	for _, h := range hostiles {
		if h.name == name {
			fmt.Println(h.runBare())
			return 0
		}
	}
	return 1
}

func (h hostile) runBare() string {
	spoof := make(chan struct{}, 1)
	n := &network{bare: true, script: func(_ int, p peer) {
		h.answer(p)
	}, events: func(e zk.Event) {
		if spoofed(e) {
			spoof <- struct{}{}
		}
	}}
	c := n.connect(10 * time.Second)
	patience := bareWait
	if h.bare == hangs {
		patience = hangWait
	}
	if h.call == nil {
		return observe(patience, func() error { return awaitSession(c) })
	}
	if err := honestly(c); err != nil {
		return err.Error()
	}
	return observe(patience, func() error {
		done := make(chan error, 1)
		go func() { done <- h.call(c) }() // ends with the process
		select {
		case err := <-done:
			return err
		case <-spoof:
			return believed(0)
		}
	})
}

// observe says what becomes of a call, and of what the process has begun before it.
func observe(patience time.Duration, call func() error) string {
	done := make(chan error, 1)
	go func() { done <- call() }() // ends with the process
	verdict := ""
	for hung := time.After(patience); verdict == ""; {
		select {
		case err := <-done:
			verdict = became(err)
		case <-hung:
			verdict = hangs
		case <-time.After(50 * time.Millisecond):
		}
		if allocated() >= 1<<30 {
			return allocates
		}
	}
	return verdict
}

// became says what became of a call that ended with err.
func became(err error) string {
	if b, ok := err.(believed); ok || err == nil {
		return fmt.Sprint(believes, int64(b))
	}
	return harmless + ": " + err.Error()
}

// allocated is what the process has allocated since it began. go-zookeeper may well have believed a
// count before anybody looks.
func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

func awaitSession(c *zk.Conn) error {
	for range time.Tick(time.Millisecond) {
		if c.State() == zk.StateHasSession {
			break
		}
	}
	return nil
}

// bareCredentials is what becomes of credentials that cannot be sent again.
func bareCredentials() string {
	sessions, again := 0, make(chan struct{})
	n := &network{bare: true, events: func(e zk.Event) {
		if e.Type != zk.EventSession || e.State != zk.StateHasSession {
			return
		}
		if sessions++; sessions == 2 { // they are about to be sent
			close(again)
		}
	}}
	done := make(chan error, 1)
	go func() { done <- credentials(n) }() // ends with the process
	select {
	case <-again:
	case <-time.After(bareWait):
		return "no second connection"
	}
	return observe(hangWait, func() error { return <-done })
}

// bareOversized is what go-zookeeper's own limit does.
func bareOversized() error {
	n := &network{bare: true, script: oversized}
	c, _, err := zk.Connect([]string{"127.0.0.1:1", "127.0.0.1:2"}, time.Second,
		zk.WithDialer(n.dial),
		zk.WithLogger(silent{}), zk.WithMaxBufferSize(1<<20))
	if err != nil {
		return err
	}
	return get(c)
}
