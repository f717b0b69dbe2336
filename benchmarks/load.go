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
	writes         int64         // transactions that clients have asked for
	client, server time.Duration // of CPU; server is negative if it is not known
}

var (
	zxidPattern   = regexp.MustCompile(`(?m)^Zxid: 0x([0-9a-f]+)`)
	writesPattern = regexp.MustCompile(`(?m)^zk_cnt_updatelatency\t(\d+)`)
)

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
	zxid, err := s.ask("srvr", zxidPattern)
	if err != nil {
		return l, err
	}
	writes, err := s.ask("mntr", writesPattern)
	if err != nil {
		return l, err
	}
	s.asked.Add(2)
	if l.zxid, err = strconv.ParseInt(zxid, 16, 64); err != nil {
		return l, err
	}
	l.writes, err = strconv.ParseInt(writes, 10, 64)
	return l, err
}

// since returns what has been done since before, and what of it was no request of a client.
func (l load) since(before load) (s Sample, others int64) {
	took := l.at.Sub(before.at).Seconds()
	writes := l.writes - before.writes
	s = Sample{
		figureFleetRequests:  float64(l.requests-before.requests) / took,
		figureFleetWrites:    float64(writes) / took,
		figureFleetClientCPU: milliseconds(l.client-before.client) / took,
	}
	if l.server >= 0 {
		s[figureFleetServerCPU] = milliseconds(l.server-before.server) / took
	}
	return s, l.zxid - before.zxid - writes
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

// resting measures what sessions cost that hold locks and do nothing else. Once a minute the server
// removes the empty containers that earlier passes have left; what is measured meanwhile does not
// count.
func (b *bench) resting(ctx context.Context, p place) (Sample, error) {
	measure := b.measure
	if !b.quick {
		measure = max(measure, 2*p.timeout) // that have a dozen beats
		sleep(ctx, settling)
	}
	for {
		before, err := b.server.load()
		if err != nil {
			return nil, err
		}
		sleep(ctx, measure)
		after, err := b.server.load()
		if err != nil {
			return nil, err
		}
		s, others := after.since(before)
		if others == 0 || ctx.Err() != nil {
			return s, ctx.Err()
		}
	}
}
