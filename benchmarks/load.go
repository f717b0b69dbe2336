package benchmarks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/zookylock/zklock/zktest"
)

// load is what the server and this process have done so far.
type load struct {
	at             time.Time
	requests, zxid int64
	client, server time.Duration // of CPU; server is negative if it is not known
}

var zxidPattern = regexp.MustCompile(`(?m)^Zxid: 0x([0-9a-f]+)`)

func (s *server) load() (l load, err error) {
	l.at = time.Now()
	if l.client, err = clientCPU(); err != nil {
		return l, err
	}
	if l.server, err = serverCPU(s.Server); err != nil {
		return l, err
	}
	if l.requests, err = s.received(); err != nil {
		return l, err
	}
	text, err := s.ask("srvr", zxidPattern)
	if err != nil {
		return l, err
	}
	s.asked.Add(1)
	l.zxid, err = strconv.ParseInt(text, 16, 64)
	return l, err
}

// clientCPU returns how much CPU this process has used.
func clientCPU() (time.Duration, error) {
	var usage syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), err
}

// jiffy is the unit of /proc/PID/stat, on every Linux that Go runs on.
const jiffy = 10 * time.Millisecond

// serverCPU returns how much CPU the processes of servers have used. It is negative on a system
// that has no /proc.
func serverCPU(servers ...*zktest.Server) (total time.Duration, err error) {
	for _, s := range servers {
		pid, err := s.PID()
		if err != nil {
			return 0, err
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if errors.Is(err, fs.ErrNotExist) {
			return -1, nil
		}
		if err != nil {
			return 0, err
		}
		// The name of the program, in parentheses, is the second field; the 14th and 15th are times.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		for _, field := range fields[11:13] {
			n, err := strconv.ParseInt(string(field), 10, 64)
			if err != nil {
				return 0, err
			}
			total += time.Duration(n) * jiffy
		}
	}
	return total, nil
}

// resting measures what sessions cost that hold locks and do nothing else.
func (b *bench) resting(ctx context.Context, p place) (Sample, error) {
	measure := b.measure
	if !b.quick {
		measure = max(measure, 2*p.timeout) // that have a dozen beats
		sleep(ctx, settling)
	}
	before, err := b.server.load()
	if err != nil {
		return nil, err
	}
	sleep(ctx, measure)
	after, err := b.server.load()
	if err != nil {
		return nil, err
	}
	took := after.at.Sub(before.at).Seconds()
	s := Sample{
		figureFleetRequests:  float64(after.requests-before.requests) / took,
		figureFleetWrites:    float64(after.zxid-before.zxid) / took,
		figureFleetClientCPU: milliseconds(after.client-before.client) / took,
	}
	if after.server >= 0 {
		s[figureFleetServerCPU] = milliseconds(after.server-before.server) / took
	}
	return s, ctx.Err()
}
