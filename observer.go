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
	tally  tally

	told *mailbox.Mailbox[func()] // to run; nil if there are neither hooks nor a logger
	// holds lost by an expiry since the last change of state; only run's goroutine uses it
	expired int
}

// slowWait is how long an acquisition waits before that is logged.
const slowWait = 10 * time.Second

func newObserver(root string, hooks []*Hooks, logger *slog.Logger,
	profile *pprof.Profile) *observer {
	o := &observer{root: root, hooks: hooks, logger: logger}
	o.tally.profile, o.tally.holds = profile, make(map[*recipe.Acquisition]struct{})
	if len(hooks) > 0 || isWanted(logger) {
		o.told = mailbox.New[func()]()
	}
	return o
}

// run calls the functions in the mailbox until that is closed.
func (o *observer) run() {
	for {
		told, ok := o.told.Take()
		if !ok {
			return
		}
		for _, tell := range told {
			tell()
		}
	}
}

// ofRecipe returns the observer as package recipe takes it.
func (o *observer) ofRecipe() *recipe.Observer {
	r := &recipe.Observer{
		Queued: o.queued, Waiting: o.waiting, Settled: o.settled,
		Revoked: o.revoked, Ended: o.ended, Released: o.released,
	}
	if isWanted(o.logger) {
		r.Patience = slowWait
	}
	return r
}

// start is called when an acquisition begins. It returns the context for the later hooks of the
// acquisition.
func (o *observer) start(ctx context.Context, c *recipe.Claim) context.Context {
	o.tally.started()
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
	if o.told == nil {
		return
	}
	o.told.Push(func() {
		e := QueuedEvent{Lock: o.ref(&a.Claim), Ahead: ahead}
		for _, h := range o.hooks {
			if h.Queued != nil {
				h.Queued(a.Trace, e)
			}
		}
		o.logQueued(e)
	})
}

func (o *observer) waiting(a *recipe.Acquisition) {
	since := time.Since(a.Begun())
	o.told.Push(func() { o.logWaiting(o.ref(&a.Claim), since, a) })
}

func (o *observer) settled(a *recipe.Acquisition, wait time.Duration, err error) {
	o.tally.settled(a, wait, err)
	if o.told == nil {
		return
	}
	o.told.Push(func() {
		e := AcquireEndEvent{Lock: o.ref(&a.Claim), Wait: wait,
			Err: opError(opAcquire(&a.Claim), a.Path, err)}
		if err == nil {
			e.Token = tokenOf(a)
		}
		for _, h := range o.hooks {
			if h.AcquireEnd != nil {
				h.AcquireEnd(a.Trace, e)
			}
		}
		o.logSettled(e)
	})
}

func tokenOf(a *recipe.Acquisition) Token {
	zxid, handoff := a.Hold().Token()
	return Token{Zxid: zxid, Handoff: handoff}
}

func (o *observer) revoked(a *recipe.Acquisition, held time.Duration, asked error) {
	o.tally.revoked()
	if o.told == nil {
		return
	}
	o.told.Push(func() {
		e := RevokedEvent{Lock: o.ref(&a.Claim), Held: held}
		if by := (*RevokedError)(nil); errors.As(asked, &by) {
			e.By, e.Reason = by.By, by.Reason
		}
		for _, h := range o.hooks {
			if h.Revoked != nil {
				h.Revoked(a.Trace, e)
			}
		}
		o.logRevoked(e)
	})
}

func (o *observer) ended(a *recipe.Acquisition, held time.Duration, lost error) {
	o.tally.ended(a, held, lost)
	if o.told == nil || lost == nil { // released reports the end of a hold that is not lost
		return
	}
	o.told.Push(func() { o.tellEnd(a, held, 0, lost) })
}

func (o *observer) released(a *recipe.Acquisition, held, took time.Duration, err error) {
	o.tally.released(err)
	if o.told == nil {
		return
	}
	o.told.Push(func() { o.tellEnd(a, held, took, err) })
}

// tellEnd reports that a hold has ended. If it is lost, it reports the loss first.
func (o *observer) tellEnd(a *recipe.Acquisition, held, took time.Duration, err error) {
	e := HoldEndEvent{
		Lock: o.ref(&a.Claim), Token: tokenOf(a), Held: held, Release: took,
		Reason: reasonOf(err), Err: opError("hold", a.Path, err),
	}
	if e.Reason != NotLost {
		o.tellLost(a, LostEvent{Lock: e.Lock, Held: held, Reason: e.Reason, Err: e.Err})
	}
	for _, h := range o.hooks {
		if h.HoldEnd != nil {
			h.HoldEnd(a.Trace, e)
		}
	}
	o.logEnd(e)
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
	o.logLost(e)
}

// ofRequests returns a function that reports requests to the hooks, or nil if no hook wants them.
func (o *observer) ofRequests() func(ensemble.Exchange) {
	var told []func(RequestEvent)
	for _, h := range o.hooks {
		if h.Request != nil {
			told = append(told, h.Request)
		}
	}
	if told == nil {
		return nil
	}
	return func(e ensemble.Exchange) {
		o.told.Push(func() {
			for _, tell := range told {
				tell(RequestEvent{
					Operation: e.Operation, Server: e.Server, Duration: e.Took,
					Err: opError(e.Operation, "", e.Err),
				})
			}
		})
	}
}

// changed is called with every new state of the Session, in order.
func (o *observer) changed(e StateEvent) {
	o.tally.changed(e.To)
	if o.told == nil {
		return
	}
	o.told.Push(func() {
		for _, h := range o.hooks {
			if h.State != nil {
				h.State(e)
			}
		}
		o.logState(e)
		o.expired = 0
	})
}
