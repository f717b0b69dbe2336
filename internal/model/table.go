package main

import "fmt"

// A model is a file in which each rule can be left out, by its number.
type model struct {
	file    string
	bounds  []bound
	mutants []mutant
}

// A bound is one choice of a model's constants.
type bound struct {
	name string
	full bool // takes long
	set  []string
}

// A mutant is a model without one rule.
type mutant struct {
	number int
	name   string
	breaks string // the property
	bound  string // within which that shows
}

// search is one run of the checker.
type search struct {
	name, file string
	mutant     int
	breaks     string
	bounds     []string
}

// searches lists what is to be run.
func searches(full bool) (all []search) {
	for _, m := range models {
		set := make(map[string][]string)
		for _, b := range m.bounds {
			set[b.name] = b.set
			if full || !b.full {
				all = append(all, search{name: m.file + ", " + b.name, file: m.file, bounds: b.set})
			}
		}
		for _, mu := range m.mutants {
			name := fmt.Sprintf("%s: %s", m.file, mu.name)
			all = append(all, search{name, m.file, mu.number, mu.breaks, set[mu.bound]})
		}
	}
	return all
}

func queueBounds(clients, rounds, znodes, second, readers, ordered, lag, moves, giveups, removals,
	forces, recreations, long int) []string {
	names := []string{"CLIENTS", "ROUNDS", "ZNODES", "SECOND", "READERS", "ORDERED", "LAG", "MOVES",
		"GIVEUPS", "REMOVALS", "FORCES", "RECREATIONS", "LONG"}
	values := []int{clients, rounds, znodes, second, readers, ordered, lag, moves, giveups,
		removals, forces, recreations, long}
	for i := range names {
		names[i] = fmt.Sprintf("%s=%d", names[i], values[i])
	}
	return names
}

// semaphoreBounds are for two permits.
func semaphoreBounds(clients, lag, moves, giveups, resizes, removals int) []string {
	return append([]string{"ROUNDS=1", "SIZE=2", "MOST=2"},
		fmt.Sprint("CLIENTS=", clients), fmt.Sprint("LAG=", lag), fmt.Sprint("MOVES=", moves),
		fmt.Sprint("GIVEUPS=", giveups), fmt.Sprint("RESIZES=", resizes),
		fmt.Sprint("REMOVALS=", removals))
}

var models = []model{
	{
		file: "queue.pml",
		bounds: []bound{
			{"three clients, a session moves", false,
				queueBounds(3, 1, 3, 4, 0, 1, 1, 1, 1, 0, 0, 0, 0)},
			{"two clients, twice each, a session moves", false,
				queueBounds(2, 2, 3, 2, 0, 0, 1, 1, 0, 0, 0, 0, 0)},
			{"two clients, twice each, the lock's znode is made again", false,
				queueBounds(2, 2, 4, 2, 0, 0, 0, 0, 1, 1, 0, 1, 0)},
			{"four readers and writers", false, queueBounds(4, 1, 4, 6, 1, 1, 0, 0, 0, 0, 0, 0, 0)},
			{"four writers, one gives up", false,
				queueBounds(4, 1, 4, 6, 0, 1, 0, 0, 1, 0, 0, 0, 0)},
			{"four readers and writers, one gives up", true,
				queueBounds(4, 1, 4, 6, 1, 1, 0, 0, 1, 0, 0, 0, 0)},
			{"siblings, one removed, the lock's znode made again", false,
				queueBounds(3, 1, 3, 2, 0, 1, 0, 0, 0, 1, 1, 1, 0)},
			{"a long queue", false, queueBounds(4, 1, 4, 6, 0, 1, 0, 0, 1, 0, 0, 0, 1)},
			{"three readers and writers, force", false,
				queueBounds(3, 1, 3, 4, 1, 1, 0, 0, 0, 1, 1, 0, 0)},
			{"three readers and writers, force, a server behind", true,
				queueBounds(3, 1, 3, 4, 1, 1, 1, 0, 0, 1, 1, 0, 0)},
			{"three clients, in any order, a session moves", true,
				queueBounds(3, 1, 4, 4, 0, 0, 2, 1, 1, 0, 0, 0, 0)},
			{"three clients, a session moves twice", true,
				queueBounds(3, 1, 3, 4, 0, 1, 1, 2, 0, 0, 0, 0, 0)},
			{"four clients, a session moves", true,
				queueBounds(4, 1, 4, 6, 0, 1, 1, 1, 0, 0, 0, 0, 0)},
		},
		mutants: []mutant{
			{1, "created again without a search", waiting,
				"two clients, twice each, a session moves"},
			{2, "searched for without Sync", "orphan_free", "three clients, a session moves"},
			{3, "a server that is behind takes the session over", "orphan_free",
				"three clients, a session moves"},
			{4, "given up without a search", "orphan_free", "three clients, a session moves"},
			{5, "removal not repeated", "orphan_free", "three clients, a session moves"},
			{6, "granted when those watched are gone, though there were more", "first_come",
				"four writers, one gives up"},
			{7, "granted when the nearest but one is gone", "exclusion",
				"four writers, one gives up"},
			{8, "the number believed though the watch has ended", "exclusion",
				"two clients, twice each, the lock's znode is made again"},
			{9, "the number believed though it was not alone", "exclusion",
				"two clients, twice each, the lock's znode is made again"},
			{10, "a number that does not follow directly", "exclusion",
				"two clients, twice each, the lock's znode is made again"},
			{11, "one that only waited says that it was first", "exclusion",
				"four writers, one gives up"},
			{12, "one that somebody else removed says that it was first", "exclusion",
				"siblings, one removed, the lock's znode made again"},
			{14, "not looked again on a new connection", waiting, "three clients, a session moves"},
			{15, "own znode not looked at", "still_there",
				"siblings, one removed, the lock's znode made again"},
			{16, "readers overtake a writer that waits", "first_come", "four readers and writers"},
			{17, "one that gives up leaves a record", "exclusion", "a long queue"},
			{18, "granted though the removal by force has failed", "exclusion",
				"three readers and writers, force"},
			{19, "a sibling that leaves keeps its seat", waiting,
				"siblings, one removed, the lock's znode made again"},
			{20, "a sibling that is not directly ahead", "exclusion",
				"siblings, one removed, the lock's znode made again"},
		},
	},
	{
		file: "session.pml",
		bounds: []bound{
			{"the session moves once", false, []string{"ROUNDS=1", "REQUESTS=6", "MOVES=1"}},
			{"the session moves twice", true, []string{"ROUNDS=1", "REQUESTS=8", "MOVES=2"}},
		},
		mutants: []mutant{
			{1, "xids begin anew on every connection", "exclusion", "the session moves once"},
			{2, "the leader takes requests from where the session was", "orphan_free",
				"the session moves once"},
			{3, "searched for without Sync", "orphan_free", "the session moves once"},
			{4, "created again without a search", "orphan_free", "the session moves once"},
			{5, "taken over ahead of what the server had passed on", "orphan_free",
				"the session moves twice"},
		},
	},
	{
		file: "lease.pml",
		bounds: []bound{
			{"one timeout, a follower cut off", false,
				[]string{"LONG=8", "SHORT=8", "BREAKDOWNS=0", "CUTS=1"}},
			{"one timeout, one reconnection", false,
				[]string{"LONG=4", "SHORT=4", "BREAKDOWNS=1", "CUTS=1"}},
			{"two timeouts, one reconnection", false,
				[]string{"LONG=8", "SHORT=4", "BREAKDOWNS=1", "CUTS=1"}},
			{"two timeouts, two reconnections", true,
				[]string{"LONG=8", "SHORT=4", "BREAKDOWNS=2", "CUTS=1"}},
		},
		mutants: []mutant{
			{1, "counted from a ping", "told_before_expiry", "one timeout, a follower cut off"},
			{2, "the deadline of the longer timeout kept", "told_before_expiry",
				"two timeouts, one reconnection"},
			{3, "the latest timeout believed, not the shortest", "told_before_expiry",
				"two timeouts, two reconnections"},
			{4, "a connect request that is not answered counts for nothing", "told_before_expiry",
				"two timeouts, one reconnection"},
			{5, "counted from a confirmed operation alone", "told_before_expiry",
				"one timeout, a follower cut off"},
			{6, "an answer counts at once as heard by the leader", "told_before_expiry",
				"one timeout, a follower cut off"},
			{7, "a connection counts from its answer", "told_before_expiry",
				"one timeout, one reconnection"},
		},
	},
	{
		file: "cached.pml",
		bounds: []bound{
			{"three holds, one breakdown", false, []string{"HOLDS=3", "ROUNDS=2", "BREAKDOWNS=1"}},
			{"five holds, three breakdowns", true, []string{"HOLDS=5", "ROUNDS=3", "BREAKDOWNS=3"}},
		},
		mutants: []mutant{
			{1, "an idle hold is never given back", waiting, "three holds, one breakdown"},
			{2, "nothing is listed again on a new connection", waiting,
				"three holds, one breakdown"},
			{3, "removed because it looked idle", "exclusion", "three holds, one breakdown"},
			{4, "the watch is set by a later request", waiting, "three holds, one breakdown"},
			{5, "granted again although another client was heard of", "heeded",
				"three holds, one breakdown"},
		},
	},
	{
		file: "lockall.pml",
		bounds: []bound{
			{"two locks, one removal by force", false,
				[]string{"ROUNDS=1", "REMOVALS=1", "REPEATS=0"}},
			{"two locks, a number repeats", false, []string{"ROUNDS=1", "REMOVALS=0", "REPEATS=1"}},
			{"two locks, one removal by force, a number repeats", true,
				[]string{"ROUNDS=1", "REMOVALS=1", "REPEATS=1"}},
		},
		mutants: []mutant{
			{1, "created one after the other without an order", waiting,
				"two locks, one removal by force"},
			{2, "granted when the first is free", "exclusion", "two locks, one removal by force"},
			{3, "only the one that was removed is made again", waiting,
				"two locks, one removal by force"},
			{4, "a number that was given before is believed", "exclusion",
				"two locks, a number repeats"},
		},
	},
	{
		file: "semaphore.pml",
		bounds: []bound{
			{"three clients, another size", false, semaphoreBounds(3, 0, 0, 0, 1, 0)},
			{"two clients, another size", false, semaphoreBounds(2, 0, 1, 0, 1, 0)},
			{"two clients, one removed, a session moves", false,
				semaphoreBounds(2, 0, 1, 0, 0, 1)},
			{"three clients, one removed, a session moves", false,
				semaphoreBounds(3, 0, 1, 0, 0, 1)},
			{"two clients, a session moves, a server behind, one gives up", false,
				semaphoreBounds(2, 1, 1, 1, 0, 0)},
			{"two clients, a session moves twice, a server behind, another size, one gives up", true,
				semaphoreBounds(2, 1, 2, 1, 1, 0)},
			{"three clients, a session moves, a server behind", true,
				semaphoreBounds(3, 1, 1, 0, 0, 0)},
		},
		mutants: []mutant{
			{1, "the transaction does not look at the size", "room", "two clients, another size"},
			{2, "the transaction does not look at the candidate", "room",
				"three clients, one removed, a session moves"},
			{3, "the queue is left before permits are taken", "room", "three clients, another size"},
			{4, "one that wants few passes another that wants many", "first_come",
				"three clients, another size"},
			{5, "a new size is not heard of", waiting, "two clients, another size"},
			{6, "a release is not heard of", waiting, "two clients, another size"},
			{7, "room foreseen without what those ahead want", "room", "three clients, another size"},
			{8, "not looked again on a new connection", waiting, "two clients, another size"},
			{9, "given up without a search", "orphan_free",
				"two clients, a session moves, a server behind, one gives up"},
			{10, "the transaction is repeated without a search", "orphan_free",
				"two clients, a session moves, a server behind, one gives up"},
			{11, "searched for without a confirmation", "orphan_free",
				"two clients, a session moves, a server behind, one gives up"},
			{12, "room foreseen by a count from before it is known who is ahead", "room",
				"three clients, another size"},
			{13, "a change before its turn taken for a release", "room",
				"three clients, another size"},
			{14, "the greatest hold taken for the one that was given back", "room",
				"three clients, another size"},
		},
	},
	{
		file: "downgrade.pml",
		bounds: []bound{
			{"two wait", false, []string{"OTHERS=2", "BREAKDOWNS=1", "MARKS=1", "GIVEUPS=1"}},
			{"three wait", true, []string{"OTHERS=3", "BREAKDOWNS=1", "MARKS=1", "GIVEUPS=1"}},
		},
		mutants: []mutant{
			{1, "the reader is created at the end of the queue", "exclusion", "two wait"},
			{2, "a mark that was not seen is overwritten", "heard", "two wait"},
			{3, "the data are left as they are", "exclusion", "two wait"},
			{4, "the reader is created afterwards", "exclusion", "two wait"},
			{5, "given up without a search", "orphan_free", "two wait"},
			{6, "a writer that is not there taken for removed", "exclusion", "two wait"},
			{7, "not looked again on a new connection", waiting, "two wait"},
		},
	},
}
