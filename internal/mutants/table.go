package main

// mutants are the ways to break the library that some test must notice.
var mutants = []mutant{
	{
		name:  "session with a timeout too short to hold anything kept",
		edits: []edit{{"lease.go", "if l.tooShort(time.Since(asked)) {", "if false {"}},
		tests: "TestVirtualClaimedShortTimeout",
	},
	{
		name:  "multiRead without a result taken for the others'",
		in:    "internal/wire",
		edits: []edit{{"internal/wire/compare.go", "b.bad(\"multiRead has not as many results as were asked for\")", "_ = 0"}},
		tests: "TestAnAnswerToSomethingElseBreaksTheConnection",
	},
	{
		name:  "candidates read together belong to a session",
		edits: []edit{{"survey.go", "err = f(together[i], &stat.Stat)", "stat.Stat.EphemeralOwner = 1\n\t\t\t\terr = f(together[i], &stat.Stat)"}},
		tests: "TestVirtualSurvey",
	},
	{
		name:  "candidates left out where they cannot be read together",
		edits: []edit{{"survey.go", "		if stats == nil {\n", "		if false {\n"}},
		tests: "TestVirtualSurvey",
	},
	{
		name:  "session id logged at Info",
		edits: []edit{{"session.go", "s.cfg.logger.Debug(\"zookeeper session's id", "s.cfg.logger.Info(\"zookeeper session's id"}},
		tests: "TestSessionIDsAreLoggedAtDebugOnly",
	},
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
		edits: []edit{{"queueing.go", "	case err == nil && !isCandidate(c.voice, *blocker, node.owner):\n", "	case err == nil && node.owner < 0:\n"}},
		tests: "TestForeignChildrenHarmNobody",
	},
	{
		name: "handle stays locked when the release fails",
		edits: []edit{
			{"mutex.go", "	a := m.take()\n	if a == nil {\n		return opError(\"unlock\"", "	a := m.holding()\n	if a == nil {\n		return opError(\"unlock\""},
			{"mutex.go", "	return opError(\"unlock\", m.path, a.release(orNone(ctx)))\n}",
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
		name:  "candidates of unknown clients ignored",
		edits: []edit{{"phantom.go", "	for _, other := range l.unknown {\n", "	for _, other := range l.unknown[:0] {\n"}},
		tests: "TestACandidateOfAnUnknownClientIsRefused",
	},
	{
		name:  "children with candidates' names looked at one by one",
		edits: []edit{{"phantom.go", "	c.sifts = true\n", ""}},
		tests: "TestPlantedChildrenAreLookedAtOnce",
	},
	{
		name:  "try refused over a child that is no candidate",
		edits: []edit{{"queueing.go", "	if err != nil || isCandidate(", "	if err == err || isCandidate("}},
		tests: "TestChildrenThatAreNoCandidates|TestLockNamesThatLookLikeCandidates",
	},
	{
		name:  "queue counted by name alone",
		edits: []edit{{"phantom.go", "		if stat != nil && isCandidate(", "		if stat != nil || isCandidate("}},
		tests: "TestChildrenThatAreNoCandidates|TestLockNamesThatLookLikeCandidates",
	},
	{
		name:  "number made by hand taken for the holder's",
		edits: []edit{{"phantom.go", "		if c.stat.Czxid < earliest || ", "		if true || "}},
		tests: "TestANumberMadeByHandHoldsNothing",
	},
	{
		name:  "chroot with a comma taken",
		edits: []edit{{"name.go", "	if strings.Contains(chroot, \",\") || ", "	if "}},
		tests: "TestASecondSpellingOfAChroot",
	},
	{
		name:  "chroot with a blank taken",
		edits: []edit{{"name.go", "unicode.IsSpace) {", "unicode.IsControl) {"}},
		tests: "TestASecondSpellingOfAChroot",
	},
	{
		name:  "WriteLock thought to read every name of ours",
		edits: []edit{{"internal/queue/client.go", "	if i > 0 && name[i-1] == '-' {\n		i--\n	}\n", ""}},
		in:    "internal/queue", tests: "TestQuirks|TestWhoAgrees",
	},
	{
		name:  "rights of a lock given to what is above it",
		edits: []edit{{"zksession.go", "		if path == dir {\n			acl = cfg.acl\n		}\n", "		acl = cfg.acl\n"}},
		tests: "TestALocksRightsAreItsOwn",
	},
	{
		name:  "one private znode fails the list",
		edits: []edit{{"survey.go", "	case (errors.Is(err, zk.ErrNoAuth) || ", "	case (err == nil || "}},
		tests: "TestPrivateZnodesAreShownAsSuch",
	},
	{
		name:  "one private candidate fails the look at a queue",
		edits: []edit{{"contender.go", "	if errors.Is(err, zk.ErrNoAuth) || ", "	if err != nil && errors.Is(err, zk.ErrNodeExists) || "}},
		tests: "TestPrivateZnodesAreShownAsSuch",
	},
	{
		name:  "paths longer than a lock's name kept",
		edits: []edit{{"survey.go", "		if tooLong || ", "		if tooLong && size < 0 || "}},
		tests: "TestLocksKeepsWithinItsBounds",
	},
	{
		name:  "all data of contenders kept",
		edits: []edit{{"contender.go", "slices.Clone(data[:min(len(data), dataKept)])", "slices.Clone(data)"}},
		tests: "TestContendersKeepsWithinItsBounds",
	},
	{
		name:  "blanks at the end of a name shown as they are",
		edits: []edit{{"cmd/zooky/internal/escape/escape.go", "(i == 0 || i == len(s)-1 || ", "(i == 0 || i < len(s)-1 && "}},
		in:    "cmd/zooky/internal/escape", tests: "TestText",
	},
	{
		name:  "letters of other scripts shown without a mark",
		edits: []edit{{"cmd/zooky/internal/escape/escape.go", "is != none && is != script {", "is == none && is != script {"}},
		in:    "cmd/zooky/internal/escape", tests: "TestText",
	},
	{
		name:  "zooky clear leaves what no session is behind",
		edits: []edit{{"cmd/zooky/internal/cli/clear.go", "			if !stray || err != nil {\n", "			if stray || err != nil {\n"}},
		in:    "cmd/zooky", tests: "TestStrays",
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
		name:  "cohort thinks that children which are no candidates wait",
		edits: []edit{{"cohort.go", "		if stat != nil && isCandidate(", "		if stat != nil || isCandidate("}},
		tests: "TestACohortSeesWhoIsACandidate",
	},
	{
		name:  "one private candidate keeps the others from being asked",
		edits: []edit{{"contender.go", "			case errors.Is(err, zk.ErrNoAuth):\n				forbidden.Add(1)\n", ""}},
		tests: "TestPrivateZnodesAreShownAsSuch",
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
		edits: []edit{{"phantom.go", "		if !c.phantoms[other.Name] {\n", "		if false {\n"}},
		in:    "internal/interop", tests: "TestUnsafePairsAreRefused",
	},
	{
		name:  "names of no candidates refused",
		edits: []edit{{"phantom.go", "stat == nil || stat.EphemeralOwner == 0 {\n", "stat == nil {\n"}},
		in:    "internal/interop", tests: "TestMalformedChildrenHarmNobody",
	},
	{
		name:  "reader of a downgraded Curator writer overlooked",
		edits: []edit{{"record.go", "	case gone.LeavesReader():\n		return false, nil\n", ""}},
		in:    "internal/interop", tests: "TestADowngradedCuratorWriter",
	},
	{
		name:  "kazoo's persistent candidates overlooked",
		edits: []edit{{"phantom.go", "return owner != 0 || voice.Persistent(c)", "return owner != 0"}},
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
		edits: []edit{{"zksession.go", "	case errors.Is(err, throttledOp):\n		return throttled\n", ""}},
		tests: "TestVirtualThrottled",
	},
	{
		name:  "what only looks like a candidate marked and removed",
		edits: []edit{{"lookahead.go", "	all := everybody || c.sifts\n", "	all := c.sifts\n"}},
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
	{
		name:  "own requests numbered anew on every connection",
		edits: []edit{{"dial.go", "		OwnRequests:  &zs.ownRequests,\n", ""}},
		tests: "TestVirtualTwoLocksWhileTheSessionMoves",
	},
	{
		name: "one commit taken for two creations",
		edits: []edit{
			{"dial.go", "		OwnRequests:  &zs.ownRequests,\n", ""},
			{"internal/wire/compare.go", "	if !right || asked.reason != \"\" {\n", "	if right = true; !right {\n"},
		},
		tests: "TestVirtualOneLockWhileTheSessionMoves",
	},
	{
		name:  "own numbers given twice at their end",
		edits: []edit{{"internal/wire/op.go", "	if before > int64(xidOwn)-math.MinInt32 {\n", "	if before > math.MaxInt64-1 {\n"}},
		in:    "internal/wire", tests: "TestNoNumberIsGivenTwice",
	},
	{
		name:  "go-zookeeper's numbers given twice at their end",
		edits: []edit{{"internal/wire/outbound.go", "			if xid == xidWraps {\n", "			if false {\n"}},
		in:    "internal/wire", tests: "TestNoNumberIsGivenTwice",
	},
	{
		name:  "session kept whose numbers are used up",
		edits: []edit{{"dial.go", "		a.zs.giveUp(err)\n", ""}},
		tests: "TestVirtualNumbersUsedUp",
	},
	{
		name:  "created path believed",
		edits: []edit{{"internal/wire/compare.go", "	if !right || asked.reason != \"\" {\n", "	if right = true; !right {\n"}},
		in:    "internal/wire", tests: "TestAnAnswerToSomethingElseBreaksTheConnection|FuzzCreated",
	},
	{
		name:  "forged path deleted",
		edits: []edit{{"internal/wire/compare.go", "	if !right || asked.reason != \"\" {\n", "	if right = true; !right {\n"}},
		tests: "TestForgedCreationsHarmNobody",
	},
	{
		name:  "creation of another session believed",
		edits: []edit{{"internal/wire/compare.go", "stat.EphemeralOwner != owner || ", "stat.EphemeralOwner != owner && owner == 0 || "}},
		in:    "internal/wire", tests: "TestAnAnswerToSomethingElseBreaksTheConnection",
	},
	{
		name:  "results of a multi believed that were not asked for",
		edits: []edit{{"internal/wire/compare.go", "		if done != last || asked", "		if last && !done || asked"}},
		in:    "internal/wire", tests: "TestHostileServerCannotHurt",
	},
	{
		name:  "children with paths for names believed",
		edits: []edit{{"internal/wire/compare.go", " || bytes.IndexByte(name, '/') >= 0 {", " {"}},
		in:    "internal/wire", tests: "TestAnAnswerToSomethingElseBreaksTheConnection",
	},
	{
		name: "sync taken for proof that a creation is not under way",
		edits: []edit{{"candidate.go", "	err = c.zs.lease.check(ctx, c.dir)\n",
			"	err = c.zs.doApart(ctx, func() error { _, err := c.zs.conn.Sync(c.dir); return err })\n"}},
		tests: "TestVirtualTwoLocksWhileTheSessionMoves",
	},
	{
		name:  "planted znode taken for the own candidate",
		edits: []edit{{"candidate.go", "		case node.owner == c.zs.id(): //", "		case node.owner == c.zs.id() || true: //"}},
		tests: "TestAPlantedNameIsNotTaken",
	},
	{
		name:  "another client's znode deleted that has the name of ours",
		edits: []edit{{"candidate.go", "	if c.doubted {\n", "	if false {\n"}},
		tests: "TestAZnodeThatTookTheNameIsLeftAlone",
	},
	{
		name:  "candidates that are removed replaced without a pause",
		edits: []edit{{"queueing.go", "	if soon < 2 {\n", "	if true {\n"}},
		tests: "TestVirtualRemovedAgainAndAgain",
	},
	{
		name: "context's cause taken for a server's answer",
		edits: []edit{{"errors.go", "func (g gaveUp) Error() string { return g.why.Error() }\n",
			"func (g gaveUp) Error() string { return g.why.Error() }\nfunc (g gaveUp) Unwrap() error { return g.why }\n"}},
		tests: "TestVirtualCauseIsNoMissingZnode",
	},
	{
		name: "request repeated in a context that a loss has ended",
		edits: []edit{{"errors.go", "func (g gaveUp) Error() string { return g.why.Error() }\n",
			"func (g gaveUp) Error() string { return g.why.Error() }\nfunc (g gaveUp) Unwrap() error { return g.why }\n"}},
		tests: "TestVirtualRequestsInALostHoldsContext",
	},
	{
		name:  "context's cause taken for the Session's end",
		edits: []edit{{"acquisition.go", "	if context.Cause(a.ctx) == errClosing {\n", "	if errors.Is(context.Cause(a.ctx), ErrClosed) || context.Cause(a.ctx) == errClosing {\n"}},
		tests: "TestVirtualCauseIsNoOwnEnd",
	},
	{
		name:  "text of a context's cause taken for a server's code",
		edits: []edit{{"servererror.go", "	if err == nil || isGaveUp(err) {", "	if err == nil {"}},
		tests: "TestVirtualCauseIsNoCode",
	},
	{
		name:  "creation left behind taken for one that was not made",
		edits: []edit{{"candidate.go", "		case leftBehind:\n			return err\n", "		case leftBehind:\n			c.setAsked(false)\n			return err\n"}},
		tests: "TestVirtualCauseIsNoMissingZnode",
	},
	{
		name:  "outage not told from contention",
		edits: []edit{{"obstacle.go", "	if zs.serving {\n		return obstacle{}, false\n", "	if true {\n		return obstacle{}, false\n"}},
		tests: "TestVirtualAGivenUpCallTellsOfAnOutage",
	},
	{
		name:  "silent server not told from contention",
		edits: []edit{{"standing.go", "	switch st := c.standing.Load(); st {\n	case nil:\n		return noAnswer\n", "	switch st := c.standing.Load(); st {\n	case nil:\n		return obstacle{}\n"}},
		tests: "TestVirtualAGivenUpCallTellsOfAnOutage",
	},
	{
		name:  "holder's name overwritten by a mark",
		edits: []edit{{"watches.go", "			now.state.who = node.state.who\n", ""}},
		tests: "TestVirtualAGivenUpLockSaysWhoIsAhead",
	},
	{
		name:  "siblings ahead not counted",
		edits: []edit{{"standing.go", "		siblings++\n", ""}},
		tests: "TestVirtualAGivenUpLockSaysWhoIsAhead",
	},
	{
		name:  "reason of a revocation kept from Do's caller",
		edits: []edit{{"mutex.go", "		return joinErrors(err, opError(\"hold\", m.path, stood))\n", "		return err\n"}},
		tests: "TestVirtualDoTellsTheReasonOnce",
	},
	{
		name:  "reason of a loss told twice by Do",
		edits: []edit{{"mutex.go", "	case errors.Is(told, stood) && errors.Is(stood, err):", "	case false:"}},
		tests: "TestVirtualDoTellsTheReasonOnce",
	},
	{
		name:  "Lock beside Close panics",
		edits: []edit{{"mutex.go", "	if errors.Is(err, ErrClosed) && !late {\n", "	if false {\n"}},
		tests: "TestVirtualCloseBesideLock",
	},
	{
		name:  "deferred Unlock panics after Close has ended Lock",
		edits: []edit{{"mutex.go", "		m.cutShort.Store(true)\n", ""}},
		tests: "TestVirtualCloseBesideLock",
	},
	{
		name:  "log handler that blocks holds up the Session",
		edits: []edit{{"logs.go", "	if l.blocked.Load() {\n		return nil\n	}\n", "	<-e.written\n"}},
		tests: "TestVirtualUserCodeThatBlocks",
	},
	{
		name:  "Close waits for the user's functions without end",
		edits: []edit{{"usercode.go", "		case <-patience.C:\n			return\n", ""}},
		tests: "TestVirtualUserCodeThatBlocks",
	},
	{
		name:  "state function called before Dial returns",
		edits: []edit{{"usercode.go", "	case <-time.After(afterDial):\n", "	case <-closedChannel:\n"}},
		tests: "TestVirtualStateFuncAfterDial",
	},
	{
		name:  "enforced authentication not noticed by Dial",
		edits: []edit{{"session.go", "			_, _, err := zs.conn.Exists(\"/\")\n			return err\n", "			return nil\n"}},
		tests: "TestVirtualEnforcedAuthentication",
	},
	{
		name:  "force that failed goes on waiting for a grant",
		edits: []edit{{"acquisition.go", "	if a.uncommit != nil {\n		a.uncommit()\n	}\n", ""}},
		tests: "TestVirtualForceThatFailsLeavesNothing",
	},
	{
		name:  "Deadline forgets a suspension",
		edits: []edit{{"lease.go", "	l.noticeSleepLocked(0)\n	return l.deadline\n", "	return l.deadline\n"}},
		tests: "TestVirtualDeadlineOfASuspendedMachine",
	},
	{
		name:  "zooky's guard waits for a word that does not come",
		edits: []edit{{"cmd/zooky/internal/child/guard.go", "		return g.until - g.command.Lead\n", "		return bootTime() + time.Hour\n"}},
		tests: "TestRunStoppedAlone",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky's guard stays in the session",
		edits: []edit{{"cmd/zooky/internal/child/guard.go", "	_, err = syscall.Setsid()\n", ""}},
		tests: "TestRunStoppedAlone",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky's guard ends the command alone",
		edits: []edit{{"cmd/zooky/internal/child/guard.go", "	processes := below(os.Getpid())\n	if g.pid", "	var processes []int\n	if g.pid"}},
		tests: "TestRunRevokedKillsWhoDoesNotEnd",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky's guard lets orphans go",
		edits: []edit{{"cmd/zooky/internal/child/guard.go", "	adopt()\n	withstand", "	withstand"}},
		tests: "TestRunEndsAllThatWasStarted",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky's guard asks once",
		edits: []edit{{"cmd/zooky/internal/child/guard.go", "		g.askOrphans()\n", ""}},
		tests: "TestRunEndsWhatIsLeftBehindAtTheEnd",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky's command outlives its guard",
		edits: []edit{{"cmd/zooky/internal/child/process_linux.go", "&syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}", "&syscall.SysProcAttr{}"}},
		tests: "TestRunGuardKilled",
		in:    "./cmd/zooky",
	},
	{
		name:  "what zooky's command has started outlives the guard",
		edits: []edit{{"cmd/zooky/internal/child/child.go", "	if !c.report.Ended {\n		Kill()\n	}\n", ""}},
		tests: "TestRunGuardKilled",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky trusts a guard that is stopped",
		edits: []edit{{"cmd/zooky/internal/cli/attend_unix.go", "			overdue = time.After(grace + guardLimit)\n", ""}},
		tests: "TestRunGuardStopped",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky goes on while its command is stopped",
		edits: []edit{{"cmd/zooky/internal/child/guard.go", "		g.stopParent(status.StopSignal())\n", ""}},
		tests: "TestRunStopsWithItsCommand",
		in:    "./cmd/zooky",
	},
	{
		name:  "a stopped command of zooky's may clean up",
		edits: []edit{{"cmd/zooky/internal/child/guard.go", "	if g.stopped { // it", "	if false { // it"}},
		tests: "TestRunKilledWhileItsCommandIsStopped",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky's command of another user goes on in silence",
		edits: []edit{{"cmd/zooky/internal/child/guard.go", "	g.denied = true\n	g.say(", "	g.denied = true\n	_ = fmt.Sprintf("}},
		tests: "TestRunAnotherUsersCommand",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky forgets what it was started to ignore",
		edits: []edit{{"cmd/zooky/internal/child/ignored_linux.go", "	before := handlersBefore()\n", "	before := handlersBefore()[:0]\n"}},
		tests: "TestRunIgnoresWhatItWasStartedToIgnore",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky exits where a signal should end it",
		edits: []edit{{"cmd/zooky/internal/cli/exit.go", "		exit.signal = s\n", "		exit.signal = nil\n"}},
		tests: "TestRunInterruptedInALoop",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky does not heed SIGQUIT while it waits",
		edits: []edit{{"cmd/zooky/internal/cli/signal.go", "syscall.SIGHUP, syscall.SIGQUIT}", "syscall.SIGHUP}"}},
		tests: "TestRunQuitWhileWaiting",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky runs no script without an interpreter",
		edits: []edit{{"cmd/zooky/internal/child/guard.go", "errors.Is(err, syscall.ENOEXEC)", "false"}},
		tests: "TestRunScriptsAsAShellDoes",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky finds no command in the current directory",
		edits: []edit{{"cmd/zooky/internal/cli/run_unix.go", "	case err == nil, errors.Is(err, exec.ErrDot):\n", "	case err == nil:\n"}},
		tests: "TestRunScriptsAsAShellDoes",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky starts its file and not its program",
		edits: []edit{{"cmd/zooky/internal/cli/guard_unix.go", "runtime.GOOS == \"linux\"", "runtime.GOOS == \"plan9\""}},
		tests: "TestRunOfAProgramThatIsGone",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky as process one leaves zombies",
		edits: []edit{{"cmd/zooky/internal/cli/run_unix.go", "		go child.Reap() //", "		//"}},
		tests: "TestRunReapsStrangersAsProcessOne",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky waits where that is hopeless",
		edits: []edit{{"cmd/zooky/internal/cli/reach.go", "		r.give(err)\n", ""}},
		tests: "TestWhyServersCannotBeReached",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky closes its session for as long as it takes",
		edits: []edit{{"cmd/zooky/internal/cli/acquire_unix.go", "	return time.After(d)\n", "	return nil\n"}},
		tests: "TestRunWaitEndsAlthoughTheServersHang",
		in:    "./cmd/zooky",
	},
	{
		name:  "zooky watch shows an old picture",
		edits: []edit{{"cmd/zooky/internal/cli/watching.go", "	late := time.NewTicker(silenceTold)\n", "	late := time.NewTicker(time.Hour)\n"}},
		tests: "TestWatchWithoutAnswers",
		in:    "./cmd/zooky",
	},
	{
		name:  "chaos takes a stopped zooky's command for stopped",
		edits: []edit{{"internal/chaos/hold.go", "		case kindAlive:\n			h.end = ev.At\n", "		case kindAlive:\n"}},
		tests: "TestOverlapsAreFound",
		in:    "./internal/chaos",
	},
}
