package main

// ofCandidates are mutants of how package recipe queues candidates and removes them.
var ofCandidates = []mutant{
	{
		name:  "idle hold: its lock is watched before it is given up",
		edits: []edit{{"internal/recipe/removal.go", " && !c.hold.isWanted()", ""}},
		tests: "TestVirtualIdleHoldIsGivenUpWithoutARead",
	},
	{
		name:  "first lock of a name: its znode is watched before the release",
		edits: []edit{{"internal/recipe/removal.go", "c.wasOnly && !c.founds &&", "c.wasOnly &&"}},
		tests: "TestVirtualFirstLockOfAName",
	},
	{
		name:  "idle hold: keeps others from being acquired",
		edits: []edit{{"internal/recipe/candidate.go", "			if !c.zs.keepers.giveUpOne(ctx) {\n", "			if err != nil {\n"}},
		tests: "TestVirtualIdleHoldsMakeRoom",
	},
	{
		name:  "idle hold: its candidate does not say so",
		edits: []edit{{"internal/recipe/queueing.go", "	if p.Keeps {\n", "	if false {\n"}},
		tests: "TestVirtualIdleHoldAndTries",
	},
	{
		name:  "idle hold: a try that looks first is refused",
		edits: []edit{{"internal/recipe/try.go", "	if onlyKeeper(ahead) {\n", "	if false {\n"}},
		tests: "TestVirtualIdleHoldAndTries",
	},
	{
		name:  "idle hold: a try waits for long",
		edits: []edit{{"internal/recipe/queueing.go", "		patience = c.idlePatience()\n", "		patience = 4 * mostIdlePatience\n"}},
		tests: "TestVirtualIdleHoldAndTries",
	},
	{
		name:  "held since: a mark overwritten that came meanwhile",
		edits: []edit{{"internal/recipe/revocation.go", "		version = stat.Version\n", "		_ = stat\n"}},
		tests: "TestVirtualHeldSinceAndMarks",
	},
	{
		name:  "held since: short holds say so too",
		edits: []edit{{"internal/recipe/delayed.go", "const noted = 10 * time.Second", "const noted = 9 * time.Second"}},
		tests: "TestVirtualHeldSinceOfAShortHold",
	},
	{
		name:  "held since: counted from before the queueing",
		edits: []edit{{"internal/recipe/candidate.go", "	c.born = time.Now()\n	return nil\n", "	c.born = time.Now().Add(-time.Second)\n	return nil\n"}},
		tests: "TestVirtualHeldSinceTheGrant",
	},
	{
		name:  "semaphore: counted by what was out when one ahead had yet to take permits",
		edits: []edit{{"internal/recipe/candidate.go", "lists && c.exit != nil && c.exit.hopeful {", "c.exit != nil && c.exit.hopeful {"}, {"internal/recipe/lookahead.go", "	c.dropSight()\n", ""}},
		tests: "TestVirtualSemaphoreCountsBehindASibling",
	},
	{
		name:  "downgrade: who waits for the writer takes it for gone",
		edits: []edit{{"internal/recipe/turn.go", "if h == nil && predecessor.BecomesReader() && !w.WasDeleted() {", "if false {"}},
		tests: "TestVirtualDowngradeKeepsWritersOut",
	},
	{
		name:  "downgrade: the reader is not asked after the writer",
		edits: []edit{{"internal/recipe/turn.go", "if err == nil && left == leftReader && p.Revoke != nil && p.Revoke.Ask {", "if false {"}},
		tests: "TestVirtualDowngradeHeedsWhoAsked",
	},
	{
		name:  "downgrade: an exchange that was executed is taken for refused",
		edits: []edit{{"internal/recipe/reader.go", "	case err == nil && node.Owner == c.zs.ID():\n", "	case err == nil && node.Owner == 0:\n"}},
		tests: "TestVirtualDowngradeThroughFaults",
	},
	{
		name:  "downgrade: which znode there is, is not found out before the removal",
		edits: []edit{{"internal/recipe/removal.go", "		err = c.findReader(ctx)\n", ""}},
		tests: "TestVirtualDowngradeWithoutAnswer",
	},
	{
		name:  "semaphore: two trips from grant to grant",
		edits: []edit{{"internal/recipe/lookahead.go", "	if c.cfg.Pool != nil {\n		behind", "	if false {\n		behind"}},
		tests: "TestVirtualSemaphoreOneTripFromGrantToGrant",
	},
	{
		name:  "semaphore: the next does not look where it knew that it would be",
		edits: []edit{{"internal/recipe/turn.go", "		c.sightNext()\n", ""}},
		tests: "TestVirtualSemaphoreOneTripFromGrantToGrant",
	},
	{
		name:  "semaphore: its own znode read at once",
		edits: []edit{{"internal/recipe/turn.go", "(c.isBehindSibling() || c.cfg.Pool != nil)", "c.isBehindSibling()"}},
		tests: "TestVirtualSemaphoreAsksLittle",
	},
	{
		name:  "semaphore: permits listed with each creation",
		edits: []edit{{"internal/recipe/queueing.go", "p.Sight.free.Store(!long && !waited)", "p.Sight.free.Store(!long || !waited || true)"}},
		tests: "TestVirtualSemaphoreAsksLittle",
	},
	{
		name:  "semaphore: three trips where two suffice",
		edits: []edit{{"internal/recipe/queueing.go", "c.exit.hopeful = p.Sight.free.Load()", "c.exit.hopeful = false"}},
		tests: "TestVirtualSemaphoreTrips",
	},
	{
		name:  "semaphore: one who waits passes another that wants more",
		edits: []edit{{"internal/recipe/queueing.go", "	if c.isBlocked() {\n		p.Sight.free.Store(false)\n", "	if c.isBlocked() && p.Permits > 1 {\n		p.Sight.free.Store(false)\n"}},
		tests: "TestVirtualSemaphoreIsFair",
	},
	{
		name:  "semaphore: all who wait watch the permits",
		edits: []edit{{"internal/recipe/queueing.go", "	if c.isBlocked() {\n		p.Sight.free.Store(false)\n", "	if out := c.zs.Watches.WatchChildren(c.cfg.Pool.Permits(), c.wake); c.isBlocked() {\n		out.Read(p.ctx)\n"}},
		tests: "TestVirtualSemaphoreWakesOne",
	},
	{
		name:  "semaphore: permit left when its transaction was not answered",
		edits: []edit{{"internal/recipe/removal.go", "	case passing:\n		err = c.locate(ctx)\n", "	case passing:\n		c.stage = created\n"}},
		tests: "TestVirtualAcquireCancelledAtEveryMoment",
	},
	{
		name:  "semaphore: footprint of the queue alone",
		edits: []edit{{"internal/recipe/candidate.go", "queued = max(queued, len(c.exit.permit))", "_ = max(queued, len(c.exit.permit))"}},
		tests: "TestVirtualSemaphoreFootprint",
	},
	{
		name:  "semaphore: hold of the place in the queue, not of the permit",
		edits: []edit{{"internal/recipe/queueing.go", "	c.standing.Store(isFirst)\n	c.bindHold()\n	return c.admit(p.ctx)", "	c.standing.Store(isFirst)\n	return c.admit(p.ctx)"}},
		tests: "TestVirtualSemaphore|TestVirtualPermitsAreLostBeforeTheNextGrant",
	},
	{
		name:  "rights: a refused candidate does not say which right it lacks",
		edits: []edit{{"internal/recipe/candidate.go", "return noRight(err, c.dir)", "return err"}},
		tests: "TestARefusalSaysWhichRight",
	},
	{
		name: "the znode of a new lock is never created with its candidate",
		edits: []edit{{"internal/recipe/queueing.go",
			"	c.founds = !p.Sight.met.Load() && c.zs.meetsNew.Load()\n", ""}},
		tests: "TestVirtualFirstLockOfAName",
	},
	{
		name: "the znode of a lock is created with each candidate of a handle",
		edits: []edit{{"internal/recipe/queueing.go",
			"c.founds = !p.Sight.met.Load() && c.zs", "c.founds = c.zs"}},
		tests: "TestVirtualFirstLockOfAName",
	},
	{
		name: "a lock that exists is taken for new for ever",
		edits: []edit{{"internal/recipe/parents.go",
			"		zs.meetsNew.Store(false)\n", ""}},
		tests: "TestVirtualFirstLockOfAName",
	},
	{
		name: "a refused container is sent again with each candidate",
		edits: []edit{{"internal/recipe/candidate.go",
			"c.founds = c.founds && c.zs.isContainer(c.dir, c.dir, c.cfg); c.founds {", "c.founds {"}},
		tests: "TestVirtualKindsOfServers|TestVirtualKindsOfServersReconnect",
	},
	{
		name: "a parent that may not be created is missing",
		edits: []edit{{"internal/recipe/parents.go",
			"err = zs.checkExists(paths[i], err)", "_ = zs.checkExists"}},
		tests: "TestALockBelowAPrivateZnode",
	},
	{
		name:  "rights: a refused parent does not say which right it lacks",
		edits: []edit{{"internal/recipe/parents.go", "noRight(err, above(paths[i]))", "err"}},
		tests: "TestARefusalSaysWhichRight",
	},
	{
		name:  "footprint: given back before the outcome is known",
		edits: []edit{{"internal/recipe/candidate.go", "		case ensemble.LeftBehind:\n", "		case ensemble.LeftBehind:\n			c.enter(uncreated)\n"}},
		tests: "TestVirtualFootprint",
	},
	{
		name:  "nearest but one not watched",
		edits: []edit{{"internal/recipe/lookahead.go", "	return c.line.Nearest[:min(len(c.line.Nearest), keptAhead)]\n", "	return c.line.Nearest[:1]\n"}},
		tests: "TestAHandOffNeedsNoRequest",
	},
	{
		name: "token from the sequence number",
		edits: []edit{
			{"internal/recipe/candidate.go", "		c.place = self\n", "		c.place, c.czxid = self, int64(self.Seq)+1\n"},
			{"internal/recipe/candidate.go", " || c.czxid != 0 && c.czxid != node.Czxid", ""},
			{"internal/recipe/candidate.go", "	c.czxid = node.Czxid\n", ""},
		},
		tests: "TestTokensIncreaseThroughEverything",
	},
	{
		name: "mark overlooked while waiting",
		edits: []edit{
			{"internal/recipe/turn.go", "		if !early {\n			if err := c.look", "		if !early && c.self == nil {\n			if err := c.look"},
			{"internal/recipe/turn.go", "		return ctx, c.look(ctx) //", "		return ctx, nil //"},
		},
		tests: "TestAskedWhileWaiting|TestPendingGoesOnAfterAnExpiry",
	},
	{
		name: "candidate left after a cancel",
		edits: []edit{{"internal/recipe/passage.go", "	err := c.remove(context.Background())\n",
			"	var err error\n	if p.ctx.Err() == nil {\n		err = c.remove(context.Background())\n	}\n"}},
		tests: "TestPendingEndsWithItsContext",
	},
	{
		name: "candidate left after a refused try",
		edits: []edit{{"internal/recipe/passage.go", "	err := c.remove(context.Background())\n",
			"	var err error\n	if !p.Try {\n		err = c.remove(context.Background())\n	}\n"}},
		tests: "TestTryLockLeavesNothingWhenRefused",
	},
	{
		name:  "candidate left whose creation was not answered",
		edits: []edit{{"internal/recipe/removal.go", "	case requested:\n		_, err = c.find(ctx)\n", "	case requested:\n"}},
		tests: "TestCancelAfterALostCreateReply",
	},
	{
		name: "creation repeated without a look for the id",
		edits: []edit{{"internal/recipe/candidate.go", "			found, err := c.find(ctx)\n			if err != nil {\n				return err\n			}\n			if !found {\n				continue\n			}",
			"			if err := c.zs.Await(ctx); err != nil {\n				return err\n			}\n			continue"}},
		tests: "TestNoOrphanWhereverItBreaks",
	},
	{
		name:  "first blocker watched, not the nearest",
		edits: []edit{{"internal/recipe/lookahead.go", "range c.watched() {", "range c.line.Nearest[len(c.line.Nearest)-1:] {"}},
		tests: "TestAReleaseWakesWhomItMust",
	},
	{
		name:  "waiter gives up when its session expires",
		edits: []edit{{"internal/recipe/queueing.go", " ||\n		isOver(err) && !errors.Is(err, ensemble.ErrClosed)\n", "\n"}},
		tests: "TestPendingGoesOnAfterAnExpiry",
	},
	{
		name:  "child that is no candidate waited for",
		edits: []edit{{"internal/recipe/turn.go", "	case err == nil && !node.Hidden && !isCandidate(c.voice, *predecessor, node.Owner):\n", "	case err == nil && node.Owner < 0:\n"}},
		tests: "TestForeignChildrenHarmNobody",
	},
	{
		name:  "force without a grace",
		edits: []edit{{"internal/recipe/revocation.go", "time.After(r.Grace)", "time.After(0)"}},
		tests: "TestAskThenForceGivesAGrace",
	},
	{
		name:  "force although this candidate is gone",
		edits: []edit{{"internal/recipe/revocation.go", "ops := []any{&zk.CheckVersionRequest{Path: c.path, Version: -1}}", "ops := []any{}"}},
		tests: "TestForceOfACandidateThatIsGoneHarmsNobody",
	},
	{
		name:  "candidates of unknown clients ignored",
		edits: []edit{{"internal/recipe/sift.go", "	for _, other := range l.unknown {\n", "	for _, other := range l.unknown[:0] {\n"}},
		tests: "TestACandidateOfAnUnknownClientIsRefused",
	},
	{
		name:  "children with candidates' names looked at one by one",
		edits: []edit{{"internal/recipe/sift.go", "	c.sifts = true\n", ""}},
		tests: "TestPlantedChildrenAreLookedAtOnce",
	},
	{
		name:  "try refused over a child that is no candidate",
		edits: []edit{{"internal/recipe/queueing.go", "	if err != nil || isCandidate(", "	if err == err || isCandidate("}},
		tests: "TestChildrenThatAreNoCandidates|TestLockNamesThatLookLikeCandidates",
	},
	{
		name:  "queue counted by name alone",
		edits: []edit{{"internal/recipe/stray.go", "		if stat != nil && isCandidateBy(", "		if stat != nil || isCandidateBy("}},
		tests: "TestChildrenThatAreNoCandidates|TestLockNamesThatLookLikeCandidates",
	},
	{
		name:  "number made by hand taken for the holder's",
		edits: []edit{{"internal/recipe/stray.go", "		if c.Stat.Czxid < earliest || ", "		if true || "}},
		tests: "TestANumberMadeByHandHoldsNothing",
	},
	{
		name:  "rights of a lock given to what is above it",
		edits: []edit{{"internal/recipe/parents.go", "	if cfg.isOwn(path, dir) {\n		acl = cfg.ACL\n	}\n", "	acl = cfg.ACL\n"}},
		tests: "TestALocksRightsAreItsOwn",
	},
	{
		name:  "slot: its waiter stays at the head of the queue",
		edits: []edit{{"internal/recipe/queueing.go", "		if other != nil && (p.Kind.Exclusive() || other.isLost()) {", "		if false {"}},
		tests: "TestVirtualALostHoldBlocksItsHandleAlone",
	},
	{
		name:  "slot: a reader who gives up keeps his place",
		edits: []edit{{"internal/recipe/queueing.go", "			p.Slot.giveUp(c.hold)\n", ""}},
		tests: "TestVirtualAReaderHandleIsPassedOnInOrder",
	},
	{
		name:  "released: not told to who has lost a part",
		edits: []edit{{"internal/recipe/passage.go", "	if p.onLeft != nil {\n", "	if false {\n"}},
		tests: "TestVirtualReleasedAfterALoss",
	},
	{
		name:  "parents: one that vanishes is an error",
		edits: []edit{{"internal/recipe/candidate.go", `if err != nil && !errors.Is(err, zk.ErrNoNode) {`, "if err != nil { // otherwise"}},
		tests: "TestVirtualKindsOfServers",
	},
	{
		name:  "rights: a refused removal leaves an orphan",
		edits: []edit{{"internal/recipe/passage.go", "		c.zs.End(errStuck)\n", ""}},
		tests: "TestARemovalThatIsRefused",
	},
	{
		name:  "rights: a lock without the right to delete is tried again",
		edits: []edit{{"internal/recipe/rights.go", "	if !zs.root.isSticky(dir) {", "	if true {"}},
		tests: "TestARemovalThatIsRefused",
	},
	{
		name:  "rights: no second look at who may not be read",
		edits: []edit{{"internal/recipe/lookahead.go", "const opaqueLook = 500 * time.Millisecond", "const opaqueLook = time.Hour"}},
		tests: "TestBehindACandidateThatMayNotBeRead",
	},
	{
		name:  "try: creates first",
		edits: []edit{{"internal/recipe/try.go", "	if s.free.Load() {\n", "	if true {\n"}},
		tests: "TestVirtualARefusedTryReadsOnce",
	},
	{
		name:  "try: looks at the holder each time",
		edits: []edit{{"internal/recipe/try.go", "			s.known.Store(&name)\n", "			_ = name\n"}},
		tests: "TestVirtualARefusedTryReadsOnce",
	},
	{
		name:  "try: always looks first",
		edits: []edit{{"internal/recipe/try.go", "	if s.free.Load() {\n", "	if false {\n"}},
		tests: "TestVirtualATryOfAFreeLockTakesOneTrip",
	},
	{
		name:  "force: a hold is watched late",
		edits: []edit{{"internal/recipe/delayed.go", "const firstLook = 20 * time.Millisecond", "const firstLook = 60 * time.Millisecond"}},
		tests: "TestVirtualAForcedHolderIsToldSoon",
	},
	{
		name:  "clients that order the queue differently let in",
		edits: []edit{{"internal/recipe/sift.go", "		if !c.strays[other.Name] {\n", "		if false {\n"}},
		tests: "TestUnsafePairsAreRefused",
	},
	{
		name:  "names of no candidates refused",
		edits: []edit{{"internal/recipe/sift.go", "stat == nil || stat != hidden && stat.EphemeralOwner == 0 {\n", "stat == nil {\n"}},
		tests: "TestMalformedChildrenHarmNobody",
	},
	{
		name:  "kazoo's persistent candidates overlooked",
		edits: []edit{{"internal/recipe/stray.go", "return owner != 0 || voice.Persistent(c)", "return owner != 0"}},
		tests: "TestKazoosPersistentCandidates",
	},
	{
		name:  "kazoo's parents as containers",
		edits: []edit{{"internal/recipe/dialect.go", "		return parent{data: []byte{}}\n", "		return parent{data: []byte{}, container: true}\n"}},
		tests: "TestZnodesAreLikeThePeers",
	},
	{
		name:  "granted without a look at the own znode",
		edits: []edit{{"internal/recipe/turn.go", "		return ctx, c.look(ctx) //", "		return ctx, nil //"}},
		tests: "TestRemovedTogetherWithTheHolder",
	},
	{
		name:  "candidate that waits never looked at",
		edits: []edit{{"internal/recipe/turn.go", "		c.zs.longWaiters.add(c)\n", ""}},
		tests: "TestRemovedWhileWaiting",
	},
	{
		name:  "lost hold's candidate left",
		edits: []edit{{"internal/recipe/passage.go", "	c.hold.removeWhenLost(p)\n", ""}},
		tests: "TestALostHoldLeavesNoCandidate",
	},
	{
		name:  "sibling of another znode believed",
		edits: []edit{{"internal/recipe/removal.go", "	if c.stage != deleted {\n		c.handoff", "	if false {\n		c.handoff"}},
		tests: "TestASiblingOfAnotherZnodeProvesNothing",
	},
	{
		name:  "word of a sibling believed before it is known to have been there",
		edits: []edit{{"internal/recipe/turn.go", "		if leaving {\n", "		if leaving && false {\n"}},
		tests: "TestVirtualASiblingThatIsNotThereIsNoWord",
	},
	{
		name:  "number of siblings counted twice",
		edits: []edit{{"internal/recipe/siblings.go", "	if s.seats[at] == nil {", "	if true {"}},
		tests: "TestVirtualANumberGivenTwiceIsCountedOnce",
	},
	{
		name:  "removal cut short left to nobody once the Session closes",
		edits: []edit{{"internal/recipe/passage.go", "	if c.isOver() {\n", "	if c.isOver() || p.locks.client.Closing().Err() != nil {\n"}},
		tests: "TestVirtualUnlockCutShortByClose",
	},
	{
		name:  "what only looks like a candidate marked and removed",
		edits: []edit{{"internal/recipe/lookahead.go", "	all := wantAll || c.sifts\n", "	all := c.sifts\n"}},
		tests: "TestWhatOnlyLooksLikeACandidateIsLeftAlone",
	},
	{
		name:  "removed sibling granted the lock",
		edits: []edit{{"internal/recipe/turn.go", "		return ctx, c.glance(ctx)\n", "		return ctx, nil\n"}},
		tests: "TestASiblingThatWasRemovedIsNotNext",
	},
	{
		name:  "sibling that gave up taken for the holder",
		edits: []edit{{"internal/recipe/removal.go", "	if c.isFirst {\n		c.handoff = h", "	if true {\n		c.handoff = h"}},
		tests: "TestASiblingThatGivesUpIsNotFollowed|TestCancelLeavesTheQueue",
	},
	{
		name:  "sibling followed with somebody in between",
		edits: []edit{{"internal/recipe/siblings.go", "c.place.Seq - 1}", "c.place.Seq - 2}"}},
		tests: "TestAStrangerBetweenSiblingsIsSeen",
	},
	{
		name: "sync taken for proof that a creation is not under way",
		edits: []edit{{"internal/recipe/candidate.go", "	err = c.zs.Lease.Check(ctx, c.dir)\n",
			"	err = c.zs.DoApart(ctx, func() error { _, err := c.zs.Conn.Sync(c.dir); return err })\n"}},
		tests: "TestVirtualTwoLocksWhileTheSessionMoves",
	},
	{
		name:  "planted znode taken for the own candidate",
		edits: []edit{{"internal/recipe/candidate.go", "		case node.Owner == c.zs.ID(): //", "		case node.Owner == c.zs.ID() || true: //"}},
		tests: "TestAPlantedNameIsNotTaken",
	},
	{
		name:  "another client's znode deleted that has the name of ours",
		edits: []edit{{"internal/recipe/removal.go", "	if c.doubted {\n", "	if false {\n"}},
		tests: "TestAZnodeThatTookTheNameIsLeftAlone",
	},
	{
		name:  "candidates that are removed replaced without a pause",
		edits: []edit{{"internal/recipe/queueing.go", "	if soon < 2 {\n", "	if true {\n"}},
		tests: "TestVirtualRemovedAgainAndAgain",
	},
	{
		name:  "creation left behind taken for one that was not made",
		edits: []edit{{"internal/recipe/candidate.go", "		case ensemble.LeftBehind:\n			return err\n", "		case ensemble.LeftBehind:\n			c.enter(uncreated)\n			return err\n"}},
		tests: "TestVirtualCauseIsNoMissingZnode",
	},
	{
		name:  "silent server not told from contention",
		edits: []edit{{"internal/recipe/passage.go", "	switch st := c.standing.Load(); st {\n	case nil:\n		return ensemble.NoAnswer\n", "	switch st := c.standing.Load(); st {\n	case nil:\n		return ensemble.Obstacle{}\n"}},
		tests: "TestVirtualAGivenUpCallTellsOfAnOutage",
	},
	{
		name:  "siblings ahead not counted",
		edits: []edit{{"internal/recipe/standing.go", "		siblings++\n", ""}},
		tests: "TestVirtualAGivenUpLockSaysWhoIsAhead",
	},
	{
		name:  "force that failed goes on waiting for a grant",
		edits: []edit{{"internal/recipe/passage.go", "		force.end()\n", "		_ = force\n"}},
		tests: "TestVirtualForceThatFailsLeavesNothing",
	},
	{
		name:  "hooks: a release is not told",
		edits: []edit{{"internal/recipe/acquisition.go", "	r.a.observer.Released(r.a, r.a.hold.held, time.Since(r.begun), err)\n", ""}},
		tests: "TestVirtualHooks",
	},
	{
		name:  "log: no word of a long wait",
		edits: []edit{{"internal/recipe/passage.go", "	p.locks.waiting.add(&p.Acquisition)\n", ""}},
		tests: "TestVirtualLogOfALife",
	},
}
