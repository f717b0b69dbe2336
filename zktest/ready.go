package zktest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	errPortTaken     = errors.New("port is taken")
	errQuorumChanged = errors.New("quorum changed while waiting for it")
)

// poll waits until the server serves clients or, with answers, until it answers at all. It fails if
// the process ends; the error has the end of the log.
func (s *Server) poll(ctx context.Context, answers bool) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	s.mu.Lock()
	proc := s.proc
	s.mu.Unlock()
	tlsFailures := 0 // in a row
	for n := 1; ; n++ {
		// A server that starts may lose a connection and not close it.
		attempt, cancel := context.WithTimeout(ctx, time.Second)
		reply, err := fourLetter(attempt, s.plain, "srvr")
		if err == nil && s.addr != s.plain {
			err = tryTLS(attempt, s.addr) // its port opens after the other
		}
		cancel()
		if !errors.Is(err, errTLS) {
			tlsFailures = 0
		} else if tlsFailures++; tlsFailures == 10 { // more than a moment's
			return fmt.Errorf("%w; its log ends with\n%s", err, s.logTail())
		}
		if err == nil && reply != "" {
			if answers || strings.Contains(reply, "\nMode: ") {
				return nil
			}
			if !s.quorum() {
				return errQuorumChanged // another server went down meanwhile
			}
		}
		// A member of a quorum does not end when another of its ports is taken: it tries again for
		// longer than we wait. Reading the log is expensive, so it is not read every time.
		if n%100 == 0 && s.portTaken() {
			return fmt.Errorf("%w\n%s", errPortTaken, s.logTail())
		}
		select {
		case <-proc.exited:
			err := errors.New("the server ended")
			if s.portTaken() {
				err = errPortTaken
			}
			return fmt.Errorf("%w; its log ends with\n%s", err, s.logTail())
		case <-ctx.Done():
			return fmt.Errorf("%w; its log ends with\n%s", context.Cause(ctx), s.logTail())
		case <-tick.C:
		}
	}
}

func (s *Server) portTaken() bool {
	tail := s.logTail()
	return strings.Contains(tail, "Address already in use") ||
		strings.Contains(tail, "BindException")
}
