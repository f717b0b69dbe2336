package main

// ofEnsemble are mutants of package ensemble.
var ofEnsemble = []mutant{
	{
		name:  "watches: what has become known meanwhile is read again",
		edits: []edit{{"internal/ensemble/reading.go", "known { // since", "known && false { // since"}},
		tests: "TestWhatIsKnownIsNotRead",
	},
	{
		name:  "servers: the one whose connection has ended is tried before others that failed once",
		edits: []edit{{"internal/ensemble/servers.go", "	case (a == sv.latest) != (b == sv.latest):\n		return b == sv.latest\n", ""}},
		tests: "TestVirtualABrokenConnectionLeadsToAnotherServer",
	},
	{
		name:  "session: unknown to its server, which passes for an answer",
		edits: []edit{{"internal/ensemble/servererror.go", "	-12: zk.ErrSessionExpired, -112:", "	-112:"}},
		tests: "TestVirtualSessionThatItsServerDoesNotKnow",
	},
	{
		name:  "lease: a glance does not see that the deadline has moved",
		edits: []edit{{"internal/ensemble/lease.go", "	l.sure.Store(0) // whatever", "	// whatever"}},
		tests: "TestGlance",
	},
	{
		name:  "lease: a glance is good for longer than the deadline",
		edits: []edit{{"internal/ensemble/lease.go", "earlier(l.looked.Add(lately), until)", "l.looked.Add(lately)"}},
		tests: "TestGlance",
	},
	{
		name:  "lister: a broken connection is not noticed",
		edits: []edit{{"internal/ensemble/watches.go", "	for b := range t.below {\n		b.breakLocked()\n	}\n", ""}},
		tests: "TestVirtualListerFollows",
	},
	{
		name:  "lister: a server that knows no such watch fails",
		edits: []edit{{"internal/ensemble/reading.go", "		if err != nil && zs.NoteRefusal(wire.OpAddWatch, err) {\n			return nil\n		}\n", ""}},
		tests: "TestVirtualListerOfOtherServers",
	},
	{
		name:  "several locks: a transaction that was throttled taken for answered",
		edits: []edit{{"internal/ensemble/request.go", "		return coded(op())\n", "		return op()\n"}, {"internal/ensemble/request.go", "{Err: coded(op())}", "{Err: op()}"}},
		tests: "TestVirtualLockAllThrottled",
	},
	{
		name:  "downgrade: a hand-off between writers takes a listing",
		edits: []edit{{"internal/ensemble/watches.go", "	return w.node.told\n", "	return false\n"}},
		tests: "TestVirtualAHandOffBetweenWritersTakesNoListing",
	},
	{
		name:  "semaphore: a lost connection taken for a release",
		edits: []edit{{"internal/ensemble/watches.go", "	return w.node.reported && w.node.news.told() > told\n", "	return w.node.news.told() > told\n"}},
		tests: "TestVirtualALostConnectionIsNoRelease",
	},
	{
		name:  "election: the creation of the lock's znode overlooked",
		edits: []edit{{"internal/ensemble/watches.go", ", children.key(path), presence.key(path)}", ", children.key(path)}"}},
		tests: "TestVirtualObserveWithoutAZnode",
	},
	{
		name:  "session with a timeout too short to hold anything kept",
		edits: []edit{{"internal/ensemble/admit.go", "if l.tooShort(time.Since(asked)) {", "if false {"}},
		tests: "TestVirtualClaimedShortTimeout",
	},
	{
		name:  "session id logged at Info",
		edits: []edit{{"internal/ensemble/log.go", "	c.cfg.Logger.Debug(\"zookeeper session\", \"id\"", "	c.cfg.Logger.Info(\"zookeeper session\", \"id\""}},
		tests: "TestSessionIDsAreLoggedAtDebugOnly|TestVirtualNoSessionIDAtInfo",
	},
	{
		name:  "footprint: no bound for what a session owns",
		edits: []edit{{"internal/ensemble/footprint.go", "zs.footprint+footprint > most {", "zs.footprint+footprint > most+1<<30 {"}},
		tests: "TestVirtualFootprint",
	},
	{
		name:  "footprint: not given back",
		edits: []edit{{"internal/ensemble/footprint.go", "	zs.footprint -= footprint\n", ""}},
		tests: "TestVirtualFootprint",
	},
	{
		name:  "jeopardy: told when the lease is over",
		edits: []edit{{"internal/ensemble/proof.go", "	return p.timeout() / 4\n", "	return 0\n"}},
		tests: "TestVirtualJeopardy",
	},
	{
		name:  "jeopardy: told between two beats",
		edits: []edit{{"internal/ensemble/proof.go", "	return p.timeout() / 4\n", "	return p.timeout() * 7 / 16\n"}},
		tests: "TestVirtualJeopardy",
	},
	{
		name:  "jeopardy: pings counted as beats",
		edits: []edit{{"internal/ensemble/proof.go", "	if p.kind == LeasePing {\n		return", "	if p.kind == LeaseServer {\n		return"}},
		tests: "TestVirtualJeopardy",
	},
	{
		name: "deadline ignored",
		edits: []edit{{"internal/ensemble/lease.go", "	holds := l.takeLocked()\n	l.mu.Unlock()\n	lose(holds, ErrLeaseRanOut)",
			"	l.mu.Unlock()"}},
		tests: "TestLostClosesBeforeAnotherAcquires",
	},
	{
		name: "deadline as late as the session timeout",
		edits: []edit{{"internal/ensemble/proof.go", "	if !proved || !deadline.After(p.deadline) {\n",
			"	if deadline = sent.Add(p.timeout() * 5 / 4); !proved || !deadline.After(p.deadline) {\n"}},
		tests: "TestLostClosesBeforeAnotherAcquires",
	},
	{
		name: "deadline counted from the answer",
		edits: []edit{{"internal/ensemble/proof.go", "return sent.Add(timeout - timeout/100 - timeout/4 - unheard(timeout) - now.Sub(sent))",
			"return now.Add(timeout - timeout/100 - timeout/4 - unheard(timeout))"}},
		tests: "TestTheDeadlineCountsFromTheRequest",
	},
	{
		name:  "silence before the grant forgotten",
		edits: []edit{{"internal/ensemble/proof.go", "		deadline = earlier(deadline, t.heardDeadline())\n", ""}},
		tests: "TestVirtualGrantAfterASilentWait",
	},
	{
		name:  "leader taken to hear what its follower hears at once",
		edits: []edit{{"internal/ensemble/traffic.go", "		if operation.Sub(a.at) >= aging(timeout) {\n", "		if true {\n"}},
		tests: "TestVirtualGrantAfterASilentWait",
	},
	{
		name:  "no wait until the leader has heard",
		edits: []edit{{"internal/ensemble/admit.go", "time.Until(l.proof.heardUntil()) <= heard {", "time.Until(l.proof.heardUntil()) <= 0 {"}},
		tests: "TestVirtualGrantAfterASilenceIsSoonAndLasts",
	},
	{
		name:  "deadline of a longer session timeout kept",
		edits: []edit{{"internal/ensemble/proof.go", "	if shrunk {\n", "	if false {\n"}},
		tests: "TestVirtualTimeoutShrinks",
	},
	{
		name:  "connect request without an answer thought to change nothing",
		edits: []edit{{"internal/ensemble/proof.go", "	if p.offered.IsZero() {\n		p.offered = sent\n	}\n", ""}},
		tests: "TestVirtualTimeoutShrinksUntold",
	},
	{
		name:  "beat of a longer session timeout waited for",
		edits: []edit{{"internal/ensemble/lease.go", "		Nudge(l.soon)\n", ""}},
		tests: "TestVirtualHoldOutlivesSmallerTimeout",
	},
	{
		name:  "claimed session timeout believed by the lease",
		edits: []edit{{"internal/ensemble/proof.go", "	shortest.timeout = min(shortest.timeout, granted)\n", "	shortest.timeout = granted\n"}},
		tests: "TestVirtualClaimedTimeout",
	},
	{
		name:  "traffic of a raised session timeout counted by the asked one",
		edits: []edit{{"internal/ensemble/proof.go", "	if granted > shortest.timeout {\n		p.terms = append", "	if false {\n		p.terms = append"}},
		tests: "TestProof",
	},
	{
		name:  "session that no server takes waited for",
		edits: []edit{{"internal/ensemble/outlast.go", "wait <= 0 && !zs.serving", "false"}},
		tests: "TestVirtualWipedEnsemble",
	},
	{
		name:  "transaction of the session before told to the servers",
		edits: []edit{{"internal/ensemble/session.go", "	close(zs.none)\n	zs.Watches =", "	close(zs.none)\n	zs.lastZxid.Store(c.newestZxid.Load())\n	zs.Watches ="}},
		tests: "TestVirtualWipedEnsemble",
	},
	{
		name:  "younger ensemble not noticed",
		edits: []edit{{"internal/ensemble/common.go", "	c.rewinds.Add(1)\n", ""}},
		tests: "TestVirtualWipedEnsemble",
	},
	{
		name:  "one server ends Dial",
		edits: []edit{{"internal/ensemble/client.go", `errors.Is(err, ErrExpired) && c.closing.Err() == nil`, "false //"}},
		tests: "TestVirtualExpiredBeforeItBegan",
	},
	{
		name:  "bad address not remembered",
		edits: []edit{{"internal/ensemble/servers.go", "	case a.failed != b.failed:\n		return b.failed\n", ""}},
		tests: "TestVirtualOneOfSeveralAddressesIsBad",
	},
	{
		name:  "server that was left tried again first",
		edits: []edit{{"internal/ensemble/servers.go", "	defer sv.mu.Unlock()\n	a.failed = true\n", "	defer sv.mu.Unlock()\n"}},
		tests: "TestVirtualServerOutOfStep",
	},
	{
		name:  "names looked up once",
		edits: []edit{{"internal/ensemble/servers.go", "!h.fixed && !h.looking {", "!h.fixed && !h.looking && h.addresses == nil {"}},
		tests: "TestVirtualNameMoves",
	},
	{
		name:  "look-up waited for though addresses are known",
		edits: []edit{{"internal/ensemble/servers.go", "			stale = true\n", ""}},
		tests: "TestVirtualSlowLookUps",
	},
	{
		name:  "connections never given more than a second",
		edits: []edit{{"internal/ensemble/servers.go", "min(connectLimit<<min(sv.round-1, 8), connectMost)", "connectLimit"}},
		tests: "TestVirtualAFarNetwork",
	},
	{
		name:  "certificate verified for the address",
		edits: []edit{{"internal/ensemble/dial.go", "handshakeTLS(ctx, conn, config, to.server)", "handshakeTLS(ctx, conn, config, to.dial)"}},
		tests: "TestTLSVerifiesTheName",
	},
	{
		name:  "connections without deadlines left so",
		edits: []edit{{"internal/ensemble/dial.go", "	conn = wire.WithDeadlines(conn)\n", ""}},
		tests: "TestConnectionsWithoutDeadlines",
	},
	{
		name:  "suspension forgotten where the session timeout shrinks",
		edits: []edit{{"internal/ensemble/lease.go", "sent.Add(l.sleptAtOffer-l.slept)", "sent"}},
		tests: "TestVirtualSuspendedWhileTheTimeoutShrinks",
	},
	{
		name:  "pings confirm the quorum lease",
		edits: []edit{{"internal/ensemble/proof.go", "		return quorumConfirms(op)\n", "		return quorumConfirms(op) || op == wire.OpPing\n"}},
		tests: "TestPingsProveNothingToTheQuorumLease",
	},
	{
		name:  "no beats",
		edits: []edit{{"internal/ensemble/beat.go", "	if l.kind != LeaseQuorum {\n		return\n	}\n	for {", "	if true {\n		return\n	}\n	for {"}},
		tests: "TestLeaseLastsWhileTheEnsembleAnswers",
	},
	{
		name: "hold admitted without a fresh proof",
		edits: []edit{
			{"internal/ensemble/admit.go", "	if l.kind != LeaseServer && time.Until(l.proof.until()) <= proof {\n", "	if false {\n"},
			{"internal/ensemble/admit.go", "	if l.kind == LeaseQuorum && time.Until(l.proof.heardUntil()) <= heard {\n", "	if false {\n"},
		},
		tests: "TestLeaseLastsWhileTheEnsembleAnswers",
	},
	{
		name:  "suspension not noticed",
		edits: []edit{{"internal/ensemble/proof.go", "	p.deadline = p.deadline.Add(-d)\n", ""}},
		tests: "TestVirtualSuspendedHolder",
	},
	{
		name: "answer counts although the machine slept",
		edits: []edit{{"internal/ensemble/lease.go", `	if sent.Before(l.awake) {
		// the machine may have slept in between, for longer than the answer took by this clock
		return`, "	if false {\n		return //"}},
		tests: "TestVirtualSuspendedWithAProofUnderWay",
	},
	{
		name:  "removal not noticed by the beat",
		edits: []edit{{"internal/ensemble/beat.go", "			z.hold.Missing(z.path)\n", ""}},
		tests: "TestARemovalIsNoticedWithoutItsEvent",
	},
	{
		name:  "beats: a watch that was used up counts",
		edits: []edit{{"internal/ensemble/held.go", "return n.news.armed() && !n.opaque", "return (n.news.armed() || n.news.told() > 0) && !n.opaque"}},
		tests: "TestVirtualARemovedHoldIsTold",
	},
	{
		name: "beats: a watch of an earlier connection counts",
		edits: []edit{
			{"internal/ensemble/watches.go", "		node.disarm()\n		node.stood = stood\n", "		node.news.both.Add(2)\n		node.stood = stood\n"},
			{"events.go", "		ev.Session.Watches.WakeAll() // the server has forgotten all watches of the connection\n", ""},
		},
		tests: "TestVirtualARemovedHoldIsTold",
	},
	{
		name:  "beats: a watch that tells of nothing counts",
		edits: []edit{{"internal/ensemble/held.go", "n.news.armed() && !n.opaque &&", "n.news.armed() &&"}},
		tests: "TestWhatVouchesForAHold",
	},
	{
		name:  "beats: a watch that wakes nothing counts",
		edits: []edit{{"internal/ensemble/held.go", " && n.isHeld }", " }"}},
		tests: "TestWhatVouchesForAHold",
	},
	{
		name:  "beats: holds not checked in rotation",
		edits: []edit{{"internal/ensemble/held.go", "h.checked < late || !fresh && (inTurn ||", "late > time.Since(l.made) || !fresh && (inTurn && i == 0 ||"}},
		tests: "TestVirtualHoldsOnAServerThatLostATransaction",
	},
	{
		name:  "beats: holds of a busy session not checked",
		edits: []edit{{"internal/ensemble/held.go", "h.checked < late ||", "late > time.Since(l.made) ||"}},
		tests: "TestVirtualHoldsOnAServerThatLostATransaction",
	},
	{
		name:  "beats: when a hold was checked is not noted",
		edits: []edit{{"internal/ensemble/held.go", "		h.Tenure.checked = asked\n", "		_, _ = h, asked\n"}},
		tests: "TestVirtualIdleHoldsCostNothing",
	},
	{
		name:  "beats: the same holds each time",
		edits: []edit{{"internal/ensemble/held.go", "		l.turn = first + share\n", ""}},
		tests: "TestVirtualIdleHoldsCostNothing",
	},
	{
		name:  "beats: all holds checked each time",
		edits: []edit{{"internal/ensemble/held.go", "< share\n", "< share*len(held)\n"}},
		tests: "TestVirtualIdleHoldsCostNothing",
	},
	{
		name:  "beats: young holds not checked",
		edits: []edit{{"internal/ensemble/held.go", "(inTurn || !vouched)", "(inTurn || false && !vouched)"}},
		tests: "TestVirtualYoungHoldsAreChecked",
	},
	{
		name:  "beats: data of any version",
		edits: []edit{{"internal/ensemble/beat.go", "Version: z.version}", "Version: wire.AnyVersion}"}},
		tests: "TestVirtualAMarkWithoutAnEvent",
	},
	{
		name:  "beats: another version is no reason to look",
		edits: []edit{{"internal/ensemble/beat.go", "			l.zs.Watches.doubt(z.path, z.version)\n", ""}},
		tests: "TestVirtualAMarkWithoutAnEvent",
	},
	{
		name:  "beats: audits read holds",
		edits: []edit{{"internal/ensemble/verify.go", "if beats && node.vouches() {", "if false && beats {"}},
		tests: "TestVirtualIdleHoldsCostNothing",
	},
	{
		name:  "unread: watched from a later transaction",
		edits: []edit{{"internal/ensemble/unread.go", "t.watchSinceLocked(created.Czxid, both)", "t.watchSinceLocked(t.zs.lastZxid.Load(), both)"}},
		tests: "TestVirtualWhatBefallsANewWaiter",
	},
	{
		name:  "unread: its state counts as known",
		edits: []edit{{"internal/ensemble/reading.go", "armed() && !w.node.unread:", "armed():"}},
		tests: "TestVirtualWhatBefallsANewWaiter",
	},
	{
		name:  "unread: its state counts as known once it is watched",
		edits: []edit{{"internal/ensemble/restore.go", "!stands || node.unread {", "!stands {"}},
		tests: "TestUnread",
	},
	{
		name:  "unread: read after all",
		edits: []edit{{"internal/recipe/candidate.go", " && (i == 0 || !w.IsUnread())", ""}},
		tests: "TestVirtualWhatAWaiterAsks",
	},
	{
		name:  "unread: what may be hidden from its maker",
		edits: []edit{{"internal/recipe/candidate.go", " && c.cfg.isReadByAll()", ""}},
		tests: "TestVirtualWhatAWaiterAsks",
	},
	{
		name:  "unread: the first in the queue",
		edits: []edit{{"internal/recipe/candidate.go", "c.czxid != 0 && c.line.More &&", "c.czxid != 0 &&"}},
		tests: "TestVirtualAGivenUpLockSaysWhoIsAhead",
	},
	{
		name:  "Close leaves a server that removes candidates",
		edits: []edit{{"internal/ensemble/close.go", "left < before {", "left < before-1e6 {"}},
		tests: "TestVirtualCloseOnASlowServer",
	},
	{
		name:  "Close waits without end for a server that removes candidates",
		edits: []edit{{"internal/ensemble/close.go", " && time.Since(begun) < longestRemoval", " && !begun.IsZero()"}},
		tests: "TestVirtualCloseOnASlowServer",
	},
	{
		name:  "Close stays with a server that hangs",
		edits: []edit{{"internal/ensemble/close.go", "			zs.leave()\n", ""}},
		tests: "TestVirtualCloseOnAServerThatHangs",
	},
	{
		name:  "restored watches: from the transaction of an event",
		edits: []edit{{"internal/ensemble/session.go", "noteDisconnected(zs.answered.Load())", "noteDisconnected(zs.lastZxid.Load())"}},
		tests: "TestVirtualHalfOfTheEvents",
	},
	{
		name:  "restored watches: one that was used up",
		edits: []edit{{"internal/ensemble/watches.go", "node.stood || node.news.armed() && node.what", "node.stood || node.what"}},
		tests: "TestVirtualAMarkThatWasNotRead",
	},
	{
		name:  "restored watches: what is told meanwhile is forgotten",
		edits: []edit{{"internal/ensemble/restore.go", "err == nil && node.news.told() == r.told\n", "err == nil\n"}},
		tests: "TestVirtualChangesWhileAHolderIsCutOff",
	},
	{
		name:  "restored watches: without an answer",
		edits: []edit{{"internal/ensemble/restore.go", "err == nil && node.news.told() == r.told\n", "node.news.told() == r.told\n"}},
		tests: "TestVirtualServersThatRestoreNoWatches",
	},
	{
		name:  "restored watches: a deletion counts as told",
		edits: []edit{{"internal/ensemble/watches.go", "gone && !restored", "(gone || restored && gone)"}},
		tests: "TestVirtualADowngradeWhileAWriterIsCutOff",
	},
	{
		name:  "restored watches: forgotten when a server hangs up",
		edits: []edit{{"internal/ensemble/watches.go", "stood := node.stood || node.news.armed() &&", "stood := node.news.armed() &&"}},
		tests: "TestVirtualReconnectionWithManyHolds",
	},
	{
		name:  "restored watches: forgotten by an audit",
		edits: []edit{{"internal/ensemble/verify.go", "		if node.news.armed() { // otherwise it is read anyway", "		if true { // otherwise it is read anyway"}},
		tests: "TestVirtualReconnectionWithManyHolds",
	},
	{
		name:  "restored watches: in one request of any size",
		edits: []edit{{"internal/ensemble/restore.go", "size > restoreAtOnce &&", "size > 100*restoreAtOnce &&"}},
		tests: "TestVirtualReconnectionWithManyHolds",
	},
	{
		name:  "restored watches: a refusal is not remembered",
		edits: []edit{{"internal/ensemble/restore.go", "	t.zs.NoteRefusal(wire.OpSetWatches, err)\n", ""}},
		tests: "TestVirtualServersThatRestoreNoWatches",
	},
	{
		name:  "holds not lost with their session",
		edits: []edit{{"internal/ensemble/session.go", "	if first {\n		zs.Lease.end(reason)\n", "	if first {\n"}},
		tests: "TestExpiryIsToldAtOnce",
	},
	{
		name:  "server out of step believed",
		edits: []edit{{"internal/ensemble/verify.go", "			t.verify()\n", ""}},
		tests: "TestVirtualServerOutOfStep",
	},
	{
		name:  "requests run in the session after an expiry",
		edits: []edit{{"internal/ensemble/session.go", "		zs.disconnect() // here and now: zk.Conn's next step is to dial for a new session\n", ""}},
		tests: "TestNoConnectionAfterAnExpiry",
	},
	{
		name:  "servers: a hang-up is never a refusal",
		edits: []edit{{"internal/ensemble/vocabulary.go", "const hangUpsToRefuse = 2", "const hangUpsToRefuse = 1 << 30"}},
		tests: "TestVirtualKindsOfServers",
	},
	{
		name:  "servers: one hang-up is a refusal",
		edits: []edit{{"internal/ensemble/vocabulary.go", "const hangUpsToRefuse = 2", "const hangUpsToRefuse = 1"}},
		tests: "TestVirtualABrokenConnectionIsNoRefusal",
	},
	{
		name:  "servers: what was answered is suspected",
		edits: []edit{{"internal/ensemble/vocabulary.go", "	v.known[op] = true\n", ""}},
		tests: "TestVirtualABrokenConnectionIsNoRefusal",
	},
	{
		name:  "servers: bad arguments are the caller's",
		edits: []edit{{"internal/ensemble/vocabulary.go", "!errors.Is(err, zk.ErrBadArguments)", "!errors.Is(err, zk.ErrNothing)"}},
		tests: "TestVirtualKindsOfServers",
	},
	{
		name:  "servers: a refusal is said each time",
		edits: []edit{{"internal/ensemble/vocabulary.go", "	first := !v.refused[op]\n", "	first := true\n"}},
		tests: "TestVirtualARefusalIsSaidOnce",
	},
	{
		name:  "servers: another session goes on as the old one",
		edits: []edit{{"internal/ensemble/session.go", "id != 0 && id != h.SessionID", "id == -1"}},
		tests: "TestVirtualKindsOfServersReconnect",
	},
	{
		name: "next number taken for proof although the lock's znode is another",
		edits: []edit{{"internal/ensemble/watches.go", "	if node := t.nodes[path]; node != nil && node.news.armed() {\n		return node.memo\n",
			"	if node := t.nodes[path]; node != nil {\n		return node.memo\n"},
			{"internal/ensemble/watchednode.go", "	n.memo, n.stood, n.reported = nil, false, false\n", "	n.stood, n.reported = false, false\n"},
			{"internal/ensemble/watches.go", "	if node.waiters == nil && !node.news.armed() && node.reading == nil {", "	if node.waiters == nil && !node.news.armed() && node.reading == nil && node.memo == nil {"}},
		tests: "TestTheNextNumberIsNoProofInAnotherZnode",
	},
	{
		name: "candidate of a creation under way not waited for by Close",
		edits: []edit{
			{"internal/ensemble/footprint.go", "	if zs.ephemerals == 0 {\n		zs.none = make(chan struct{})\n	}\n	zs.ephemerals++\n", "	zs.ephemerals++\n"},
			{"internal/ensemble/footprint.go", "	if zs.ephemerals--; zs.ephemerals == 0 {\n		close(zs.none)\n	}\n", "	zs.ephemerals--\n"},
		},
		tests: "TestVirtualCloseAfterALostCreation",
	},
	{
		name:  "connection broken with the session's mutex held",
		edits: []edit{{"internal/ensemble/dial.go", "	live := zs.live\n	zs.mu.Unlock()\n	if live != nil {", "	live := zs.live\n	defer zs.mu.Unlock()\n	if live != nil {"}},
		tests: "TestVirtualCloseWhileListingsGoUnanswered",
	},
	{
		name:  "request that was throttled taken for answered",
		edits: []edit{{"internal/ensemble/outcome.go", "	case errors.Is(err, throttledOp):\n		return Throttled\n", ""}},
		tests: "TestVirtualThrottled",
	},
	{
		name:  "own requests numbered anew on every connection",
		edits: []edit{{"internal/ensemble/dial.go", "		OwnRequests:  &zs.OwnRequests,\n", ""}},
		tests: "TestVirtualTwoLocksWhileTheSessionMoves",
	},
	{
		name: "one commit taken for two creations",
		edits: []edit{
			{"internal/ensemble/dial.go", "		OwnRequests:  &zs.OwnRequests,\n", ""},
			{"internal/wire/compare.go", "	if !right || asked.Wrong != \"\" {\n", "	if right = true; !right {\n"},
		},
		tests: "TestVirtualOneLockWhileTheSessionMoves",
	},
	{
		name:  "session kept whose numbers are used up",
		edits: []edit{{"internal/ensemble/dial.go", "		a.zs.giveUp(err)\n", ""}},
		tests: "TestVirtualNumbersUsedUp",
	},
	{
		name: "context's cause taken for a server's answer",
		edits: []edit{{"internal/ensemble/errors.go", "func (g GaveUp) Error() string { return g.Why.Error() }\n",
			"func (g GaveUp) Error() string { return g.Why.Error() }\nfunc (g GaveUp) Unwrap() error { return g.Why }\n"}},
		tests: "TestVirtualCauseIsNoMissingZnode",
	},
	{
		name: "request repeated in a context that a loss has ended",
		edits: []edit{{"internal/ensemble/errors.go", "func (g GaveUp) Error() string { return g.Why.Error() }\n",
			"func (g GaveUp) Error() string { return g.Why.Error() }\nfunc (g GaveUp) Unwrap() error { return g.Why }\n"}},
		tests: "TestVirtualRequestsInALostHoldsContext",
	},
	{
		name:  "context's cause taken for the Session's end",
		edits: []edit{{"internal/ensemble/errors.go", "return context.Cause(ctx) == errClosing }", "return context.Cause(ctx) == errClosing || errors.Is(context.Cause(ctx), ErrClosed) }"}},
		tests: "TestVirtualCauseIsNoOwnEnd",
	},
	{
		name:  "text of a context's cause taken for a server's code",
		edits: []edit{{"internal/ensemble/servererror.go", "	if err == nil || IsGaveUp(err) {", "	if err == nil {"}},
		tests: "TestVirtualCauseIsNoCode",
	},
	{
		name:  "outage not told from contention",
		edits: []edit{{"internal/ensemble/obstacle.go", "	if zs.serving {\n		return Obstacle{}, false\n", "	if true {\n		return Obstacle{}, false\n"}},
		tests: "TestVirtualAGivenUpCallTellsOfAnOutage",
	},
	{
		name:  "holder's name overwritten by a mark",
		edits: []edit{{"internal/ensemble/reading.go", "			now.state.Who = node.state.Who\n", ""}},
		tests: "TestVirtualAGivenUpLockSaysWhoIsAhead",
	},
	{
		name:  "enforced authentication not noticed by Dial",
		edits: []edit{{"internal/ensemble/client.go", "			if _, _, err := zs.Conn.Exists(\"/\"); !errors.Is(err, zk.ErrNoAuth) {", "			if err := error(nil); !errors.Is(err, zk.ErrNoAuth) {"}},
		tests: "TestVirtualEnforcedAuthentication",
	},
	{
		name:  "Deadline forgets a suspension",
		edits: []edit{{"internal/ensemble/lease.go", "	l.noticeSleepLocked(time.Now(), 0)\n	return l.proof.until()\n", "	return l.proof.until()\n"}},
		tests: "TestVirtualDeadlineOfASuspendedMachine",
	},
	{
		name:  "stats: a lease that ran out had time left",
		edits: []edit{{"internal/ensemble/lease.go", "	l.zs.client.noteLeft(0)\n", ""}},
		tests: "TestVirtualStats",
	},
	{
		name:  "stats: the time left is noted after the deadline has moved",
		edits: []edit{{"internal/ensemble/lease.go", "			l.zs.client.noteLeft(until.Sub(now))\n", "			l.zs.client.noteLeft(until.Sub(now) + l.proof.until().Sub(until))\n"}},
		tests: "TestVirtualStats",
	},
	{
		name:  "log: the session's id at Info",
		edits: []edit{{"internal/ensemble/log.go", `	c.cfg.Logger.Debug("zookeeper session"`, `	c.cfg.Logger.Info("zookeeper session"`}},
		tests: "TestVirtualNoSessionIDAtInfo",
	},
	{
		name:  "log: an expiry is a failed authentication",
		edits: []edit{{"internal/ensemble/log.go", "	format = strings.Replace(format, \"authentication failed\", \"connect request failed\", 1)\n", "	format = strings.TrimSpace(format)\n"}},
		tests: "TestVirtualNoSessionIDAtInfo",
	},
	{
		name:  "log: a server that hangs is told of when it answers",
		edits: []edit{{"internal/ensemble/lease.go", "	l.zs.noteUnanswered()\n", ""}},
		tests: "TestVirtualLogOfASlowServer",
	},
	{
		name:  "log: every slow answer has a line",
		edits: []edit{{"internal/ensemble/slow.go", "	if !s.told.IsZero() && now.Sub(s.told) < slowReminder {\n		return Slowness{}\n	}\n", ""}},
		tests: "TestVirtualLogOfAServerThatIsSlowForLong",
	},
	{
		name:  "log: one quick answer ends a slowness",
		edits: []edit{{"internal/ensemble/slow.go", " || now.Sub(s.last) < timeout {", " {"}},
		tests: "TestSlowness",
	},
	{
		name:  "log: a slowness goes on at another server",
		edits: []edit{{"internal/ensemble/slow.go", "		*s = slowness{} // of a server that was left\n", "		s.server = server\n"}},
		tests: "TestSlowness",
	},
}
