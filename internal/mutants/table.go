package main

// mutants are the ways to break the library that some test must notice.
var mutants = []mutant{
	{
		name:  "footprint: no bound for what a session owns",
		edits: []edit{{"footprint.go", "zs.footprint+footprint > most {", "zs.footprint+footprint > most+mostFootprint {"}},
		tests: "TestVirtualFootprint",
	},
	{
		name:  "footprint: not given back",
		edits: []edit{{"footprint.go", "	zs.footprint -= footprint\n", ""}},
		tests: "TestVirtualFootprint",
	},
	{
		name:  "footprint: given back before the outcome is known",
		edits: []edit{{"candidate.go", "		if err != nil && ctx.Err() != nil {\n			return err", "		if err != nil && ctx.Err() != nil {\n			c.exclude()\n			return err"}},
		tests: "TestVirtualFootprint",
	},
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
		edits: []edit{{"lease.go", "earlier(beatDeadline(now, sent, timeout), heardDeadline(l.heard, timeout))",
			"sent.Add(timeout + timeout/4)"}},
		tests: "TestLostClosesBeforeAnotherAcquires",
	},
	{
		name: "deadline counted from the answer",
		edits: []edit{{"lease.go", "return sent.Add(timeout - timeout/100 - timeout/4 - 2*timeout/beatsPerTimeout - now.Sub(sent))",
			"return now.Add(timeout - timeout/100 - timeout/4 - 2*timeout/beatsPerTimeout)"}},
		tests: "TestTheDeadlineCountsFromTheRequest",
	},
	{
		name: "silence before the grant forgotten",
		edits: []edit{{"lease.go", "earlier(beatDeadline(now, sent, timeout), heardDeadline(l.heard, timeout))",
			"beatDeadline(now, sent, timeout)"}},
		tests: "TestVirtualGrantAfterASilentWait",
	},
	{
		name:  "leader taken to hear what its follower hears at once",
		edits: []edit{{"traffic.go", "		if operation.Sub(a.at) >= aging(timeout) {\n", "		if true {\n"}},
		tests: "TestVirtualGrantAfterASilentWait",
	},
	{
		name:  "no wait until the leader has heard",
		edits: []edit{{"lease.go", "time.Until(heardDeadline(l.heard, timeout)) <= heard {", "time.Until(heardDeadline(l.heard, timeout)) <= 0 {"}},
		tests: "TestVirtualGrantAfterASilenceIsSoonAndLasts",
	},
	{
		name:  "pings confirm the quorum lease",
		edits: []edit{{"lease.go", "	case l.kind == LeaseQuorum && quorumConfirms(op):\n", "	case l.kind == LeaseQuorum && (quorumConfirms(op) || op == wire.OpPing):\n"}},
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
			{"lease.go", "	if l.kind != LeaseServer && time.Until(l.deadline) <= proof {\n", "	if false {\n"},
			{"lease.go", "	if l.kind == LeaseQuorum && time.Until(heardDeadline(l.heard, timeout)) <= heard {\n",
				"	if time.Until(heardDeadline(l.heard, timeout)) <= heard && false {\n"},
		},
		tests: "TestLeaseLastsWhileTheEnsembleAnswers",
	},
	{
		name:  "suspension not noticed",
		edits: []edit{{"lease.go", "	l.deadline = l.deadline.Add(-slept)\n", ""}},
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
		name: "lost hold gives its handle to the next",
		edits: []edit{
			{"slot.go", "if s.hold == nil && (len", "if (s.hold == nil || s.hold.lost.isGiven()) && (len"},
			{"slot.go", "h == nil || h != known && !h.isLost()", "true"},
		},
		tests: "TestLostHoldOccupiesItsHandle",
	},
	{
		name:  "slot: its waiter stays at the head of the queue",
		edits: []edit{{"queueing.go", "		if other != nil && (a.kind.Exclusive() || other.isLost()) {", "		if false {"}},
		tests: "TestVirtualALostHoldBlocksItsHandleAlone",
	},
	{
		name:  "slot: queued again at once",
		edits: []edit{{"slot.go", "h == nil || h != known && !h.isLost()", "true"}},
		tests: "TestVirtualALostHoldBlocksItsHandleAlone",
	},
	{
		name:  "slot: queued again until the loss is told",
		edits: []edit{{"slot.go", "h == nil || h != known && !h.isLost()", "h == nil || !h.isLost()"}},
		tests: "TestVirtualAHoldThatHasNotBeenToldBlocksItsHandleAlone",
	},
	{
		name:  "slot: readers of a handle overtake",
		edits: []edit{{"slot.go", " && (len(s.waiting) == 0 || s.waiting[0] == h)", ""}},
		tests: "TestVirtualAReaderHandleIsPassedOnInOrder",
	},
	{
		name:  "slot: a reader who gives up keeps his place",
		edits: []edit{{"queueing.go", "			a.slot.giveUp(c.hold)\n", ""}},
		tests: "TestVirtualAReaderHandleIsPassedOnInOrder",
	},
	{
		name:  "released: not told to who has lost a part",
		edits: []edit{{"acquisition.go", "	if a.left != nil {\n", "	if false {\n"}},
		tests: "TestVirtualReleasedAfterALoss",
	},
	{
		name:  "released: told before the candidate is gone",
		edits: []edit{{"cohort.go", "	if t.out > 0 && t.base.hold.stands() {\n		delete", "	if true {\n		delete"}},
		tests: "TestVirtualReleasedWhenTheCandidateIsGone",
	},
	{
		name:  "released: kept back from who has passed a hold on",
		edits: []edit{{"cohort.go", "		t.dismissLocked(t.last)\n", ""}},
		tests: "TestVirtualReleasedWhenPassedOn",
	},
	{
		name:  "cohort idle although nobody waits",
		edits: []edit{{"cohort.go", "t.checking && t.co.waiting.Len() > 0 &&", "t.checking &&"}},
		tests: "TestVirtualTheLastWaiterGivesUpAtTheHandOff",
	},
	{
		name:  "parents: one that vanishes is an error",
		edits: []edit{{"candidate.go", "if err != nil && !errors.Is(err, zk.ErrNoNode) { // otherwise", "if err != nil { // otherwise"}},
		tests: "TestVirtualParentsThatVanish",
	},
	{
		name:  "rights: a refused removal leaves an orphan",
		edits: []edit{{"acquisition.go", "		c.zs.end(errStuck)\n", ""}},
		tests: "TestARemovalThatIsRefused",
	},
	{
		name:  "rights: a lock without the right to delete is tried again",
		edits: []edit{{"rights.go", "	if !s.isSticky(dir) {", "	if true {"}},
		tests: "TestARemovalThatIsRefused",
	},
	{
		name:  "rights: no second look at who may not be read",
		edits: []edit{{"lookahead.go", "const opaqueLook = 500 * time.Millisecond", "const opaqueLook = time.Hour"}},
		tests: "TestBehindACandidateThatMayNotBeRead",
	},
	{
		name:  "try: creates first",
		edits: []edit{{"try.go", "	if a.sight.free.Load() {\n", "	if true {\n"}},
		tests: "TestVirtualARefusedTryReadsOnce",
	},
	{
		name:  "try: looks at the holder each time",
		edits: []edit{{"try.go", "		a.sight.taken.Store(&other.Name)\n", ""}},
		tests: "TestVirtualARefusedTryReadsOnce",
	},
	{
		name:  "try: always looks first",
		edits: []edit{{"try.go", "	if a.sight.free.Load() {\n", "	if false {\n"}},
		tests: "TestVirtualATryOfAFreeLockTakesOneTrip",
	},
	{
		name:  "force: a hold is watched late",
		edits: []edit{{"oversight.go", "const firstLook = 20 * time.Millisecond", "const firstLook = 60 * time.Millisecond"}},
		tests: "TestVirtualAForcedHolderIsToldSoon",
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
			{"footprint.go", "	if zs.candidates == 0 {\n		zs.none = make(chan struct{})\n	}\n	zs.candidates++\n", "	zs.candidates++\n"},
			{"footprint.go", "	if zs.candidates--; zs.candidates == 0 {\n		close(zs.none)\n	}\n", "	zs.candidates--\n"},
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
