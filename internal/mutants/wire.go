package main

// ofWire are mutants of packages wire, mailbox, queue and zkpath.
var ofWire = []mutant{
	{
		name:  "semaphore: a small hold given back taken for a great one",
		edits: []edit{{"internal/queue/permit.go", "least == 0 || n < least", "least == 0 || n > least"}},
		tests: "TestVirtualSemaphoreForesees",
	},
	{
		name:  "names: the servers' own znodes accepted",
		edits: []edit{{"internal/zkpath/zkpath.go", "path == \"/zookeeper\" || ", "false && "}},
		tests: "TestTheServersOwnZnodesAreNoLocks",
	},
	{
		name:  "multiRead without a result taken for the others'",
		edits: []edit{{"internal/wire/compare.go", "b.Fail(\"multiRead has not as many results as were asked for\")", "_ = 0"}},
		tests: "TestAnAnswerToSomethingElseBreaksTheConnection",
	},
	{
		name:  "granted when those are gone that were watched, without a look at the queue",
		edits: []edit{{"internal/queue/line.go", "	case l.More || gone.LeavesReader():\n", "	case gone.LeavesReader():\n"}},
		tests: "TestOthersThanTheHolderLeave",
	},
	{
		name:  "granted when the nearest but one is gone",
		edits: []edit{{"internal/queue/line.go", "slices.Concat(nearer, l.Nearest[at+1:])", "slices.Clone(l.Nearest[at+1:])"}},
		tests: "TestAHandOffNeedsNoRequest",
	},
	{
		name:  "claimed session timeout believed by the connection",
		edits: []edit{{"internal/wire/read.go", "granted <= c.cfg.Asked {", "true {"}},
		tests: "TestVirtualClaimedTimeout",
	},
	{
		name:  "restored watches: an event counts as an answer",
		edits: []edit{{"internal/wire/read.go", " && xid != XidWatcherEvent && xid != XidPing {", " && xid != XidPing {"}},
		tests: "TestEventsAndPingsAnswerNothing|TestVirtualHalfOfTheEvents",
	},
	{
		name:  "reader does not wait for a mutex of its name",
		edits: []edit{{"internal/queue/queue.go", "k.Exclusive() || ahead.Exclusive()", "k.Exclusive() || ahead == Write"}},
		tests: "TestOneNameAsMutexAndAsRWMutex",
	},
	{
		name:  "queue ordered by whole names",
		edits: []edit{{"internal/queue/queue.go", "	if a.Seq != b.Seq {\n", "	if false {\n"}},
		tests: "TestMutexIsFirstComeFirstServed",
	},
	{
		name:  "chroot with a comma taken",
		edits: []edit{{"internal/zkpath/zkpath.go", "	if strings.Contains(chroot, \",\") || ", "	if "}},
		tests: "TestASecondSpellingOfAChroot",
	},
	{
		name:  "chroot with a blank taken",
		edits: []edit{{"internal/zkpath/zkpath.go", "unicode.IsSpace) {", "unicode.IsControl) {"}},
		tests: "TestASecondSpellingOfAChroot",
	},
	{
		name:  "WriteLock thought to read every name of ours",
		edits: []edit{{"internal/queue/client.go", "	if i > 0 && name[i-1] == '-' {\n		i--\n	}\n", ""}},
		tests: "TestQuirks|TestWhoAgrees",
	},
	{
		name:  "reader of a downgraded Curator writer overlooked",
		edits: []edit{{"internal/queue/line.go", "	case l.More || gone.LeavesReader():\n", "	case l.More || gone.LeavesReader() && false:\n"}},
		tests: "TestADowngradedCuratorWriter",
	},
	{
		name:  "zktools' names with one dash",
		edits: []edit{{"internal/queue/name.go", `{"-lock--", Lock, Zktools}, `, `{"-lock-", Lock, Zktools}, `}},
		tests: "TestZnodesAreLikeThePeers",
	},
	{
		name:  "any number taken for the next",
		edits: []edit{{"internal/queue/line.go", "self.Seq == emptyThrough+1", "self.Seq > emptyThrough"}},
		tests: "TestTheNextNumberIsNoProofBehindOthers",
	},
	{
		name:  "newest transaction kept from the next server",
		edits: []edit{{"internal/wire/conn.go", "last > int64(", "false && last > int64("}},
		tests: "TestTheNewestTransactionIsTold",
	},
	{
		name: "requests sent before the credentials",
		edits: []edit{{"internal/wire/own.go", `||
			c.out.credentials < c.cfg.Credentials {`, " {"}},
		tests: "TestSendWaitsForTheCredentials",
	},
	{
		name:  "requests sent into the middle of others",
		edits: []edit{{"internal/wire/own.go", " || !c.out.betweenRequests()", ""}},
		tests: "TestSendComesBeforeWhatGoZookeeperWritesLater",
	},
	{
		name:  "own numbers given twice at their end",
		edits: []edit{{"internal/wire/op.go", "	if before > int64(xidOwn)-math.MinInt32 {\n", "	if before > math.MaxInt64-1 {\n"}},
		tests: "TestNoNumberIsGivenTwice",
	},
	{
		name:  "go-zookeeper's numbers given twice at their end",
		edits: []edit{{"internal/wire/outbound.go", "			if xid == xidWraps {\n", "			if false {\n"}},
		tests: "TestNoNumberIsGivenTwice",
	},
	{
		name:  "created path believed",
		edits: []edit{{"internal/wire/compare.go", "	if !right || asked.Wrong != \"\" {\n", "	if right = true; !right {\n"}},
		tests: "TestAnAnswerToSomethingElseBreaksTheConnection|FuzzCreated",
	},
	{
		name:  "forged path deleted",
		edits: []edit{{"internal/wire/compare.go", "	if !right || asked.Wrong != \"\" {\n", "	if right = true; !right {\n"}},
		tests: "TestForgedCreationsHarmNobody",
	},
	{
		name:  "creation of another session believed",
		edits: []edit{{"internal/wire/compare.go", "stat.EphemeralOwner != owner || ", "stat.EphemeralOwner != owner && owner == 0 || "}},
		tests: "TestAnAnswerToSomethingElseBreaksTheConnection",
	},
	{
		name:  "results of a multi believed that were not asked for",
		edits: []edit{{"internal/wire/compare.go", "		if done != last || asked.Wrong != \"\" {\n			b.Fail(\"multi has", "		if last && !done || asked.Wrong != \"\" {\n			b.Fail(\"multi has"}},
		tests: "TestHostileServerCannotHurt",
	},
	{
		name:  "children with paths for names believed",
		edits: []edit{{"internal/wire/compare.go", " || bytes.IndexByte(name, '/') >= 0 {", " {"}},
		tests: "TestAnAnswerToSomethingElseBreaksTheConnection",
	},
	{
		name:  "hooks: a request without an answer is not told",
		edits: []edit{{"internal/wire/conn.go", "		c.cfg.Ended(e)\n", "		_ = e\n"}},
		tests: "TestVirtualHooksOfRequestsThatFail",
	},
	{
		name: "hooks: an error in the answer to a request is not told",
		edits: []edit{{"internal/wire/read.go",
			"		c.ended(req.op, req.sent, code)\n",
			"		c.ended(req.op, req.sent, 0)\n"}},
		tests: "TestVirtualHooksOfRequestsThatFail",
	},
	{
		name: "hooks: requests past go-zookeeper are not told",
		edits: []edit{{"internal/wire/own.go",
			"		c.ended(req.op, req.sent, r.Code)\n", "		_ = r.Code\n"}},
		tests: "TestVirtualHooksOfRequests",
	},
	{
		name: "hooks: pings are not told",
		edits: []edit{{"internal/wire/read.go",
			"			c.ended(OpPing, sent, code)\n", "			_ = sent\n"}},
		tests: "TestVirtualHooksOfRequests",
	},
	{
		name:  "hooks: each event costs memory",
		edits: []edit{{"internal/mailbox/mailbox.go", "next := m.taken[:0]\n", "var next []T\n"}},
		tests: "TestMailboxReusesItsMemory|TestVirtualHooksAllocateNothing",
	},
	{
		name:  "hooks: each event wakes the goroutine",
		edits: []edit{{"internal/mailbox/mailbox.go", "m.taker == resting && urgent\n", "m.taker == resting\n"}},
		tests: "TestRest",
	},
	{
		name:  "mailbox: what was taken is kept",
		edits: []edit{{"internal/mailbox/mailbox.go", "	clear(m.taken) // for the garbage collector\n", ""}},
		tests: "TestMailboxLetsGoOfWhatWasTaken",
	},
	{
		name:  "mailbox: the end waits for the rest",
		edits: []edit{{"internal/mailbox/mailbox.go", "	if m.urgent || m.closed {\n", "	if m.urgent {\n"}},
		tests: "TestRestEndsWithTheMailbox",
	},
}
