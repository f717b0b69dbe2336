package otelzklock

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"

	"github.com/go-zookeeper/zk"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"

	"github.com/zookylock/zklock"
)

const (
	keyKind   = attribute.Key("zklock.lock.kind")
	keyName   = attribute.Key("zklock.lock.name")
	keyResult = attribute.Key("zklock.acquire.result")
	keyTry    = attribute.Key("zklock.acquire.try")
	keyAhead  = attribute.Key("zklock.queue.ahead")
	keyToken  = attribute.Key("zklock.token")
	keyReason = attribute.Key("zklock.loss.reason")
	keyBy     = attribute.Key("zklock.revocation.by")
	keyWhy    = attribute.Key("zklock.revocation.reason")
	keyState  = attribute.Key("zklock.session.state")
	keyOp     = attribute.Key("zklock.request.operation")
)

// lossReasons and states are all values of their attributes.
var (
	lossReasons = []zklock.LossReason{
		zklock.LossLease, zklock.LossExpired, zklock.LossRemoved, zklock.LossClosed,
	}
	states = []zklock.State{
		zklock.StateConnected, zklock.StateSuspended, zklock.StateExpired, zklock.StateClosed,
	}
)

func withReason(r zklock.LossReason) attribute.KeyValue { return keyReason.String(r.String()) }
func withState(st zklock.State) attribute.KeyValue      { return keyState.String(st.String()) }

// asked says who asked for the lock, and why, as far as the request does. Both are free text, and
// for spans only.
func asked(e zklock.RevokedEvent) (attrs []attribute.KeyValue) {
	if e.By != "" {
		attrs = append(attrs, keyBy.String(e.By))
	}
	if e.Reason != "" {
		attrs = append(attrs, keyWhy.String(e.Reason))
	}
	return attrs
}

// with returns the attributes that everything has, and these.
func (cfg *config) with(attrs ...attribute.KeyValue) []attribute.KeyValue {
	return slices.Concat(cfg.always, attrs)
}

// about returns the attributes that describe a lock, and these.
func (cfg *config) about(lock zklock.LockRef, attrs ...attribute.KeyValue) []attribute.KeyValue {
	all := make([]attribute.KeyValue, 0, len(cfg.always)+len(attrs)+2)
	all = append(append(all, cfg.always...), keyKind.String(lock.Kind.String()))
	if cfg.lockName != nil {
		if name := cfg.lockName(lock); name != "" {
			all = append(all, keyName.String(name))
		}
	}
	return append(all, attrs...)
}

// result says how an acquisition ended.
func result(err error) []attribute.KeyValue {
	switch {
	case err == nil:
		return []attribute.KeyValue{keyResult.String("acquired")}
	case errors.Is(err, zklock.ErrLocked):
		return []attribute.KeyValue{keyResult.String("refused")}
	default:
		return []attribute.KeyValue{keyResult.String("failed"), failure(err)}
	}
}

// failure says which class of errors err belongs to. The error of a context that ended without a
// server belongs to the servers.
func failure(err error) attribute.KeyValue {
	for _, class := range []struct {
		err  error
		name string
	}{
		{zklock.ErrUnavailable, "unavailable"},
		{zklock.ErrClosed, "closed"},
		{zklock.ErrDeadlock, "deadlock"},
		{zklock.ErrTooMany, "too_many"},
		{zklock.ErrMixedDialects, "mixed_dialects"},
		{zklock.ErrExhausted, "exhausted"},
		{zklock.ErrNotLocked, "not_locked"},
		{context.DeadlineExceeded, "timeout"},
		{context.Canceled, "canceled"},
		{zk.ErrConnectionClosed, "connection_closed"},
		{zk.ErrNoNode, "no_node"},
		{zk.ErrNodeExists, "node_exists"},
		{zk.ErrNoAuth, "no_auth"},
		{zk.ErrSessionExpired, "session_expired"},
		{zk.ErrSessionMoved, "session_moved"},
	} {
		if errors.Is(err, class.err) {
			return semconv.ErrorTypeKey.String(class.name)
		}
	}
	return semconv.ErrorTypeOther
}

// server says which server it was, by the connect string.
func server(address string) []attribute.KeyValue {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return []attribute.KeyValue{semconv.ServerAddress(address)}
	}
	attrs := []attribute.KeyValue{semconv.ServerAddress(host)}
	if number, err := strconv.Atoi(port); err == nil {
		attrs = append(attrs, semconv.ServerPort(number))
	}
	return attrs
}
