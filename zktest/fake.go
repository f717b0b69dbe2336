package zktest

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/zookylock/zklock/internal/fakezk"
)

// A FakeEnsemble is a ZooKeeper in memory, made by [Fake]. The embedded FakeNetwork connects it
// with its clients. Use [FakeEnsemble.Network] for clients whose networks fail separately.
//
// It speaks ZooKeeper's protocol over connections in memory, so that the client under test is the
// real one. It grants the session timeouts that the servers of [Start] grant, 200 ms to 60 s, and
// expires a session exactly when its timeout is over, which is as early as a server may. It does
// not have TLS, and answers requests that zklock never sends with an error.
//
// Its methods are safe for concurrent use.
type FakeEnsemble struct {
	*FakeNetwork
	cluster *fakezk.Cluster
}

// Fake starts an ensemble in memory that tb.Cleanup stops. It needs no Java, network or files.
//
// In a bubble of [testing/synctest] its clock is the bubble's: an hour passes as soon as nothing
// else is left to do. Call Fake inside the bubble then, and close every client before the bubble
// ends.
func Fake(tb testing.TB) *FakeEnsemble {
	cluster := fakezk.New(fakezk.Config{Tick: DefaultTickTime})
	cluster.Server(0).SetMost(defaultMaxSessionTimeout)
	tb.Cleanup(cluster.Close)
	f := &FakeEnsemble{cluster: cluster}
	f.FakeNetwork = f.Network()
	return f
}

// Connect returns the connect string. Only [FakeNetwork.Dial] understands it.
func (f *FakeEnsemble) Connect() string { return f.cluster.Connect() }

// Expire ends a session at once, as [Ensemble.Expire] does. The error is [ErrNoSession], wrapped.
func (f *FakeEnsemble) Expire(sessionID int64) error {
	if !f.cluster.Expire(sessionID) {
		return fmt.Errorf("zktest: expire session 0x%x: %w", sessionID, ErrNoSession)
	}
	return nil
}

// Network returns another network to the ensemble, like that of a client on another machine. It has
// no faults at first.
func (f *FakeEnsemble) Network() *FakeNetwork {
	return &FakeNetwork{f.cluster.Client()}
}

// A FakeNetwork lies between a [FakeEnsemble] and the clients that connect through its Dial, and
// breaks as a [Proxy] does. Its methods are safe for concurrent use and take effect at once.
type FakeNetwork struct {
	client *fakezk.Client
}

// Dial connects to the ensemble. Give it to zklock.WithDialer.
func (n *FakeNetwork) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return n.client.Dial(ctx, network, address)
}

// Blackhole delivers nothing in the given directions, or in both if none is given, until
// [FakeNetwork.Heal]. Connections stay open, and attempts to connect hang. What was sent meanwhile
// arrives after Heal, as TCP sends it again. Another call adds to the first.
func (n *FakeNetwork) Blackhole(directions ...Direction) {
	faulty := make([]fakezk.Direction, len(directions))
	for i, direction := range directions {
		faulty[i] = fakezk.Direction(direction)
	}
	n.client.Blackhole(faulty...)
}

// Break breaks the existing connections. New ones work.
func (n *FakeNetwork) Break() { n.client.Cut() }

// Cut breaks every connection, and refuses new ones until [FakeNetwork.Heal].
func (n *FakeNetwork) Cut() {
	n.client.Refuse()
	n.client.Cut()
}

// Delay holds back for d what is sent from now on in each direction, a round trip for 2d; zero
// ends it.
func (n *FakeNetwork) Delay(d time.Duration) { n.client.Delay(d) }

// Heal ends Blackhole, Cut and Delay.
func (n *FakeNetwork) Heal() { n.client.Heal() }
