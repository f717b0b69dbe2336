package zklock

// This file has every line that this package logs; see also internal/ensemble and internal/recipe.

import (
	"context"
	"log/slog"
	"time"

	"github.com/zookylock/zklock/internal/closed"
	"github.com/zookylock/zklock/internal/ensemble"
	"github.com/zookylock/zklock/internal/recipe"
)

// isWanted reports whether the logger is not the one that discards everything.
func isWanted(logger *slog.Logger) bool { return logger.Handler() != slog.DiscardHandler }

// inLog returns a duration attribute, rounded to milliseconds.
func inLog(key string, d time.Duration) slog.Attr {
	return slog.Duration(key, d.Round(time.Millisecond))
}

func (o *observer) log(level slog.Level, msg string, attrs ...slog.Attr) {
	o.logger.LogAttrs(context.Background(), level, msg, attrs...)
}

// logLock logs a line about a lock.
func (o *observer) logLock(level slog.Level, msg string, lock LockRef, attrs ...slog.Attr) {
	about := []slog.Attr{slog.String("lock", lock.Name), slog.String("kind", lock.Kind.String())}
	o.log(level, msg, append(about, attrs...)...)
}

func (o *observer) logQueued(e QueuedEvent) {
	o.logLock(slog.LevelDebug, "waiting", e.Lock, slog.Int("ahead", e.Ahead))
}

func (o *observer) logWaiting(lock LockRef, since time.Duration, a *recipe.Acquisition) {
	if !closed.Is(a.Done()) {
		o.logLock(slog.LevelInfo, "still waiting", lock, inLog("waited", since),
			slog.String("because", a.Ahead()))
	}
}

func (o *observer) logSettled(e AcquireEndEvent) {
	if e.Err != nil {
		o.logLock(slog.LevelDebug, "not acquired", e.Lock, inLog("waited", e.Wait),
			slog.Any("error", e.Err))
		return
	}
	o.logLock(slog.LevelDebug, "acquired", e.Lock, inLog("waited", e.Wait),
		slog.String("token", e.Token.String()))
}

func (o *observer) logRevoked(e RevokedEvent) {
	attrs := []slog.Attr{inLog("held", e.Held)}
	if e.By != "" {
		attrs = append(attrs, slog.String("by", e.By))
	}
	if e.Reason != "" {
		attrs = append(attrs, slog.String("reason", e.Reason))
	}
	o.logLock(slog.LevelInfo, "asked to release", e.Lock, attrs...)
}

func (o *observer) logLost(e LostEvent) {
	level := slog.LevelWarn
	if e.Reason == LossClosed { // the program has closed the Session itself
		level = slog.LevelInfo
	}
	o.logLock(level, "lock lost", e.Lock, slog.String("reason", e.Reason.String()),
		inLog("held", e.Held))
}

func (o *observer) logEnd(e HoldEndEvent) {
	if e.Reason != NotLost {
		return // logLost has logged it
	}
	attrs := []slog.Attr{inLog("held", e.Held), inLog("took", e.Release)}
	if e.Err != nil {
		attrs = append(attrs, slog.Any("error", e.Err))
	}
	o.logLock(slog.LevelDebug, "released", e.Lock, attrs...)
}

func (o *observer) logState(e StateEvent) {
	after, server := inLog("after", e.For), slog.String("server", e.Server)
	switch {
	case e.To == StateConnected && e.From == StateSuspended:
		o.log(slog.LevelInfo, "zookeeper connected again", after, server)
	case e.To == StateConnected:
		o.log(slog.LevelInfo, "zookeeper session established", after, server,
			slog.Duration("timeout", e.Timeout))
	case e.To == StateSuspended:
		o.log(slog.LevelDebug, "zookeeper disconnected", after, server)
	case e.To == StateExpired:
		o.log(slog.LevelWarn, "zookeeper session expired", inLog(e.From.String(), e.For),
			slog.Int("holds", o.expired))
	case e.To == StateClosed:
		o.log(slog.LevelDebug, "zookeeper session closed", after)
	}
}

// logDialing logs that Dial has no session yet.
func (o *observer) logDialing(servers []string, since time.Duration, failure error) {
	o.log(slog.LevelWarn, "no zookeeper session yet", slog.Any("servers", servers),
		inLog("after", since), slog.Any("error", failure))
}

// logOutage logs that there has been no connection for long.
func (o *observer) logOutage(since time.Duration, failure error) {
	o.log(slog.LevelWarn, "zookeeper disconnected", inLog("for", since), slog.Any("error", failure))
}

func (o *observer) logSlowness(s ensemble.Slowness) {
	server, waited := slog.String("server", s.Server), inLog("waited", s.Waited)
	if s.Over {
		o.log(slog.LevelInfo, "zookeeper answers in time again", server, waited,
			inLog("after", s.For))
		return
	}
	o.log(slog.LevelWarn, "zookeeper answers slowly", server, waited, inLog("for", s.For))
}
