package benchmarks

import (
	"context"
	"fmt"
	"time"
)

// Case is a situation that libraries are compared in.
type Case struct {
	Name, Title string
	Table       string        // which table it stands in
	libraries   []string      // who takes part, as far as they are asked for
	rounds      int           // at most; 0 for as many as are asked for
	long        bool          // only if asked for
	timeout     time.Duration // of the sessions; 0 for sessionTimeout

	// pass takes one sample of times. Where count is set it takes another one, of what only a proxy
	// can count.
	pass  func(context.Context, *bench, client, place) (Sample, error)
	count func(context.Context, *bench, client, place) (Sample, error)
}

// Sample is what one pass found, by the name of the figure.
type Sample map[string]float64

// Figures, by their names in results. Times are in milliseconds.
const (
	figureRate     = "acquisitions/s"
	figureFairness = "fewest/most"
	figureRequests = "requests/acquisition"
	figureBytes    = "bytes/acquisition"

	figureRemoteRate  = "remote acquisitions/s"
	figureRemoteWaits = "local holds a remote contender waited for"

	figureWrites       = "writes"
	figureLongestWrite = "longest wait of a writer"

	figureJoinBytes    = "bytes/contender to queue"
	figureJoinRequests = "requests/contender to queue"
	figureHandOff      = "time/hand-off"
	figureHandOffBytes = "bytes/hand-off"
	figureHandOffAsks  = "requests/hand-off"

	figureHeldMemory        = "bytes/held lock"
	figureWaitingStacks     = "stack bytes/waiting lock"
	figureHeldGoroutines    = "goroutines/held lock"
	figureWaitingMemory     = "bytes/waiting lock"
	figureWaitingGoroutines = "goroutines/waiting lock"

	figureCancel        = "cancelled, servers answering"
	figureCancelLongest = "cancelled, servers answering, longest"
	figureHang          = "cancelled, servers hanging"
	figureHangLongest   = "cancelled, servers hanging, longest"

	figurePeak        = "requests in the busiest second"
	figureAllRequests = "requests until quiet"
	figureAllBytes    = "bytes until quiet"
	figureAllTime     = "time until quiet"
)

const (
	sessionTimeout = 10 * time.Second // the default of the library

	// longTimeout is for cases in which thousands wait without a change: no client is to look after
	// his session, or at the queue again, in the middle of it.
	longTimeout = 30 * time.Second
)

// cases returns all cases. A quick run has fewer contenders in the largest ones.
func cases(quick bool) []Case {
	libraries := []string{nameOurs, nameZkLock, nameCurator, nameKazoo, nameLimit}
	sharing := []string{nameOurs, nameHandoff, nameZkLock, nameCurator, nameKazoo, nameLimit}
	slow := 10 * time.Millisecond
	if quick { // in whose passes eight locks could not be acquired once
		slow = time.Millisecond
	}
	all := []Case{throughput("alone", "alone", libraries, 1, 1, 0)}
	for _, n := range []int{2, 8, 32, 128} {
		all = append(all,
			throughput(fmt.Sprintf("sessions-%d", n), fmt.Sprintf("%d sessions", n),
				libraries, n, 1, 0))
	}
	all = append(all,
		throughput("goroutines-64", "64 goroutines, one session", sharing, 1, 64, 0),
		semaphoreOf10(),
		remoteContender(),
		readers(),
		throughput("delay-1ms", "alone, 1 ms each way", libraries, 1, 1, time.Millisecond),
		throughput("delay-10ms", "alone, 10 ms each way", libraries, 1, 1, 10*time.Millisecond),
		throughput("sessions-8-delay-1ms", "8 sessions, 1 ms each way", libraries, 8, 1,
			time.Millisecond),
		together(2, slow), together(8, slow),
		looping("held-5ms", "alone, held for 5 ms", []string{nameOurs, nameZkLock},
			loop{sessions: 1, workers: 1, hold: 5 * time.Millisecond}, 0),
	)
	lengths, waiting, holding := []int{10, 100, 1000, 5000}, 10000, 300
	if quick {
		lengths, waiting, holding = []int{10, 100, 1000}, 1000, 20
	}
	for _, n := range lengths {
		all = append(all, longQueue(n))
	}
	all = append(all, drain(20000), footprint(waiting), cancelling(), reconnecting(waiting),
		fleetOf(holding))
	return all
}
