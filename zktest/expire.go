package zktest

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Expire ends a session at once, as the ensemble does when it expires: its ephemeral znodes are
// removed, its connections are closed, and a client that reconnects is told that the session has
// expired. The client is not told before. No proxy is involved. Expire takes at most 5 s for each
// server.
//
// Expire reopens the session and closes it. It knows the password, because ZooKeeper derives it
// from the id (ZooKeeperServer.generatePasswd).
func (e *Ensemble) Expire(sessionID int64) error {
	err := e.closeSession(sessionID)
	if err != nil {
		return fmt.Errorf("zktest: expire session 0x%x: %w", sessionID, err)
	}
	return nil
}

// expireAttempts bounds how often Expire tries: a client that reconnects just before its session is
// closed makes the server drop our connection.
const expireAttempts = 10

func (e *Ensemble) closeSession(id int64) error {
	var failed error
	tried := false // so that a later "no such session" means that it worked
	closed := false
	for attempt := 0; attempt < expireAttempts && !closed; attempt++ {
		for _, addr := range e.reachable() {
			ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
			err := reopenAndClose(ctx, addr, id)
			cancel()
			if errors.Is(err, ErrNoSession) && !tried {
				return err
			}
			if err == nil || errors.Is(err, ErrNoSession) {
				closed = true
				break
			}
			// The client may have come back in between, whereupon the server drops our connection
			// for its, with or without having closed the session: once more.
			tried = true
			failed = errors.Join(failed, err)
		}
	}
	if !closed {
		return errors.Join(errors.New("no server took it"), failed)
	}
	// Between the reopening and the close the client may have connected again. A server does not
	// break that connection by itself; it only stops answering. A request to reopen the dead
	// session makes the server break it.
	for _, addr := range e.reachable() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		if conn, err := openSession(ctx, addr, id, nil); err == nil {
			conn.Close()
		}
		cancel()
	}
	return nil
}

// reachable returns the addresses of the servers that can answer.
func (e *Ensemble) reachable() []string {
	if len(e.servers) == 0 {
		return e.addrs
	}
	var addrs []string
	for _, s := range e.servers {
		if running, paused := s.state(); running && !paused {
			addrs = append(addrs, s.plain)
		}
	}
	return addrs
}
