//go:build unix

package main_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zookylock/zklock"
)

// makeWay has a waiter or holder leave when it is asked.
func makeWay(p *zklock.Pending) {
	<-p.Revoked()
	p.Cancel()
}

func TestRevokeOfTheHolder(t *testing.T) {
	p := newPlace(t)
	m := p.lock("fred")
	ben := p.queue("fred", "ben")
	go func() { // ended by the revocation below, or with the session
		<-m.Revoked()
		m.Unlock()
	}()
	status, stdout, stderr := p.zooky("revoke", "fred", "--holder", "--wait", "30s")
	assert.Equal(t, 0, status, stderr)
	assert.Equal(t, "1 asked.\nreleased:  ann\n", stdout)
	receive(t, ben.Done())
	select {
	case <-ben.Revoked():
		t.Error("ben was asked too")
	default:
	}
}

// TestRevokeOfOne has ann, ben and cat in a queue, and names ben in every way.
func TestRevokeOfOne(t *testing.T) {
	for what, of := range map[string]func(c zklock.Contender) string{
		"znode":   func(c zklock.Contender) string { return c.Znode },
		"token":   func(c zklock.Contender) string { return zklock.Token{Zxid: c.Zxid}.String() },
		"session": func(c zklock.Contender) string { return fmt.Sprintf("%#x", c.SessionID) },
	} {
		t.Run(what, func(t *testing.T) {
			p, other := newPlace(t), newPlace(t)
			m := p.lock("fred")
			s, err := zklock.Dial(t.Context(), ensemble.Connect(), zklock.WithRoot(p.root))
			require.NoError(t, err)
			defer s.Close()
			other.session, other.root = s, p.root
			go makeWay(other.queue("fred", "ben"))
			p.queue("fred", "cat")
			which := of(p.requireQueue("fred", 3)[1])
			status, stdout, stderr := p.zooky("revoke", "fred", "--contender", which,
				"--wait", "30s")
			assert.Equal(t, 0, status, stderr)
			assert.Equal(t, "1 asked.\nreleased:  ben\n", stdout)
			assert.NoError(t, m.Err())
			p.requireQueue("fred", 2)
			status, stdout, stderr = p.zooky("revoke", "fred", "--contender", which)
			assert.Equal(t, 1, status)
			assert.Empty(t, stdout)
			assert.Equal(t, "zooky: no such contender: "+which+"\n", stderr)
		})
	}
}

func TestClearOfOne(t *testing.T) {
	p := newPlace(t)
	m := p.lock("fred")
	p.queue("fred", "ben")
	p.create("fred/"+stray, "")
	znodes := p.requireQueue("fred", 2)
	status, stdout, stderr := p.zooky("clear", "fred", "--contender", m.Token().String(), "--yes")
	assert.Equal(t, 0, status, stderr)
	assert.Equal(t, "1 removed from the queue of fred.\n", stdout)
	receive(t, m.Lost())
	assert.Equal(t, znodes[1].Znode, p.requireQueue("fred", 1)[0].Znode)

	status, stdout, _ = p.zooky("clear", "fred", "--contender", stray, "--yes")
	assert.Equal(t, 0, status)
	assert.Equal(t, "0 removed from the queue of fred.\n1 removed that belonged to no session.\n",
		stdout)
	status, _, stderr = p.zooky("clear", "fred", "--contender", stray, "--yes")
	assert.Equal(t, 1, status)
	assert.Equal(t, "zooky: no such contender: "+stray+"\n", stderr)
	p.requireQueue("fred", 1)
}

// TestClearLeavesThoseThatComeLater has the user think about it while another queues.
func TestClearLeavesThoseThatComeLater(t *testing.T) {
	p := newPlace(t)
	m := p.lock("fred")
	c := p.prepare("clear", "fred")
	terminal := onTerminal(t, c)
	c.requireOutput(t, "Remove that from the queue of fred? [y/N] ")
	assert.Contains(t, c.stdout.String(), "holder")
	assert.Contains(t, c.stdout.String(), "ann")
	ben := p.queue("fred", "ben")
	_, err := terminal.WriteString("y\n")
	require.NoError(t, err)
	require.Equal(t, 0, c.status(t))
	c.requireOutput(t, "1 removed from the queue of fred.")
	receive(t, m.Lost())
	receive(t, ben.Done())
	assert.NoError(t, ben.Err())
}

// TestAQuestionIsAnsweredNo has users who did not mean it.
func TestAQuestionIsAnsweredNo(t *testing.T) {
	p := newPlace(t)
	m := p.lock("fred")
	for _, test := range []struct {
		args   []string
		answer string
		status int
	}{
		{[]string{"clear", "fred"}, "n\n", 1},
		{[]string{"clear", "fred"}, "\n", 1},
		{[]string{"clear", "fred"}, "\x04", 1}, // Ctrl-D
		{[]string{"clear", "fred"}, "\x03", -1},
		{[]string{"revoke", "fred", "--then-force", "1s"}, "no\n", 1},
	} {
		c := p.prepare(test.args...)
		terminal := onTerminal(t, c)
		c.requireOutput(t, "[y/N] ")
		_, err := terminal.WriteString(test.answer)
		require.NoError(t, err)
		assert.Equal(t, test.status, c.status(t), "%q", test)
		assert.NoError(t, m.Err(), "%q", test)
	}
}

// TestYesAsksNothing has the same commands without a question on a terminal.
func TestYesAsksNothing(t *testing.T) {
	p := newPlace(t)
	for _, args := range [][]string{
		{"clear", "fred", "--yes"}, {"clear", "fred", "--force"}, {"revoke", "fred", "-y", "--then-force", "1ms"},
	} {
		m := p.lock("fred")
		c := p.prepare(args...)
		onTerminal(t, c)
		assert.Equal(t, 0, c.status(t), args)
		assert.NotContains(t, c.stdout.String(), "[y/N]")
		receive(t, m.Lost())
		m.Unlock()
	}
}
