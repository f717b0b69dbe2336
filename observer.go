package zklock

import (
	"context"
	"errors"
	"log/slog"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/mailbox"
	"github.com/zookylock/zklock/internal/recipe"
)

// observer counts acquisitions, holds and states, and reports them to the hooks and the log. Its
// methods are called with locks held, so it calls the hooks and the logger on a goroutine of its
// own.
type observer struct {
	root   string // of the locks
	hooks  []*Hooks
	logger *slog.Logger
	logs   bool // whether the log is wanted
	tally  tally

	told *mailbox.Mailbox[event] // nil if there are neither hooks nor a logger
	// holds lost by an expiry since the last change of state; only run's goroutine uses it
	expired int
}

// event is a report that waits for run. A lock and unlock has several, so events are kept by value,
// and tell is a method of observer instead of a closure.
type event struct {
	tell func(o *observer, e *event)

	of    *recipe.Acquisition // nil if it is about none
	since time.Duration       // how long the acquisition, the hold or the outage had lasted
	took  time.Duration       // how long the release took
	ahead int
	err   error

	exchange ensemble.Exchange
	state    *StateEvent
	slow     *ensemble.Slowness
}

// lull is how long run rests after a report. Events that are not urgent do not wake it.
const lull = 10 * time.Millisecond

// slowWait is how long an acquisition waits before that is logged.
const slowWait = 10 * time.Second

func newObserver(root string, hooks []*Hooks, logger *slog.Logger,
	profile *pprof.Profile) *observer {
	o := &observer{root: root, hooks: hooks, logger: logger, logs: isWanted(logger)}
	o.tally.init(profile)
	if len(hooks) > 0 || o.logs {
		o.told = mailbox.New[event]()
	}
	return o
}

// run reports the events in the mailbox until that is closed.
func (o *observer) run() {
	for {
		told, ok := o.told.Take()
		if !ok {
			return
		}
		for i := range told {
			told[i].tell(o, &told[i])
		}
		o.told.Rest(lull)
	}
}

// ofRecipe returns the observer as package recipe takes it.
func (o *observer) ofRecipe() *recipe.Observer {
	r := &recipe.Observer{
		Queued: o.queued, Waiting: o.waiting, Settled: o.settled,
		Revoked: o.revoked, Ended: o.ended, Released: o.released,
	}
	if o.logs {
		r.Patience = slowWait
	}
	return r
}

// start is called when an acquisition begins. It returns the context for the later hooks of the
// acquisition.
func (o *observer) start(ctx context.Context, c *recipe.Claim) context.Context {
	o.tally.started(c)
	if len(o.hooks) == 0 {
		return nil
	}
	e := AcquireStartEvent{Lock: o.ref(c), Try: c.Try}
	for _, h := range o.hooks {
		if h.AcquireStart == nil {
			continue
		}
		if traced := h.AcquireStart(ctx, e); traced != nil {
			ctx = traced
		}
	}
	return ctx
}

func (o *observer) ref(c *recipe.Claim) LockRef {
	name := strings.TrimPrefix(strings.TrimPrefix(c.Path, o.root), "/")
	return LockRef{Name: name, Path: c.Path, Kind: kindOf(c)}
}

func (o *observer) queued(a *recipe.Acquisition, ahead int) {
	if o.told != nil {
		o.told.Push(event{tell: (*observer).tellQueued, of: a, since: time.Since(a.Begun()),
			ahead: ahead})
	}
}

func (o *observer) tellQueued(e *event) {
	told := QueuedEvent{Lock: o.ref(&e.of.Claim), Wait: e.since, Ahead: e.ahead}
	for _, h := range o.hooks {
		if h.Queued != nil {
			h.Queued(e.of.Trace, told)
		}
	}
	if o.logs {
		o.logQueued(told)
	}
}

func (o *observer) waiting(a *recipe.Acquisition) {
	o.told.PushUrgent(event{tell: (*observer).tellWaiting, of: a, since: time.Since(a.Begun())})
}

func (o *observer) tellWaiting(e *event) { o.logWaiting(o.ref(&e.of.Claim), e.since, e.of) }

func (o *observer) settled(a *recipe.Acquisition, wait time.Duration, err error) {
	o.tally.settled(a, wait, err)
	if o.told != nil {
		o.told.Push(event{tell: (*observer).tellSettled, of: a, since: wait, err: err})
	}
}

func (o *observer) tellSettled(e *event) {
	told := AcquireEndEvent{Lock: o.ref(&e.of.Claim), Wait: e.since,
		Err: opError(opAcquire(&e.of.Claim), e.of.Path, e.err)}
	if e.err == nil {
		told.Token = tokenOf(e.of)
	}
	for _, h := range o.hooks {
		if h.AcquireEnd != nil {
			h.AcquireEnd(e.of.Trace, told)
		}
	}
	if o.logs {
		o.logSettled(told)
	}
}

func tokenOf(a *recipe.Acquisition) Token {
	zxid, handoff := a.Hold().Token()
	return Token{Zxid: zxid, Handoff: handoff}
}

func (o *observer) revoked(a *recipe.Acquisition, held time.Duration, asked error) {
	o.tally.revoked(a)
	if o.told != nil {
		o.told.PushUrgent(event{tell: (*observer).tellRevoked, of: a, since: held, err: asked})
	}
}

func (o *observer) tellRevoked(e *event) {
	told := RevokedEvent{Lock: o.ref(&e.of.Claim), Held: e.since}
	if by := (*RevokedError)(nil); errors.As(e.err, &by) {
		told.By, told.Reason = by.By, by.Reason
	}
	for _, h := range o.hooks {
		if h.Revoked != nil {
			h.Revoked(e.of.Trace, told)
		}
	}
	if o.logs {
		o.logRevoked(told)
	}
}

func (o *observer) ended(a *recipe.Acquisition, held time.Duration, lost error) {
	o.tally.ended(a, held, lost)
	if o.told != nil && lost != nil { // released reports the end of a hold that is not lost
		o.told.PushUrgent(event{tell: (*observer).tellEnd, of: a, since: held, err: lost})
	}
}

func (o *observer) released(a *recipe.Acquisition, held, took time.Duration, err error) {
	o.tally.released(a, err)
	if o.told != nil {
		o.told.Push(event{tell: (*observer).tellEnd, of: a, since: held, took: took, err: err})
	}
}

// tellEnd reports that a hold has ended. If it is lost, it reports the loss first.
func (o *observer) tellEnd(e *event) {
	told := HoldEndEvent{
		Lock: o.ref(&e.of.Claim), Token: tokenOf(e.of), Held: e.since, Release: e.took,
		Reason: reasonOf(e.err), Err: opError("hold", e.of.Path, e.err),
	}
	if told.Reason != NotLost {
		o.tellLost(e.of, LostEvent{Lock: told.Lock, Held: told.Held, Reason: told.Reason,
			Err: told.Err})
	}
	for _, h := range o.hooks {
		if h.HoldEnd != nil {
			h.HoldEnd(e.of.Trace, told)
		}
	}
	if o.logs {
		o.logEnd(told)
	}
}

func (o *observer) tellLost(a *recipe.Acquisition, e LostEvent) {
	if e.Reason == LossExpired {
		o.expired++
	}
	for _, h := range o.hooks {
		if h.Lost != nil {
			h.Lost(a.Trace, e)
		}
	}
	if o.logs {
		o.logLost(e)
	}
}

// ofRequests returns a function that reports requests to the hooks, or nil if no hook wants them.
func (o *observer) ofRequests() func(ensemble.Exchange) {
	for _, h := range o.hooks {
		if h.Request != nil {
			return o.requested
		}
	}
	return nil
}

func (o *observer) requested(x ensemble.Exchange) {
	o.told.Push(event{tell: (*observer).tellRequest, exchange: x})
}

func (o *observer) tellRequest(e *event) {
	x := &e.exchange
	told := RequestEvent{Operation: x.Operation, Server: x.Server, Duration: x.Took,
		Err: opError(x.Operation, "", x.Err)}
	for _, h := range o.hooks {
		if h.Request != nil {
			h.Request(told)
		}
	}
}

// ofSlowness returns the function that reports slow servers; nil if nothing is logged.
func (o *observer) ofSlowness() func(ensemble.Slowness) {
	if !o.logs {
		return nil
	}
	return func(s ensemble.Slowness) {
		o.told.PushUrgent(event{tell: (*observer).tellSlowness, slow: &s})
	}
}

func (o *observer) tellSlowness(e *event) { o.logSlowness(*e.slow) }

// changed is called with every new state of the Session, in order.
func (o *observer) changed(e StateEvent) {
	o.tally.changed(e.To)
	if o.told != nil {
		o.told.PushUrgent(event{tell: (*observer).tellState, state: &e})
	}
}

func (o *observer) tellState(e *event) {
	for _, h := range o.hooks {
		if h.State != nil {
			h.State(*e.state)
		}
	}
	if o.logs {
		o.logState(*e.state)
	}
	o.expired = 0
}

// outage reports that there has been no connection for long.
func (o *observer) outage(since time.Duration, failure error) {
	o.told.PushUrgent(event{tell: (*observer).tellOutage, since: since, err: failure})
}

func (o *observer) tellOutage(e *event) { o.logOutage(e.since, e.err) }
