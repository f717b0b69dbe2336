package zktest

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/zookylock/zklock/internal/fakezk"
)

// A FakeEnsemble is a ZooKeeper in memory, made by [Fake]. Clients connect through the embedded
// FakeNetwork. Use [FakeEnsemble.Network] for clients whose networks fail separately.
//
// It speaks ZooKeeper's protocol over connections in memory, so tests use the real client. It
// grants the session timeouts that the servers of [Start] grant, 200 ms to 60 s, and expires a
// session exactly when its timeout is over, which is the earliest that a server may. It does not
// support TLS, and answers requests that zklock never sends with an error.
//
// Its methods are safe for concurrent use.
type FakeEnsemble struct {
	*FakeNetwork
	cluster *fakezk.Cluster
}

// Fake starts an ensemble in memory that tb.Cleanup stops. It needs no Java, network or files.
//
// In a bubble of [testing/synctest] the ensemble uses the bubble's clock: an hour passes as soon as
// every goroutine waits. There, call Fake inside the bubble, and close every client before the
// bubble ends.
func Fake(tb testing.TB) *FakeEnsemble {
	cluster := fakezk.New(fakezk.Config{Tick: DefaultTickTime})
	cluster.Server(0).SetMost(defaultMaxSessionTimeout)
	tb.Cleanup(cluster.Close)
	f := &FakeEnsemble{cluster: cluster}
	f.FakeNetwork = f.Network()
	return f
}

// Connect returns the connect string. It is valid only with [FakeNetwork.Dial].
func (f *FakeEnsemble) Connect() string { return f.cluster.Connect() }

// Expire ends a session at once, as [Ensemble.Expire] does. The error is [ErrNoSession], wrapped.
func (f *FakeEnsemble) Expire(sessionID int64) error {
	if !f.cluster.Expire(sessionID) {
		return fmt.Errorf("zktest: expire session 0x%x: %w", sessionID, ErrNoSession)
	}
	return nil
}

// Network returns a new network to the ensemble, without faults, as for a client on another
// machine.
func (f *FakeEnsemble) Network() *FakeNetwork {
	return &FakeNetwork{f.cluster.Client()}
}

// A FakeNetwork connects clients with a [FakeEnsemble], and can be made to fail as a [Proxy] can.
// Its methods are safe for concurrent use and take effect at once.
type FakeNetwork struct {
	client *fakezk.Client
}

// Dial connects to the ensemble. Pass it to zklock.WithDialer.
func (n *FakeNetwork) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return n.client.Dial(ctx, network, address)
}

// Blackhole stops delivery in the given directions, or in both if none is given, until
// [FakeNetwork.Heal]. Connections stay open, and attempts to connect hang. Data sent meanwhile is
// delivered after Heal, because TCP would send it again. A further call adds directions.
func (n *FakeNetwork) Blackhole(directions ...Direction) {
	faulty := make([]fakezk.Direction, len(directions))
	for i, direction := range directions {
		faulty[i] = fakezk.Direction(direction)
	}
	n.client.Blackhole(faulty...)
}

// Break breaks the existing connections. New ones work.
func (n *FakeNetwork) Break() { n.client.Cut() }

// Cut breaks all connections, and refuses new ones until [FakeNetwork.Heal].
func (n *FakeNetwork) Cut() {
	n.client.Refuse()
	n.client.Cut()
}

// Delay delays by d the data that is sent from now on in each direction, so that a round trip takes
// 2d more. Zero ends the delay.
func (n *FakeNetwork) Delay(d time.Duration) { n.client.Delay(d) }

// Heal ends Blackhole, Cut and Delay.
func (n *FakeNetwork) Heal() { n.client.Heal() }
