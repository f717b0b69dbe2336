package ensemble

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/zookylock/zklock/internal/wire"
)

// step is one thing that a proof is told, with the deadline that it is to have then, all in seconds
// from a beginning. No deadline is one below 0.
type step struct {
	do    func(*proof)
	until float64
}

var proofEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time {
	return proofEpoch.Add(time.Duration(seconds * float64(time.Second)))
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

func offered(sent float64) func(*proof) { return func(p *proof) { p.offer(at(sent)) } }
func refused(sent float64) func(*proof) { return func(p *proof) { p.refuse(at(sent)) } }

func granted(sent, timeout float64) func(*proof) {
	return func(p *proof) { p.connect(at(sent), seconds(timeout)) }
}

func answeredAt(op int32, sent, now float64) func(*proof) {
	return func(p *proof) { p.answer(op, at(sent), at(now)) }
}

func slept(d float64) func(*proof) { return func(p *proof) { p.sleep(seconds(d)) } }

// TestProof has the deadlines worked out by hand: of an operation that is sent at t and answered at
// once t + 0.49 T, and of a connect request, or what the leader has heard, t + 0.99 T.
func TestProof(t *testing.T) {
	const none = -1
	for name, c := range map[string]struct {
		kind  Proof
		asked float64
		steps []step
	}{
		"an operation": {LeaseQuorum, 10, []step{
			{granted(0, 10), none},
			{answeredAt(wire.OpMulti, 1, 1), 5.9},
			{answeredAt(wire.OpMulti, 2, 2.5), 6.4},
		}},
		"the latest proof counts": {LeaseQuorum, 10, []step{
			{granted(0, 10), none},
			{answeredAt(wire.OpMulti, 1, 1), 5.9},
			{answeredAt(wire.OpMulti, 2, 4), 5.9},
		}},
		"reads and pings prove nothing": {LeaseQuorum, 10, []step{
			{granted(0, 10), none},
			{answeredAt(wire.OpGetData, 1, 1), none},
			{answeredAt(wire.OpPing, 1, 1), none},
			{answeredAt(wire.OpSync, 1, 1), none},
		}},
		"a ping proves with LeasePing": {LeasePing, 10, []step{
			{granted(0, 10), none},
			{answeredAt(wire.OpPing, 1, 1), 5.9},
			{answeredAt(wire.OpGetData, 2, 2), 6.9},
		}},
		"after a silence only what was heard": {LeaseQuorum, 10, []step{
			{granted(0, 10), none},
			{answeredAt(wire.OpMulti, 9, 9), 9.9},
			{answeredAt(wire.OpMulti, 11, 11), 9.9},
			{answeredAt(wire.OpMulti, 12, 12), 16.9},
		}},
		"the timeout shrinks": {LeaseQuorum, 40, []step{
			{granted(0, 40), none},
			{answeredAt(wire.OpMulti, 1, 1), 20.6},
			{granted(2, 4), 5.96},
			{answeredAt(wire.OpMulti, 3, 3), 5.96},
			{answeredAt(wire.OpMulti, 4, 4), 5.96},
			{answeredAt(wire.OpMulti, 5, 5), 6.96},
		}},
		"it shrinks by little, and what was proved ends sooner": {LeaseQuorum, 10, []step{
			{granted(0, 10), none},
			{answeredAt(wire.OpMulti, 1, 1), 5.9},
			{granted(2, 8), 5.9},
		}},
		"it grows again, and the shortest counts": {LeaseQuorum, 40, []step{
			{granted(0, 4), none},
			{granted(1, 40), none},
			{answeredAt(wire.OpMulti, 2, 2), 3.96},
			{answeredAt(wire.OpMulti, 20, 20), 5.96},
			{answeredAt(wire.OpMulti, 21.1, 21.1), 23.06},
		}},
		"a connect request goes unanswered": {LeaseQuorum, 40, []step{
			{granted(0, 40), none},
			{answeredAt(wire.OpMulti, 1, 1), 20.6},
			{offered(2), 5.96},
			{offered(4), 5.96},
			{refused(4), 5.96},
			{granted(5, 40), 20.6},
		}},
		"a server hangs up on a connect request": {LeaseQuorum, 40, []step{
			{granted(0, 40), none},
			{answeredAt(wire.OpMulti, 1, 1), 20.6},
			{offered(2), 5.96},
			{refused(2), 20.6},
		}},
		"a short timeout has nothing to fear of a connect request": {LeaseQuorum, 2, []step{
			{granted(0, 2), none},
			{answeredAt(wire.OpMulti, 1, 1), 1.98},
			{offered(1.5), 1.98},
		}},
		"a server raises what was asked for": {LeaseQuorum, 1, []step{
			{granted(0, 4), none},
			{answeredAt(wire.OpMulti, 2, 2), 0.99},
			{answeredAt(wire.OpMulti, 2.3, 2.3), 2.79},
			{answeredAt(wire.OpMulti, 2.6, 2.6), 3.09},
		}},
		"raised by a little, what was heard counts by the larger": {LeaseQuorum, 3.6, []step{
			{granted(0, 4), none},
			{answeredAt(wire.OpPing, 1, 1), none},
			{answeredAt(wire.OpMulti, 3.95, 3.95), 4.564},
			{answeredAt(wire.OpMulti, 4.98, 4.98), 4.96},
		}},
		"a server claims a day": {LeaseQuorum, 2, []step{
			{granted(0, 86400), none},
			{answeredAt(wire.OpMulti, 1, 1), 1.98},
			{answeredAt(wire.OpMulti, 100, 100), 2.98},
			{answeredAt(wire.OpMulti, 101, 101), 101.98},
		}},
		"the machine was suspended": {LeaseQuorum, 10, []step{
			{granted(0, 10), none},
			{answeredAt(wire.OpMulti, 1, 1), 5.9},
			{slept(2), 3.9},
			{answeredAt(wire.OpMulti, 2, 2), 6.9},
		}},
		"it was suspended while the timeout shrank": {LeaseQuorum, 40, []step{
			{granted(0, 40), none},
			{answeredAt(wire.OpMulti, 1, 1), 20.6},
			{offered(2), 5.96},
			{slept(3), 2.96},
			{granted(-1, 4), 2.96},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProof(c.kind, seconds(c.asked))
			for i, s := range c.steps {
				s.do(&p)
				if s.until < 0 {
					assert.True(t, p.until().Before(proofEpoch), "step %d: %v", i, p.until())
				} else {
					assert.InDelta(t, s.until, p.until().Sub(proofEpoch).Seconds(),
						1e-6, "step %d", i)
				}
			}
		})
	}
}
