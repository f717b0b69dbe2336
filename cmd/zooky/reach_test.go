//go:build unix

package main_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWhyServersCannotBeReached wants the reason in one line, and at once where it does not help to
// wait.
func TestWhyServersCannotBeReached(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	plain, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { silent.Close() })
	hangsUp, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { hangsUp.Close() })
	go func() { // ended with the listener
		for {
			conn, err := hangsUp.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	of := func(s *httptest.Server) string { return s.Listener.Addr().String() }
	for _, test := range []struct {
		name, reason string
		args         []string
		waits        bool
	}{
		{"refused", "no answer from .* within 1s: dial tcp .*: connection refused", []string{"--servers", closed.Addr().String()}, true},
		{"silent", "no answer from .* within 1s", []string{"--servers", silent.Addr().String()}, true},
		{"hangs up", "no answer from .* within 1s: .* hung up before it answered; it may want TLS: .*", []string{"--servers", hangsUp.Addr().String()}, true},
		{"name", "cannot connect: .*no such host", []string{"--servers", "nosuch.invalid"}, false},
		{"HTTP", `cannot connect: .* is no ZooKeeper: it speaks HTTP`, []string{"--servers", of(plain)}, false},
		{"TLS wanted", "cannot connect: .* speaks TLS: say --tls|no answer from .*it may want TLS.*|cannot connect: .*is no ZooKeeper: it answers .*", []string{"--servers", of(secure)}, true},
		{"authority", "cannot connect: .*certificate signed by unknown authority", []string{"--servers", of(secure), "--tls"}, false},
		{"no TLS", "cannot connect: .* does not speak TLS: .*", []string{"--servers", of(plain), "--tls"}, false},
		{"one of two", "no answer from .* within 1s: .*", []string{"--servers", of(plain) + "," + closed.Addr().String()}, true},
	} {
		for _, command := range [][]string{{"list"}, {"run", "fred"}} {
			t.Run(test.name+" "+command[0], func(t *testing.T) {
				t.Parallel()
				limit := "20s"
				if test.waits {
					limit = "1s"
				}
				args := append(append(command[:len(command):len(command)], "--timeout", limit),
					test.args...)
				if command[0] == "run" {
					args = append(args, "--", "true")
				}
				c := prepare(t, args...)
				begun := time.Now()
				c.start(t)
				assert.Equal(t, map[string]int{"list": 2, "run": 125}[command[0]], c.status(t))
				assert.Less(t, time.Since(begun), 10*time.Second)
				assert.Regexp(t, "^zooky: ("+test.reason+")\n$", c.stderr.String())
				assert.Equal(t, 1, strings.Count(c.stderr.String(), "\n"))
			})
		}
	}
}

// TestRunWaitBoundsEverything has no server, or one that stops answering.
func TestRunWaitBoundsEverything(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	c := prepare(t, "run", "fred", "--servers", silent.Addr().String(), "--wait",
		"1s", "--", "true")
	begun := time.Now()
	c.start(t)
	assert.Equal(t, 125, c.status(t))
	assert.Less(t, time.Since(begun), 3*time.Second)
	assert.Regexp(t, `^zooky: no answer from .* within 1s\n$`, c.stderr.String())
}
