package benchmarks

import (
	"fmt"
	"slices"
	"time"
)

// cases returns all cases. A quick run has fewer contenders in the largest ones.
func cases(quick bool) []Case {
	libraries := []string{nameOurs, nameZkLock, nameCurator, nameKazoo, nameLimit}
	others := append(slices.Clip(libraries), nameEtcd)
	sharing := []string{nameOurs, nameHandoff, nameZkLock, nameCurator, nameKazoo, nameLimit,
		nameEtcd}
	slow := 10 * time.Millisecond
	if quick { // in whose passes eight locks could not be acquired once
		slow = time.Millisecond
	}
	all := []Case{throughput("alone", "alone", others, 1, 1, 0)}
	for _, n := range []int{2, 8, 32, 128} {
		among := libraries
		if n == 8 {
			among = others
		}
		all = append(all,
			throughput(fmt.Sprintf("sessions-%d", n), fmt.Sprintf("%d sessions", n),
				among, n, 1, 0))
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
		kept(1), kept(2), keptApart(64),
		newcomer(0), newcomer(time.Millisecond),
		apart(64, ownNames), apart(64, freshNames),
		looping("held-5ms", "alone, held for 5 ms", []string{nameOurs, nameZkLock},
			loop{sessions: 1, workers: 1, hold: 5 * time.Millisecond}, 0),
	)
	lengths, waiting, holding, each := []int{10, 100, 1000, 5000}, 10000, 300, 100
	queues, held := []int{10, 100, 1000}, []int{10_000, 50_000}
	if quick {
		lengths, waiting, holding, each = []int{10, 100}, 300, 20, 10
		queues, held = []int{10}, []int{300}
	}
	for _, n := range lengths {
		all = append(all, longQueue(n))
	}
	for _, n := range queues {
		all = append(all, queueOfSessions(n))
	}
	all = append(all, drain(20000), footprint(waiting), cancelling(), reconnecting(waiting),
		fleetOf(holding, 1), fleetOf(10, each))
	for _, n := range held {
		all = append(all, heldBy(n))
	}
	all = append(all, quorum(8, 0), quorum(8, time.Millisecond))
	return all
}
