package main

// mutants are the ways to break the library that some test must notice.
var mutants = []mutant{
	{
		name:  "granted when those are gone that were watched, without a look at the queue",
		edits: []edit{{"record.go", "	case !c.line.more:\n", "	case true:\n"}},
		tests: "TestOthersThanTheHolderLeave",
	},
	{
		name:  "granted when the nearest but one is gone",
		edits: []edit{{"record.go", "	case !c.line.more:\n		c.line.nearest = append(nearer, rest...)\n", "	case !c.line.more:\n		c.line.nearest = rest\n"}},
		tests: "TestAHandOffNeedsNoRequest",
	},
	{
		name:  "nearest but one not watched",
		edits: []edit{{"lookahead.go", "	return c.line.nearest[:min(len(c.line.nearest), keptAhead)]\n", "	return c.line.nearest[:1]\n"}},
		tests: "TestAHandOffNeedsNoRequest",
	},
	{
		name: "token from the sequence number",
		edits: []edit{
			{"candidate.go", "		c.place = self\n", "		c.place, c.czxid = self, int64(self.Seq)+1\n"},
			{"candidate.go", " || c.czxid != 0 && c.czxid != node.czxid", ""},
			{"candidate.go", "	c.czxid = node.czxid\n", ""},
		},
		tests: "TestTokensIncreaseThroughEverything",
	},
	{
		name:  "Curator's mark ignored",
		edits: []edit{{"candidate.go", `[]byte("unlock"), []byte("__REVOKE__")`, `[]byte("unlock")`}},
		tests: "TestRevokedByMarksOfOthers",
	},
	{
		name:  "any data is a mark",
		edits: []edit{{"candidate.go", "if bytes.Equal(data, mark) {", "if bytes.HasPrefix(data, mark) {"}},
		tests: "TestRevokedByMarksOfOthers",
	},
	{
		name: "data events ignored",
		edits: []edit{{"events.go", "case zk.EventNotWatching: //",
			"case zk.EventNotWatching, zk.EventNodeDataChanged: //"}},
		tests: "TestARevocationIsPushed",
	},
	{
		name: "mark overlooked while waiting",
		edits: []edit{
			{"queueing.go", "		if !told {\n			if err := c.look", "		if !told && c.self == nil {\n			if err := c.look"},
			{"queueing.go", "		return ctx, c.look(ctx) //", "		return ctx, nil //"},
		},
		tests: "TestAskedWhileWaiting|TestPendingGoesOnAfterAnExpiry",
	},
	{
		name:  "own znode not looked at after a grant without a wait",
		edits: []edit{{"oversight.go", "		a.watchOver(over)\n", "		<-over.Done()\n"}},
		tests: "TestAMarkBeforeTheFirstLook",
	},
	{
		name:  "mark missed while cut off",
		edits: []edit{{"events.go", "		ev.zs.watches.recheck() // the server has forgotten all watches of the connection\n", ""}},
		tests: "TestAMarkIsSeenAfterAReconnection",
	},
	{
		name: "candidate left after a cancel",
		edits: []edit{{"queueing.go", "	err := c.remove(context.Background())\n",
			"	var err error\n	if a.ctx.Err() == nil {\n		err = c.remove(context.Background())\n	}\n"}},
		tests: "TestPendingEndsWithItsContext",
	},
	{
		name: "candidate left after a refused try",
		edits: []edit{{"queueing.go", "	err := c.remove(context.Background())\n",
			"	var err error\n	if !a.try {\n		err = c.remove(context.Background())\n	}\n"}},
		tests: "TestTryLockLeavesNothingWhenRefused",
	},
	{
		name:  "candidate left whose creation was not answered",
		edits: []edit{{"candidate.go", "	if !exists && c.asked {\n", "	if false {\n"}},
		tests: "TestCancelAfterALostCreateReply",
	},
	{
		name: "creation repeated without a look for the id",
		edits: []edit{{"candidate.go", "			found, err := c.find(ctx)\n			if err != nil {\n				return err\n			}\n			if !found {\n				continue\n			}",
			"			if err := c.zs.await(ctx); err != nil {\n				return err\n			}\n			continue"}},
		tests: "TestNoOrphanWhereverItBreaks",
	},
	{
		name: "deadline ignored",
		edits: []edit{{"lease.go", "	holds := l.takeLocked()\n	l.mu.Unlock()\n	lose(holds, errLeaseRanOut)",
			"	l.mu.Unlock()"}},
		tests: "TestLostClosesBeforeAnotherAcquires",
	},
	{
		name: "deadline as late as the session timeout",
		edits: []edit{{"proof.go", "	if !proved || !deadline.After(p.deadline) {\n",
			"	if deadline = sent.Add(p.timeout() * 5 / 4); !proved || !deadline.After(p.deadline) {\n"}},
		tests: "TestLostClosesBeforeAnotherAcquires",
	},
	{
		name: "deadline counted from the answer",
		edits: []edit{{"proof.go", "return sent.Add(timeout - timeout/100 - timeout/4 - 2*timeout/beatsPerTimeout - now.Sub(sent))",
			"return now.Add(timeout - timeout/100 - timeout/4 - 2*timeout/beatsPerTimeout)"}},
		tests: "TestTheDeadlineCountsFromTheRequest",
	},
	{
		name:  "silence before the grant forgotten",
		edits: []edit{{"proof.go", "		deadline = earlier(deadline, t.heardDeadline())\n", ""}},
		tests: "TestVirtualGrantAfterASilentWait",
	},
	{
		name:  "leader taken to hear what its follower hears at once",
		edits: []edit{{"traffic.go", "		if operation.Sub(a.at) >= aging(timeout) {\n", "		if true {\n"}},
		tests: "TestVirtualGrantAfterASilentWait",
	},
	{
		name:  "no wait until the leader has heard",
		edits: []edit{{"lease.go", "time.Until(l.proof.heardUntil()) <= heard {", "time.Until(l.proof.heardUntil()) <= 0 {"}},
		tests: "TestVirtualGrantAfterASilenceIsSoonAndLasts",
	},
	{
		name:  "calls wait for the session timeout that was asked for",
		edits: []edit{{"timeout.go", "min(s.Timeout(), max(s.cfg.timeout, mostRaised))", "s.cfg.timeout"}},
		tests: "TestVirtualCallsWaitTheGrantedTimeout",
	},
	{
		name:  "deadline of a longer session timeout kept",
		edits: []edit{{"proof.go", "	if shrunk {\n", "	if false {\n"}},
		tests: "TestVirtualTimeoutShrinks$",
	},
	{
		name:  "connect request without an answer thought to change nothing",
		edits: []edit{{"proof.go", "	if p.offered.IsZero() {\n		p.offered = sent\n	}\n", ""}},
		tests: "TestVirtualTimeoutShrinksUntold",
	},
	{
		name:  "beat of a longer session timeout waited for",
		edits: []edit{{"lease.go", "		nudge(l.soon)\n", ""}},
		tests: "TestVirtualHoldOutlivesSmallerTimeout",
	},
	{
		name:  "claimed session timeout believed by the lease",
		edits: []edit{{"proof.go", "	shortest.timeout = min(shortest.timeout, granted)\n", "	shortest.timeout = granted\n"}},
		tests: "TestVirtualClaimedTimeout",
	},
	{
		name:  "claimed session timeout believed by the connection",
		edits: []edit{{"internal/wire/read.go", "granted <= c.cfg.Asked {", "true {"}},
		tests: "TestVirtualClaimedTimeout",
	},
	{
		name:  "traffic of a raised session timeout counted by the asked one",
		edits: []edit{{"proof.go", "	if granted > shortest.timeout {\n		p.terms = append", "	if false {\n		p.terms = append"}},
		tests: "TestProof$",
	},
	{
		name:  "session that no server takes waited for",
		edits: []edit{{"outlast.go", "wait <= 0 && !zs.serving", "false"}},
		tests: "TestVirtualWipedEnsemble",
	},
	{
		name:  "transaction of the session before told to the servers",
		edits: []edit{{"zksession.go", "	close(zs.none)\n	zs.watches =", "	close(zs.none)\n	zs.lastZxid.Store(s.newestZxid.Load())\n	zs.watches ="}},
		tests: "TestVirtualWipedEnsemble",
	},
	{
		name:  "younger ensemble not noticed",
		edits: []edit{{"outlast.go", "	s.rewinds.Add(1)\n", ""}},
		tests: "TestVirtualWipedEnsemble",
	},
	{
		name:  "one server ends Dial",
		edits: []edit{{"session.go", "errors.Is(err, errExpired) && s.closing.Err() == nil //", "false //"}},
		tests: "TestVirtualExpiredBeforeItBegan",
	},
	{
		name:  "bad address not remembered",
		edits: []edit{{"servers.go", "	case a.failed != b.failed:\n		return b.failed\n", ""}},
		tests: "TestVirtualOneOfSeveralAddressesIsBad",
	},
	{
		name:  "server that was left tried again first",
		edits: []edit{{"servers.go", "	defer sv.mu.Unlock()\n	a.failed = true\n", "	defer sv.mu.Unlock()\n"}},
		tests: "TestVirtualServerOutOfStep",
	},
	{
		name:  "names looked up once",
		edits: []edit{{"servers.go", "!h.fixed && !h.looking {", "!h.fixed && !h.looking && h.addresses == nil {"}},
		tests: "TestVirtualNameMoves",
	},
	{
		name:  "look-up waited for though addresses are known",
		edits: []edit{{"servers.go", "			stale = true\n", ""}},
		tests: "TestVirtualSlowLookUps",
	},
	{
		name:  "connections never given more than a second",
		edits: []edit{{"servers.go", "min(connectLimit<<min(sv.round-1, 8), connectMost)", "connectLimit"}},
		tests: "TestVirtualAFarNetwork",
	},
	{
		name:  "certificate verified for the address",
		edits: []edit{{"dial.go", "handshakeTLS(ctx, conn, config, to.server)", "handshakeTLS(ctx, conn, config, to.dial)"}},
		tests: "TestTLSVerifiesTheName",
	},
	{
		name:  "connections without deadlines left so",
		edits: []edit{{"dial.go", "	conn = wire.WithDeadlines(conn)\n", ""}},
		tests: "TestConnectionsWithoutDeadlines",
	},
	{
		name:  "suspension forgotten where the session timeout shrinks",
		edits: []edit{{"lease.go", "sent.Add(l.sleptAtOffer-l.slept)", "sent"}},
		tests: "TestVirtualSuspendedWhileTheTimeoutShrinks",
	},
	{
		name:  "pings confirm the quorum lease",
		edits: []edit{{"proof.go", "		return quorumConfirms(op)\n", "		return quorumConfirms(op) || op == wire.OpPing\n"}},
		tests: "TestPingsProveNothingToTheQuorumLease",
	},
	{
		name:  "no beats",
		edits: []edit{{"lease.go", "	if l.kind != LeaseQuorum {\n		return\n	}\n	for {", "	if true {\n		return\n	}\n	for {"}},
		tests: "TestLeaseLastsWhileTheEnsembleAnswers",
	},
	{
		name: "hold admitted without a fresh proof",
		edits: []edit{
			{"lease.go", "	if l.kind != LeaseServer && time.Until(l.proof.until()) <= proof {\n", "	if false {\n"},
			{"lease.go", "	if l.kind == LeaseQuorum && time.Until(l.proof.heardUntil()) <= heard {\n", "	if false {\n"},
		},
		tests: "TestLeaseLastsWhileTheEnsembleAnswers",
	},
	{
		name:  "suspension not noticed",
		edits: []edit{{"proof.go", "	p.deadline = p.deadline.Add(-d)\n", ""}},
		tests: "TestVirtualSuspendedHolder",
	},
	{
		name:  "answer counts although the machine slept",
		edits: []edit{{"lease.go", "	if sent.Before(l.awake) {\n		return //", "	if false {\n		return //"}},
		tests: "TestVirtualSuspendedWithAProofUnderWay",
	},
	{
		name: "hold kept when its znode is removed",
		edits: []edit{
			{"oversight.go", "			c.hold.lose(errRemoved)\n", "			return\n"},
			{"lease.go", "		held[missing.index].lose(errRemoved)\n", ""},
		},
		tests: "TestRemovalByForceIsLossAndRevocation",
	},
	{
		name:  "removal not noticed by the beat",
		edits: []edit{{"lease.go", "		held[missing.index].lose(errRemoved)\n", ""}},
		tests: "TestARemovalIsNoticedWithoutItsEvent",
	},
	{
		name:  "holds not lost with their session",
		edits: []edit{{"zksession.go", "	if first {\n		zs.lease.end(reason)\n", "	if first {\n"}},
		tests: "TestExpiryIsToldAtOnce",
	},
	{
		name:  "server out of step believed",
		edits: []edit{{"watches.go", "			t.verify()\n", ""}},
		tests: "TestVirtualServerOutOfStep",
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
		name:  "first blocker watched, not the nearest",
		edits: []edit{{"lookahead.go", "	watched := c.watched()\n", "	watched := c.line.nearest[len(c.line.nearest)-1:]\n"}},
		tests: "TestAReleaseWakesWhomItMust",
	},
	{
		name:  "waiter gives up when its session expires",
		edits: []edit{{"queueing.go", "errors.Is(err, errVanished) || errors.Is(err, ErrLost) && !errors.Is(err, ErrClosed)", "errors.Is(err, errVanished)"}},
		tests: "TestPendingGoesOnAfterAnExpiry",
	},
	{
		name:  "child that is no candidate waited for",
		edits: []edit{{"queueing.go", "	case err == nil && isPhantom(c.voice, *blocker, node.owner):\n", "	case err == nil && node.owner < 0:\n"}},
		tests: "TestForeignChildrenHarmNobody",
	},
	{
		name: "handle stays locked when the release fails",
		edits: []edit{
			{"mutex.go", "	a := m.take()\n	if a == nil {\n		return opError(\"unlock\"", "	a := m.holding()\n	if a == nil {\n		return opError(\"unlock\""},
			{"mutex.go", "	return opError(\"unlock\", m.path, a.release(ctx))\n}",
				"	err := a.release(ctx)\n	if err == nil {\n		m.forget(a)\n	}\n	return opError(\"unlock\", m.path, err)\n}"},
		},
		tests: "TestRemovalByForceIsLossAndRevocation|TestReleaseGoesOnInTheBackground",
	},
	{
		name: "body run although the lock was not acquired",
		edits: []edit{{"mutex.go", "	h, err := a.result()\n	if err != nil {\n		return opError(\"lock\", m.path, err)\n	}\n	body,",
			"	h, err := a.result()\n	if err != nil {\n		return opError(\"lock\", m.path, errors.Join(err, fn(ctx)))\n	}\n	body,"}},
		tests: "TestDoRunsUnderTheLock",
	},
	{
		name:  "Revoked closes with the holder's own release",
		edits: []edit{{"hold.go", "	h.finishLocked()\n	return nil\n", "	if h.err == nil {\n		h.revoked.give()\n	}\n	h.finishLocked()\n	return nil\n"}},
		tests: "TestChannelsBelongToOneHold",
	},
	{
		name:  "requests run in the session after an expiry",
		edits: []edit{{"zksession.go", "		zs.disconnect() // here and now: zk.Conn's next step is to dial for a new session\n", ""}},
		tests: "TestNoConnectionAfterAnExpiry",
	},
	{
		name:  "Guard refuses after a mark",
		edits: []edit{{"mutex.go", "return &zk.CheckVersionRequest{Path: a.hold.path, Version: -1}, nil", "return &zk.CheckVersionRequest{Path: a.hold.path, Version: 0}, nil"}},
		tests: "TestGuardLetsNoStaleHolderWrite",
	},
	{
		name:  "Guard checks the lock, not the hold",
		edits: []edit{{"mutex.go", "return &zk.CheckVersionRequest{Path: a.hold.path, Version: -1}, nil", "return &zk.CheckVersionRequest{Path: m.path, Version: -1}, nil"}},
		tests: "TestGuardLetsNoStaleHolderWrite",
	},
	{
		name:  "force without a grace",
		edits: []edit{{"revocation.go", "time.After(max(time.Duration(r), 0))", "time.After(0)"}},
		tests: "TestAskThenForceGivesAGrace",
	},
	{
		name:  "force although this candidate is gone",
		edits: []edit{{"candidate.go", "ops := []any{&zk.CheckVersionRequest{Path: c.path, Version: -1}}", "ops := []any{}"}},
		tests: "TestForceOfACandidateThatIsGoneHarmsNobody",
	},
	{
		name:  "lost hold gives its handle to the next",
		edits: []edit{{"queueing.go", "	if a.slot == nil {\n		return nil\n	}\n	if a.try {", "	if a.slot == nil {\n		return nil\n	}\n	select {\n	case <-a.slot:\n	default:\n	}\n	if a.try {"}},
		tests: "TestLostHoldOccupiesItsHandle",
	},
	{
		name:  "clients that order the queue differently let in",
		edits: []edit{{"naming.go", "		if c.phantoms[other.Name] {\n", "		if true {\n"}},
		in:    "internal/interop", tests: "TestUnsafePairsAreRefused",
	},
	{
		name:  "names of no candidates refused",
		edits: []edit{{"naming.go", "		if ephemeral {\n", "		if ephemeral || true {\n"}},
		in:    "internal/interop", tests: "TestMalformedChildrenHarmNobody",
	},
	{
		name:  "reader of a downgraded Curator writer overlooked",
		edits: []edit{{"record.go", "	case gone.LeavesReader():\n		return false, nil\n", ""}},
		in:    "internal/interop", tests: "TestADowngradedCuratorWriter",
	},
	{
		name:  "kazoo's persistent candidates overlooked",
		edits: []edit{{"lookahead.go", "return owner == 0 && !voice.Persistent(c)", "return owner == 0"}},
		in:    "internal/interop", tests: "TestKazoosPersistentCandidates",
	},
	{
		name:  "Curator asked in the recipe's words",
		edits: []edit{{"naming.go", "		return revocationMarks[1]\n", "		return revocationMarks[0]\n"}},
		in:    "internal/interop", tests: "TestWeAskAPeer",
	},
	{
		name:  "zktools' names with one dash",
		edits: []edit{{"internal/queue/name.go", `{"-lock--", Lock, Zktools}, `, `{"-lock-", Lock, Zktools}, `}},
		in:    "internal/interop", tests: "TestZnodesAreLikeThePeers",
	},
	{
		name:  "kazoo's parents as containers",
		edits: []edit{{"naming.go", "		return parent{data: []byte{}}\n", "		return parent{data: []byte{}, container: true}\n"}},
		in:    "internal/interop", tests: "TestZnodesAreLikeThePeers",
	},
	{
		name: "next number taken for proof although the lock's znode is another",
		edits: []edit{{"watches.go", "	if node := t.nodes[dir]; node != nil && node.armed {\n		return node.cleared\n",
			"	if node := t.nodes[dir]; node != nil {\n		return node.cleared\n"},
			{"watches.go", "	n.armed, n.cleared = false, -1\n", "	n.armed = false\n"},
			{"watches.go", "	if node.waiters == nil && !node.armed && node.reading == nil {", "	if node.waiters == nil && !node.armed && node.reading == nil && node.cleared < 0 {"}},
		tests: "TestTheNextNumberIsNoProofInAnotherZnode",
	},
	{
		name:  "any number taken for the next",
		edits: []edit{{"lookahead.go", "if c.place.Seq == cleared+1 {", "if c.place.Seq > cleared {"}},
		tests: "TestTheNextNumberIsNoProofBehindOthers",
	},
	{
		name:  "granted without a look at the own znode",
		edits: []edit{{"queueing.go", "		return ctx, c.look(ctx) //", "		return ctx, nil //"}},
		tests: "TestRemovedTogetherWithTheHolder",
	},
	{
		name:  "candidate that waits never looked at",
		edits: []edit{{"queueing.go", "		c.zs.patient.add(c)\n", ""}},
		tests: "TestRemovedWhileWaiting",
	},
	{
		name:  "lost hold's candidate left",
		edits: []edit{{"queueing.go", "				c.hold.whenLost(a.removeSoon)\n", ""}},
		tests: "TestALostHoldLeavesNoCandidate",
	},
	{
		name:  "newest transaction kept from the next server",
		edits: []edit{{"internal/wire/conn.go", "last > int64(", "false && last > int64("}},
		in:    "internal/wire", tests: "TestTheNewestTransactionIsTold",
	},
	{
		name:  "requests sent before the credentials",
		edits: []edit{{"internal/wire/send.go", " || c.out.credentials < c.cfg.Credentials {", " {"}},
		in:    "internal/wire", tests: "TestSendWaitsForTheCredentials",
	},
	{
		name:  "requests sent into the middle of others",
		edits: []edit{{"internal/wire/send.go", " || !c.out.betweenRequests()", ""}},
		in:    "internal/wire", tests: "TestSendComesBeforeWhatGoZookeeperWritesLater",
	},
	{
		name:  "record of another znode trusted",
		edits: []edit{{"record.go", "if ok && r.lock == stat.Czxid {", "if ok {"}},
		tests: "TestARecordIsTrustedForItsOwnZnodeOnly",
	},
	{
		name:  "data of others overwritten by a record",
		edits: []edit{{"record.go", "n.foreign = !ok && len(data) > 0", "n.foreign = false"}},
		tests: "TestARecordIsTrustedForItsOwnZnodeOnly",
	},
	{
		name:  "record written over what came meanwhile",
		edits: []edit{{"record.go", "Version: version}", "Version: min(version, -1)}"}},
		tests: "TestDataWrittenMeanwhileStays",
	},
	{
		name:  "record left by one who was not the holder",
		edits: []edit{{"record.go", "if !c.front || !c.long", "if !c.long"}},
		tests: "TestALongQueueIsNotListedAtEveryHandoff|TestOnlyAHolderLeavesARecord",
	},
	{
		name:  "sibling of another znode believed",
		edits: []edit{{"watches.go", "		if !removed {\n", "		if false {\n"}},
		tests: "TestASiblingOfAnotherZnodeProvesNothing",
	},
	{
		name:  "word of a sibling believed before it is known to have been there",
		edits: []edit{{"queueing.go", "		if leaving {\n", "		if leaving && false {\n"}},
		tests: "TestVirtualASiblingThatIsNotThereIsNoWord",
	},
	{
		name:  "number of siblings counted twice",
		edits: []edit{{"siblings.go", "	if s.seats[at] == nil {", "	if true {"}},
		tests: "TestVirtualANumberGivenTwiceIsCountedOnce",
	},
	{
		name: "candidate of a creation under way not waited for by Close",
		edits: []edit{
			{"candidate.go", "	c.setAsked(true)\n", "	c.asked = true\n"},
			{"candidate.go", "{ c.path, c.prefix = p, \"\" }", "{\n	c.path, c.prefix = p, \"\"\n	c.zs.count(true)\n}"},
			{"candidate.go", "		c.zs.count(asked)\n", "		if c.path != \"\" {\n			c.zs.count(asked)\n		}\n"},
		},
		tests: "TestVirtualCloseAfterALostCreation",
	},
	{
		name:  "connection broken with the session's mutex held",
		edits: []edit{{"dial.go", "	live := zs.live\n	zs.mu.Unlock()\n	if live != nil {", "	live := zs.live\n	defer zs.mu.Unlock()\n	if live != nil {"}},
		tests: "TestVirtualCloseWhileListingsGoUnanswered",
	},
	{
		name:  "removal cut short left to nobody once the Session closes",
		edits: []edit{{"acquisition.go", "	if c.over {\n", "	if c.over || a.s.closing.Err() != nil {\n"}},
		tests: "TestVirtualUnlockCutShortByClose",
	},
	{
		name:  "request that was throttled taken for answered",
		edits: []edit{{"zksession.go", "	case err.Error() == throttledOp:\n		return throttled\n", ""}},
		tests: "TestVirtualThrottled",
	},
	{
		name:  "what only looks like a candidate marked and removed",
		edits: []edit{{"queueing.go", "		if err := c.dismissPhantoms(ctx); err != nil {\n			return ctx, err\n		}\n", ""}},
		tests: "TestWhatOnlyLooksLikeACandidateIsLeftAlone",
	},
	{
		name:  "cohort asked while it waits not granted its turn",
		edits: []edit{{"cohort.go", "		if t.base.hold.isLost() || ", "		if !t.base.hold.stands() || "}},
		tests: "TestACohortThatIsAskedWhileItWaits",
	},
	{
		name:  "removed sibling granted the lock",
		edits: []edit{{"queueing.go", "		return ctx, c.glance(ctx)\n", "		return ctx, nil\n"}},
		tests: "TestASiblingThatWasRemovedIsNotNext",
	},
	{
		name:  "sibling that gave up taken for the holder",
		edits: []edit{{"record.go", "	if c.front {\n		c.zs.watches.bequeath", "	if true {\n		c.zs.watches.bequeath"}},
		tests: "TestASiblingThatGivesUpIsNotFollowed|TestCancelLeavesTheQueue",
	},
	{
		name:  "sibling followed with somebody in between",
		edits: []edit{{"siblings.go", "c.place.Seq - 1}", "c.place.Seq - 2}"}},
		tests: "TestAStrangerBetweenSiblingsIsSeen",
	},
	{
		name:  "hold passed on without end",
		edits: []edit{{"cohort.go", "return t.counted < t.limit && ", "return "}},
		tests: "TestAContenderWaitsForFewHandoffs",
	},
	{
		name:  "revoked hold passed on",
		edits: []edit{{"cohort.go", "t.grants < math.MaxUint32 && t.base.hold.stands()", "t.grants < math.MaxUint32"}},
		tests: "TestNoHandoffAfterARevocation",
	},
	{
		name:  "part of a hold not lost with the whole",
		edits: []edit{{"hold.go", "		p.lose(reason)\n", "		_ = p\n"}},
		tests: "TestHandedOffHoldIsLostWithItsSession",
	},
	{
		name:  "readers join although a writer queues",
		edits: []edit{{"cohort.go", "	if t.mayPass() && t.grantLocked(a) {", "	if t.grantLocked(a) {"}},
		tests: "TestReadersOfAProcessShareACandidate",
	},
}
