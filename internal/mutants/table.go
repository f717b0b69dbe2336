package main

// mutants are the ways to break the library that some test must notice.
var mutants = []mutant{
	{
		name:  "zooky demo: a worker says that another has cleared up",
		edits: []edit{{"cmd/zooky/internal/demo/worker.go", "		if !errors.Is(err, fs.ErrNotExist) {\n", "		if !errors.Is(err, fs.ErrNotExist) || true {\n"}},
		tests: "TestWorkerWhoseFilesAreCleared",
	},
	{
		name:  "watches: what has become known meanwhile is read again",
		edits: []edit{{"internal/ensemble/reading.go", "known { // since", "known && false { // since"}},
		tests: "TestWhatIsKnownIsNotRead",
	},
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
		name:  "servers: the one whose connection has ended is tried before others that failed once",
		edits: []edit{{"internal/ensemble/servers.go", "	case (a == sv.latest) != (b == sv.latest):\n		return b == sv.latest\n", ""}},
		tests: "TestVirtualABrokenConnectionLeadsToAnotherServer",
	},
	{
		name:  "idle hold: not shown",
		edits: []edit{{"inspect.go", "		IdleHold:  queue.Keeps(c.Name),\n", ""}},
		tests: "TestVirtualIdleHoldIsShown",
	},
	{
		name:  "errands: what is added meanwhile is forgotten",
		edits: []edit{{"internal/recipe/errands.go", "	for what := e.next(); what != 0; what = e.next() {\n		do(ctx, what)\n", "	for what := e.next(); what != 0; what = e.next() {\n		do(ctx, what)\n		e.due = 0\n"}},
		tests: "TestErrandsWhileOthersAreDone",
	},
	{
		name:  "errands: begun after the end",
		edits: []edit{{"internal/recipe/errands.go", "	if e.due != 0 && !e.over {", "	if e.due != 0 {"}},
		tests: "TestErrandsEnd",
	},
	{
		name:  "errands: the end waits for what cannot begin",
		edits: []edit{{"internal/recipe/errands.go", "		e.end()\n		e.next()\n", ""}},
		tests: "TestErrandsThatCannotBegin",
	},
	{
		name:  "hold watch: a goroutine for each hold",
		edits: []edit{{"internal/recipe/holdwatch.go", "	c, h := w.p.latest.Load(), w.p.hold\n", "	c, h := w.p.latest.Load(), w.p.hold\n	defer func() { <-h.lasting().Done() }()\n"}},
		tests: "TestVirtualHoldsHaveNoGoroutine",
	},
	{
		name:  "hold watch: a second change of the znode goes unnoticed",
		edits: []edit{{"internal/recipe/holdwatch.go", "		c.watch().Call(w.look)\n", "		c.watch().Call(func() {})\n"}},
		tests: "TestVirtualHoldsHaveNoGoroutine",
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
		name:  "stats: not all locks are counted",
		edits: []edit{{"stats.go", "		sum.add(&p.stats)\n", "		if i == 0 {\n			sum.add(&p.stats)\n		}\n"}},
		tests: "TestStatsOfManyLocks",
	},
	{
		name:  "zktest: the disk is not waited for",
		edits: []edit{{"zktest/launch.go", "		forceSync = \"yes\"\n", "		forceSync = \"no\"\n"}},
		tests: "TestServersWaitForTheDiskIfTheyAreTold",
	},
	{
		name:  "zooky: a process that one list lacks is left",
		edits: []edit{{"cmd/zooky/internal/child/child.go", "		left := reap()\n", "		reap()\n		left := len(processes) > 0\n"}},
		tests: "TestKillDoesNotRelyOnOneList",
	},
	{
		name: "idle hold: watch set after the listing",
		edits: []edit{
			{"internal/recipe/idle.go", "		state, err := k.watch.Read(over)\n",
				"		l, _ := k.term.owner.latest.Load().zs.roster.list(over, k.term.co.claim.Path)\n		_, err := k.watch.Read(over)\n"},
			{"internal/recipe/idle.go", "contended(over, state.Children())", "contended(over, l.children)"},
		},
		tests: "TestVirtualIdleHoldFromItsFirstMoment",
	},
	{
		name: "idle hold: not listed again on a new connection",
		edits: []edit{{"internal/recipe/idle.go", "				return k.watch.ChangedSince(k.told), true\n",
			"				if k.watch.ChangedSince(k.told) {\n					return true, true\n				}\n"}},
		tests: "TestVirtualIdleHoldGoesUnnoticed",
	},
	{
		name:  "idle hold: granted again before it is known whether another has come",
		edits: []edit{{"internal/recipe/idle.go", "t.co.waiting.Len() > 0 || !t.keeper.alone() ||", "t.co.waiting.Len() > 0 ||"}},
		tests: "TestVirtualIdleHoldOnANewConnection",
	},
	{
		name: "idle hold: listed again before it ends",
		edits: []edit{{"internal/recipe/idle.go", "				return k.watch.ChangedSince(k.told), true\n",
			"				return false, true\n"}},
		tests: "TestVirtualIdleHoldOfANewcomer",
	},
	{
		name:  "idle hold: kept in spite of those who queue",
		edits: []edit{{"internal/recipe/idle.go", "found || err != nil {", "found && err != nil {"}},
		tests: "TestVirtualIdleHoldOnANewConnection",
	},
	{
		name:  "idle hold: those who wait for the listing are forgotten",
		edits: []edit{{"internal/recipe/idle.go", "	if t.phase == resting && co.waiting.Len() > 0 {\n", "	if false {\n"}},
		tests: "TestVirtualIdleHoldOnANewConnection",
	},
	{
		name:  "idle hold: kept without end",
		edits: []edit{{"internal/recipe/idle.go", "			if left <= 0 {\n", "			if left < 0 && k == nil {\n"}},
		tests: "TestVirtualIdleHoldEnds",
	},
	{
		name:  "idle hold: a request to release not heeded",
		edits: []edit{{"internal/recipe/idle.go", "		case <-k.term.owner.hold.Revoked(): // or lost\n			return true, false\n", ""}},
		tests: "TestVirtualIdleHoldEnds",
	},
	{
		name:  "idle hold: kept although its release was asked for",
		edits: []edit{{"internal/recipe/idle.go", "t.grants < math.MaxUint32 && t.owner.hold.Known() == nil\n}\n\n// resume", "t.grants < math.MaxUint32\n}\n\n// resume"}},
		tests: "TestVirtualIdleHoldRevokedInUse",
	},
	{
		name:  "idle hold: Relinquish does not wait for the removal",
		edits: []edit{{"internal/recipe/idle.go", "	if p == nil {\n		return nil\n	}\n	err := p", "	if p == nil || begun.IsZero() || true {\n		return nil\n	}\n	err := p"}},
		tests: "TestVirtualIdleHoldEnds",
	},
	{
		name:  "idle hold: Relinquish does not wait for a removal that another has caused",
		edits: []edit{{"internal/recipe/idle.go", "	co.giveUp()\n	return co.awaitParting(ctx)\n", "	if !co.giveUp() {\n		return nil\n	}\n	return co.awaitParting(ctx)\n"}},
		tests: "TestVirtualIdleHoldIsGoneOnceRelinquished",
	},
	{
		name:  "idle hold: its release not told",
		edits: []edit{{"internal/recipe/term.go", "	if (t.active > 0 || t.phase == resting) &&", "	if t.active > 0 &&"}},
		tests: "TestVirtualIdleHoldIsReleased",
	},
	{
		name:  "idle hold: kept from the first acquisition on",
		edits: []edit{{"internal/recipe/idle.go", "	leastNeed = 2\n", "	leastNeed = 1\n"}},
		tests: "TestVirtualIdleHoldIsOffByDefault",
	},
	{
		name:  "idle hold: nothing learnt from those that are taken away",
		edits: []edit{{"internal/recipe/idle.go", "		th.need = min(2*th.need, mostNeed)\n", "		th.need = leastNeed\n"}},
		tests: "TestVirtualIdleHoldInTurns",
	},
	{
		name:  "idle hold: kept between those who take turns",
		edits: []edit{{"internal/recipe/idle.go", "	follows := number == th.last+1\n", "	follows := number > th.last\n"}},
		tests: "TestVirtualIdleHoldInTurns",
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
		name:  "idle hold: a try of the handle queues",
		edits: []edit{{"mutex.go", "c.Try && !m.cohort.Kept()", "c.Try"}},
		tests: "TestVirtualIdleHoldAloneCostsNothing",
	},
	{
		name:  "idle hold: grants counted that no contender waits for",
		edits: []edit{{"internal/recipe/term.go", "	if t.keeper.alone() {\n		return\n	}\n	t.counted++\n", "	t.counted++\n"}},
		tests: "TestVirtualIdleHoldOfGoroutinesAlone",
	},
	{
		name:  "held since: another client's data overwritten",
		edits: []edit{{"internal/recipe/mark.go", "s.Granted || !bytes.Equal(s.Who, who)", "s.Granted"}},
		tests: "TestVirtualForgedHeldSince",
	},
	{
		name:  "held since: written anew each time",
		edits: []edit{{"internal/recipe/mark.go", "s.Granted || !bytes.Equal(s.Who, who)", "!bytes.Equal(s.Who, who)"}},
		tests: "TestVirtualHeldSinceOfADowngradedHold",
	},
	{
		name:  "held since: a mark overwritten that came meanwhile",
		edits: []edit{{"internal/recipe/revocation.go", "		version = stat.Version\n", "		_ = stat\n"}},
		tests: "TestVirtualHeldSinceAndMarks",
	},
	{
		name:  "held since: lost when the holder is asked",
		edits: []edit{{"internal/recipe/mark.go", "		if said.Granted {\n", "		if false {\n"}},
		tests: "TestVirtualHeldSinceAndMarks",
	},
	{
		name:  "held since: written before the mark",
		edits: []edit{{"internal/recipe/mark.go", "		at += len(ourMark)\n", "		at += 0\n"}},
		tests: "TestVirtualHeldSinceAndMarks",
	},
	{
		name:  "held since: short holds say so too",
		edits: []edit{{"internal/recipe/delayed.go", "const noted = 10 * time.Second", "const noted = 9 * time.Second"}},
		tests: "TestVirtualHeldSinceOfAShortHold",
	},
	{
		name:  "held since: the queueing",
		edits: []edit{{"internal/recipe/holdwatch.go", "c.noteGrant(ctx, h.Since())", "c.noteGrant(ctx, w.p.begun)"}},
		tests: "TestVirtualHeldSinceTheGrant",
	},
	{
		name:  "held since: other libraries' znodes written",
		edits: []edit{{"internal/recipe/holdwatch.go", "c.cfg.Dialect != queue.Native ||", "c.cfg.Dialect != queue.Native && false ||"}},
		tests: "TestVirtualHeldSinceOfOtherNamings",
	},
	{
		name:  "held since: other libraries' readers written",
		edits: []edit{{"internal/recipe/downgrade.go", "if c.cfg.Dialect == queue.Native {", "if c.cfg.Dialect == queue.Native || true {"}},
		tests: "TestVirtualHeldSinceOfOtherNamings",
	},
	{
		name:  "held since: permits written",
		edits: []edit{{"internal/recipe/holdwatch.go", "c.cfg.Dialect != queue.Native || c.cfg.Pool != nil", "c.cfg.Dialect != queue.Native"}},
		tests: "TestVirtualHeldSinceOfPermits",
	},
	{
		name:  "held since: a reader that was a writer forgets it",
		edits: []edit{{"internal/recipe/downgrade.go", "reader = slices.Concat(data, grantLine(time.Until(granted)))", "reader = slices.Clone(data)"}},
		tests: "TestVirtualHeldSinceOfADowngradedHold",
	},
	{
		name:  "held since: counted from before the queueing",
		edits: []edit{{"internal/recipe/candidate.go", "	c.born = time.Now()\n	return nil\n", "	c.born = time.Now().Add(-time.Second)\n	return nil\n"}},
		tests: "TestVirtualHeldSinceTheGrant",
	},
	{
		name:  "held since: those that wait",
		edits: []edit{{"inspect.go", "if c.Holder && node.said.Granted {", "if node.said.Granted {"}},
		tests: "TestVirtualForgedHeldSince",
	},
	{
		name:  "downgrade: a mark after the note is not heard",
		edits: []edit{{"internal/recipe/downgrade.go", "err = c.exchange(ctx, version, granted)", "err = c.exchange(ctx, min(version, -1), granted)"}},
		tests: "TestVirtualADowngradeAfterTheNoteHeedsAMark",
	},
	{
		name:  "list: a semaphore is known by its containers",
		edits: []edit{{"internal/recipe/pool.go", "	if size > 0 || errors.Is(err, zk.ErrNoNode) {\n", "	if permits {\n		return false, nil\n	}\n	if size > 0 || errors.Is(err, zk.ErrNoNode) {\n"}},
		tests: "TestVirtualSemaphoreWithoutItsContainers",
	},
	{
		name:  "list: a lock named leases is a semaphore's part",
		edits: []edit{{"internal/recipe/pool.go", "		return queue.ParsePermit(name).Dialect != queue.Unknown\n", "		return queue.ParsePermit(name).Count > 0\n"}},
		tests: "TestVirtualSemaphoreWithoutItsContainers",
	},
	{
		name:  "list: waiters' requests not counted",
		edits: []edit{{"reading.go", "			lock.Revoked++\n", "			lock.Revoked = 1\n"}},
		tests: "TestVirtualHeldSinceTheGrant",
	},
	{
		name:  "deadlocks: all permits are waited for",
		edits: []edit{{"cmd/zooky/internal/cli/graph.go", "ahead: holder, any: true}", "ahead: holder}"}},
		tests: "TestCycles",
	},
	{
		name:  "deadlocks: one's own permits are others'",
		edits: []edit{{"cmd/zooky/internal/cli/graph.go", "			over[w.waiter.Zxid] = true\n", "			over[w.waiter.Zxid] = false\n"}},
		tests: "TestCycles",
	},
	{
		name:  "deadlocks: who waits behind one for permits waits for nobody",
		edits: []edit{{"cmd/zooky/internal/cli/graph.go", "	for i := first + 1; i < len(queue); i++ {\n", "	for i := len(queue); i < len(queue); i++ {\n"}},
		tests: "TestCycles",
	},
	{
		name:  "lister: changes while it reads are missed",
		edits: []edit{{"lister.go", "	return l.survey.locks()\n}\n\n// stale", "	l.below.Take()\n	return l.survey.locks()\n}\n\n// stale"}},
		tests: "TestVirtualListerWhileLocksChange",
	},
	{
		name:  "lister: a broken connection is not noticed",
		edits: []edit{{"internal/ensemble/watches.go", "	for b := range t.below {\n		b.breakLocked()\n	}\n", ""}},
		tests: "TestVirtualListerFollows",
	},
	{
		name:  "lister: a semaphore's changes are not its own",
		edits: []edit{{"lister.go", "			above = gopath.Dir(above)\n", "			above = path\n"}},
		tests: "TestVirtualListerFollows",
	},
	{
		name:  "lister: what is gone is kept",
		edits: []edit{{"survey.go", "			s.forgetLocked(child)\n		}\n	}\n}\n\nfunc (s *survey) forgetLocked", "			_ = child\n		}\n	}\n}\n\nfunc (s *survey) forgetLocked"}},
		tests: "TestVirtualListerFollows",
	},
	{
		name:  "lister: what was made anew is not read",
		edits: []edit{{"lister.go", "		again(path) // it may have been made anew\n", ""}},
		tests: "TestVirtualListerOfALockMadeAnew",
	},
	{
		name:  "lister: a root that comes later is not found",
		edits: []edit{{"lister.go", "	if s.places[s.root] == nil { // it was not there\n", "	if false {\n"}},
		tests: "TestVirtualListerFollows",
	},
	{
		name:  "lister: all is read each time",
		edits: []edit{{"lister.go", "if known && time.Since(l.complete) < allAgain {", "if false && known && time.Since(l.complete) < allAgain {"}},
		tests: "TestVirtualListerReadsWhatHasChanged",
	},
	{
		name:  "lister: what servers tell nothing of is never read again",
		edits: []edit{{"lister.go", "time.Since(l.complete) < allAgain", "time.Since(l.complete) < 1000*allAgain"}},
		tests: "TestVirtualListerReadsWhatHasChanged",
	},
	{
		name:  "lister: private locks are read once",
		edits: []edit{{"lister.go", "		if p.opaque {\n", "		if false && p.opaque {\n"}},
		tests: "TestVirtualListerOfPrivateLocks",
	},
	{
		name:  "lister: locks with private candidates are read once",
		edits: []edit{{"reading.go", "			r.opaque = true\n", ""}},
		tests: "TestVirtualListerOfPrivateLocks",
	},
	{
		name:  "lister: a look that failed is believed",
		edits: []edit{{"lister.go", "		l.complete = time.Time{} // what has changed is not known any more\n", ""}},
		tests: "TestVirtualListerAfterAFailure",
	},
	{
		name:  "lister: a server that knows no such watch fails",
		edits: []edit{{"internal/ensemble/reading.go", "		if err != nil && zs.NoteRefusal(wire.OpAddWatch, err) {\n			return nil\n		}\n", ""}},
		tests: "TestVirtualListerOfOtherServers",
	},
	{
		name:  "lister: servers that do not answer are not noticed",
		edits: []edit{{"lister.go", "	if _, err := zs.ReadNode(ctx, l.s.root); err != nil", "	if err := error(nil); err != nil"}},
		tests: "TestVirtualListerWithoutAnswers",
	},
	{
		name:  "list: servers asked again and again for what they do not know",
		edits: []edit{{"reading.go", " && s.zs.Takes(wire.OpMultiRead) {", " {"}},
		tests: "TestVirtualSurveyWithoutMultiRead",
	},
	{
		name:  "several locks: acquired one after the other in the caller's order",
		edits: []edit{{"lockall.go", "	acquired, bond, failed := s.locks.AcquireAll(ctx, claims)\n", "	var acquired []*recipe.Acquisition\n	var bond *recipe.Bond\n	var failed *recipe.ClaimError\n	for _, c := range claims {\n		var one []*recipe.Acquisition\n		if one, bond, failed = s.locks.AcquireAll(ctx, []recipe.Claim{c}); failed != nil {\n			break\n		}\n		acquired = append(acquired, one...)\n	}\n"}},
		tests: "TestVirtualLockAllInAnyOrder",
	},
	{
		name:  "several locks: a place is lost alone",
		edits: []edit{{"internal/recipe/several.go", "		removals.Go(func() { _ = c.remove(s.ctx) }) // giveUp goes on\n", "		if c.doubted {\n			removals.Go(func() { _ = c.remove(s.ctx) })\n		}\n"}},
		tests: "TestVirtualLockAllLosesAPlace",
	},
	{
		name:  "several locks: nobody watches over the first places",
		edits: []edit{{"internal/recipe/several.go", "		case <-c.wake:\n		case <-all:", "		case <-all:"}},
		tests: "TestVirtualLockAllLosesAPlace",
	},
	{
		name:  "several locks: numbers that were given before believed",
		edits: []edit{{"internal/recipe/several.go", "&& stat.Czxid < c.czxid {", "&& false {"}},
		tests: "TestVirtualLockAllDistrustsRepeatedNumbers",
	},
	{
		name:  "several locks: candidates left whose creation was not answered",
		edits: []edit{{"internal/recipe/together.go", "			if found {\n				return joinAll(candidates, nil)\n			}\n", "			_ = found\n			enterAll(candidates, uncreated)\n"}},
		tests: "TestVirtualLockAllThroughFaults",
	},
	{
		name:  "several locks: the hold does not end with one of them",
		edits: []edit{{"internal/recipe/hold.go", "	h.bond.lose()\n", ""}},
		tests: "TestVirtualLockAllHoldIsLostAndRevoked",
	},
	{
		name:  "several locks: one that was asked for is not told",
		edits: []edit{{"internal/recipe/hold.go", "	h.bond.revoke()\n", ""}},
		tests: "TestVirtualLockAllHoldIsLostAndRevoked",
	},
	{
		name:  "several locks: one named twice",
		edits: []edit{{"lockall.go", "		case named[m.path]:", "		case false:"}},
		tests: "TestVirtualLockAllRefuses",
	},
	{
		name:  "several locks: a guard for the first alone",
		edits: []edit{{"lockall.go", "	return guards, nil\n", "	return guards[:1], nil\n"}},
		tests: "TestVirtualLockAllTakesTwoTrips",
	},
	{
		name:  "several locks: the candidates stay when the caller gives up",
		edits: []edit{{"internal/recipe/several.go", "		s.locks.client.Go(func() { p.giveUp(candidates[i]) })\n", "		s.locks.client.Go(func() { p.onRemoved(candidates[i], nil) })\n"}},
		tests: "TestVirtualLockAllGivesUpAtEveryMoment",
	},
	{
		name:  "several locks: a transaction that was throttled taken for answered",
		edits: []edit{{"internal/ensemble/request.go", "		return coded(op())\n", "		return op()\n"}, {"internal/ensemble/request.go", "{Err: coded(op())}", "{Err: op()}"}},
		tests: "TestVirtualLockAllThrottled",
	},
	{
		name:  "semaphore: counted by what was out when one ahead had yet to take permits",
		edits: []edit{{"internal/recipe/candidate.go", "lists && c.exit != nil && c.exit.hopeful {", "c.exit != nil && c.exit.hopeful {"}, {"internal/recipe/lookahead.go", "	c.dropSight()\n", ""}},
		tests: "TestVirtualSemaphoreCountsBehindASibling",
	},
	{
		name:  "election: a deadline of the release taken for that of the campaign",
		edits: []edit{{"election.go", "	if errors.Is(err, ctx.Err()) && errors.Is(err, context.Cause(ctx)) {", "	if errors.Is(err, ctx.Err()) {"}},
		tests: "TestVirtualElectionEndsWithItsContext",
	},
	{
		name:  "semaphore: permits of the one ahead not counted that the server has yet to tell of",
		edits: []edit{{"internal/recipe/permit.go", "	out.Distrust()\n", ""}},
		tests: "TestVirtualSemaphoreCountsAfterItsTurn",
	},
	{
		name:  "election: looks again and again while there is no leader",
		edits: []edit{{"election.go", "	case len(queue.Order(q.Children())) == 0:", "	case false:"}},
		tests: "TestVirtualObserveWithoutALeader",
	},
	{
		name:  "downgrade: who waits for the writer takes it for gone",
		edits: []edit{{"internal/recipe/turn.go", "if h == nil && predecessor.BecomesReader() && !w.WasDeleted() {", "if false {"}},
		tests: "TestVirtualDowngradeKeepsWritersOut",
	},
	{
		name:  "downgrade: who waits for the writer is told of its removal",
		edits: []edit{{"internal/recipe/downgrade.go", "			&zk.SetDataRequest{Path: c.path, Data: data, Version: version},\n", ""}},
		tests: "TestVirtualDowngradeKeepsWritersOut",
	},
	{
		name:  "downgrade: a hand-off between writers takes a listing",
		edits: []edit{{"internal/ensemble/watches.go", "	return w.node.told\n", "	return false\n"}},
		tests: "TestVirtualAHandOffBetweenWritersTakesNoListing",
	},
	{
		name:  "downgrade: who asked the writer is not heard",
		edits: []edit{{"internal/recipe/downgrade.go", "err := c.exchange(ctx, 0, granted)", "err := c.exchange(ctx, -1, granted)"}},
		tests: "TestVirtualDowngradeHeedsAMark",
	},
	{
		name:  "downgrade: the reader is not asked after the writer",
		edits: []edit{{"internal/recipe/turn.go", "if err == nil && left == leftReader && p.Revoke != nil && p.Revoke.Ask {", "if false {"}},
		tests: "TestVirtualDowngradeHeedsWhoAsked",
	},
	{
		name:  "downgrade: a beat that was under way takes the hold for lost",
		edits: []edit{{"internal/recipe/hold.go", "moved := h.moves || h.path != znode", "moved := false"}},
		tests: "TestVirtualDowngradeDuringABeat",
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
		name:  "downgrade: the goroutines of a handle pass the hold on",
		edits: []edit{{"internal/recipe/cohort.go", "	if co.term == t {\n		co.term = nil\n	}\n	begun := co.beginLocked()\n	co.mu.Unlock()\n	co.queue(begun)\n	return t.owner\n", "	co.mu.Unlock()\n	return t.owner\n"}},
		tests: "TestVirtualDowngradeOfACohort",
	},
	{
		name:  "downgrade: a reader becomes a writer that waits for itself",
		edits: []edit{{"context.go", "shared := c.hold.IsShared() && m.kind == queue.Read", "shared := c.hold.IsShared() || m.kind == queue.Read"}},
		tests: "TestVirtualAReaderCannotBecomeAWriter",
	},
	{
		name:  "downgrade: the handle of the reader waits for itself",
		edits: []edit{{"context.go", "	case m.occupiedBy(c.hold):\n		return true\n", ""}},
		tests: "TestVirtualAReaderCannotBecomeAWriter",
	},
	{
		name:  "semaphore: one permit too many",
		edits: []edit{{"internal/recipe/permit.go", "seen.used+int64(p.Permits) > int64(l.size) {", "seen.used > int64(l.size) {"}, {"internal/recipe/pass.go", "used <= int64(l.size) {", "used <= int64(l.size)+1 {"}},
		tests: "TestVirtualPermitsAreCountedWhateverBreaks|TestVirtualSemaphore",
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
		name:  "semaphore: what those ahead want not counted",
		edits: []edit{{"internal/recipe/permit.go", "		c.exit.out.ahead += wants\n", ""}},
		tests: "TestVirtualSemaphoreForesees",
	},
	{
		name:  "semaphore: who says nothing taken to want nothing",
		edits: []edit{{"internal/recipe/permit.go", "keep = keep && wants > 0", "keep = keep && wants >= 0"}},
		tests: "TestVirtualSemaphoreBehindAnotherVersion",
	},
	{
		name:  "semaphore: those ahead not all seen",
		edits: []edit{{"internal/recipe/permit.go", "	keep := c.exit.out.queue == queue && !c.line.More\n", "	keep := c.exit.out.queue == queue\n"}},
		tests: "TestVirtualSemaphoreSightIsOfAllAhead",
	},
	{
		name:  "semaphore: permits listed again after a release that suffices",
		edits: []edit{{"internal/recipe/permit.go", "	if seen.least > 0 &&", "	if false &&"}},
		tests: "TestVirtualSemaphoreOneTripFromReleaseToGrant",
	},
	{
		name:  "semaphore: a lost connection taken for a release",
		edits: []edit{{"internal/ensemble/watches.go", "	return w.node.changed > told\n", "	return w.node.news.told() > told\n"}},
		tests: "TestVirtualALostConnectionIsNoRelease",
	},
	{
		name:  "semaphore: a small hold given back taken for a great one",
		edits: []edit{{"internal/queue/permit.go", "least == 0 || n < least", "least == 0 || n > least"}},
		tests: "TestVirtualSemaphoreForesees",
	},
	{
		name:  "semaphore: a Curator's permit taken for a release",
		edits: []edit{{"internal/recipe/permit.go", "armed && c.cfg.Dialect == queue.Native {", "armed {"}},
		tests: "TestVirtualSemaphoreBesideACurator",
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
		name:  "semaphore: a release not heard while the znode is read",
		edits: []edit{{"internal/recipe/permit.go", "	if c.self == nil && !c.waitsLong() {", "	if false {"}},
		tests: "TestVirtualSemaphoreReleasedAsItBeginsToWait",
	},
	{
		name:  "several locks: no deadline once one was downgraded",
		edits: []edit{{"lockall.go", "certain := deadlineOf(l.a)", "certain := l.m.Deadline()"}},
		tests: "TestVirtualLockAllDeadlineAfterADowngrade",
	},
	{
		name:  "several locks: a deadline although one was released",
		edits: []edit{{"lockall.go", " || l.a.Hold().Released()", ""}},
		tests: "TestVirtualLockAllDeadlineAfterADowngrade",
	},
	{
		name:  "election: polls while the lock has no znode",
		edits: []edit{{"election.go", "		return e.awaitZnode(ctx, zs, wake)\n", "		return awaitWake(ctx, zs, wake, time.After(leaderlessLook))\n"}},
		tests: "TestVirtualObserveWithoutAZnode",
	},
	{
		name:  "election: the creation of the lock's znode overlooked",
		edits: []edit{{"internal/ensemble/watches.go", ", children.key(path), presence.key(path)}", ", children.key(path)}"}},
		tests: "TestVirtualObserveWithoutAZnode",
	},
	{
		name:  "misuse: copy of a Semaphore is used",
		edits: []edit{{"semaphore.go", "sem == nil || sem.self != sem", "sem == nil || sem.self == nil"}},
		tests: "TestVirtualSemaphoreMisuse",
	},
	{
		name:  "semaphore: three trips where two suffice",
		edits: []edit{{"internal/recipe/queueing.go", "c.exit.hopeful = p.Sight.free.Load()", "c.exit.hopeful = false"}},
		tests: "TestVirtualSemaphoreTrips",
	},
	{
		name:  "semaphore: permits not counted again once they are taken",
		edits: []edit{{"internal/recipe/pass.go", "	if err == nil && used > int64(l.size) {\n		err = errCrowded", "	if false {\n		err = errCrowded"}},
		tests: "TestVirtualSomebodyElseTakesPermits",
	},
	{
		name:  "semaphore: weights not counted",
		edits: []edit{{"internal/recipe/pool.go", "		n += permit.Count\n", "		n++\n"}},
		tests: "TestVirtualSemaphore",
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
		name:  "semaphore: sizes not compared",
		edits: []edit{{"internal/recipe/pool.go", "	case !l.resized && l.size != handle:", "	case false:"}},
		tests: "TestVirtualSizesMustAgree",
	},
	{
		name:  "semaphore: a new size not heard of",
		edits: []edit{{"internal/recipe/permit.go", "c.zs.Watches.WatchPlace(pool.Path, c.wake)", "c.zs.Watches.WatchPlace(pool.Path, nil)"}},
		tests: "TestVirtualResize",
	},
	{
		name:  "semaphore: refused for a size of which the news are on their way",
		edits: []edit{{"internal/recipe/permit.go", "		c.zs.Watches.Forget(pool.Path) // the news of another size may be on their way\n", ""}},
		tests: "TestVirtualResize",
	},
	{
		name:  "semaphore: size of one that was resized forgotten",
		edits: []edit{{"internal/recipe/pool.go", "		ops = append(ops, &zk.CreateRequest{Path: p.resized(), Acl: cfg.ACL})\n", ""}},
		tests: "TestVirtualResize",
	},
	{
		name:  "semaphore: permit left when its transaction was not answered",
		edits: []edit{{"internal/recipe/removal.go", "	case passing:\n		err = c.locate(ctx)\n", "	case passing:\n		c.stage = created\n"}},
		tests: "TestVirtualAcquireCancelledAtEveryMoment",
	},
	{
		name:  "semaphore: transaction repeated without a look",
		edits: []edit{{"internal/recipe/pass.go", "		if err := c.locate(ctx); err != nil || c.exit != nil {\n			return false, err\n		}\n", "		c.stay()\n		return false, c.zs.Retry(ctx, was)\n"}},
		tests: "TestVirtualPermitsAreCountedWhateverBreaks",
	},
	{
		name:  "semaphore: mark lost with the place in the queue",
		edits: []edit{{"internal/recipe/pass.go", "wire.Delete(c.path, c.exit.version),", "wire.Delete(c.path, -1),"}},
		tests: "TestVirtualAMarkIsNotLostWithTheQueue",
	},
	{
		name:  "semaphore: tries give up behind others that take theirs",
		edits: []edit{{"internal/recipe/permit.go", "const passingPatience = 200 * time.Millisecond", "const passingPatience = 0 * time.Millisecond"}},
		tests: "TestVirtualManyTriesAtOnce",
	},
	{
		name:  "semaphore: tries wait for a dead client",
		edits: []edit{{"internal/recipe/permit.go", "const passingPatience = 200 * time.Millisecond", "const passingPatience = time.Minute"}},
		tests: "TestVirtualATryDoesNotWaitForADeadClient",
	},
	{
		name:  "semaphore: kazoo let in",
		edits: []edit{{"internal/recipe/semaphore.go", "return []byte(\"-\" + strconv.Itoa(n))", "return []byte(strconv.Itoa(n))"}, {"internal/recipe/semaphore.go", "		return 0, errKazoo\n	}\n	return int(-n64), nil", "		return int(n64), nil\n	}\n	return int(-n64), nil"}},
		tests: "TestSemaphoresOfOthersAreRefused",
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
		name:  "misuse: copy of a Mutex is used",
		edits: []edit{{"mutex.go", "m == nil || m.self != m", "m == nil || m.self == nil"}},
		tests: "TestVirtualCopies",
	},
	{
		name:  "misuse: copy of an RWMutex is used",
		edits: []edit{{"rwmutex.go", "rw == nil || rw.self != rw", "rw == nil || rw.self == nil"}},
		tests: "TestVirtualCopies",
	},
	{
		name:  "rights: an ACL without the right to delete accepted",
		edits: []edit{{"acl.go", "{zk.PermDelete, \"Delete\"}, ", ""}},
		tests: "TestAnACLThatIsNotForUs",
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
		name:  "rights: several refused candidates do not say which right they lack",
		edits: []edit{{"internal/recipe/together.go", "noRight(err, c.dir)", "err"}},
		tests: "TestARefusalSaysWhichRight",
	},
	{
		name:  "rights: a refused parent does not say which right it lacks",
		edits: []edit{{"internal/recipe/parents.go", "noRight(err, above(paths[i]))", "err"}},
		tests: "TestARefusalSaysWhichRight",
	},
	{
		name:  "names: the servers' own znodes accepted",
		edits: []edit{{"internal/zkpath/zkpath.go", "path == \"/zookeeper\" || ", "false && "}},
		tests: "TestTheServersOwnZnodesAreNoLocks",
	},
	{
		name:  "zooky: the usage of a command is not told where arguments are missing",
		edits: []edit{{"cmd/zooky/internal/cli/cli.go", "		command.Args = withUsage(command.Args)\n", "		_ = withUsage\n		_ = command\n"}},
		tests: "TestTroubleIsOneLine",
	},
	{
		name:  "versions: who asks is written in another form",
		edits: []edit{{"internal/recipe/mark.go", "[]byte(\"\\nasked by \")", "[]byte(\"\\nasked for by \")"}},
		tests: "TestVirtualAnotherVersionHolds|TestVirtualAnotherVersionWaits",
	},
	{
		name:  "misuse: copy of a Permit is used",
		edits: []edit{{"permit.go", "p == nil || p.self != p", "p == nil || p.self == nil"}},
		tests: "TestVirtualCopies",
	},
	{
		name:  "misuse: zero Pending is used",
		edits: []edit{{"pending.go", "p == nil || p.a == nil", "p == nil"}},
		tests: "TestZeroValues",
	},
	{
		name:  "misuse: zero Hold is used",
		edits: []edit{{"lockall.go", "h == nil || h.bond == nil", "h == nil"}},
		tests: "TestZeroValues",
	},
	{
		name:  "misuse: zero Election is used",
		edits: []edit{{"election.go", "e == nil || e.m == nil", "e == nil"}},
		tests: "TestZeroValues",
	},
	{
		name:  "misuse: Do waits for the lock before it looks for its function",
		edits: []edit{{"do.go", "	if fn == nil {\n		return cfg, errNoFunction\n	}\n", "	_ = errNoFunction\n"}},
		tests: "TestVirtualNoFunction",
	},
	{
		name:  "misuse: zero Session is used",
		edits: []edit{{"session.go", "s == nil || s.self != s", "s == nil"}},
		tests: "TestZeroValues",
	},
	{
		name:  "misuse: handle is not looked at before its Session is used",
		edits: []edit{{"inspect.go", "([]Contender, error) {\n	m.check()\n", "([]Contender, error) {\n"}},
		tests: "TestZeroValues",
	},
	{
		name:  "API: what is gone is not seen",
		edits: []edit{{"internal/api/main.go", "without(want, have), without(have, want)", "without(have, have), without(have, want)"}},
		tests: "TestEveryChangeIsSeen",
	},
	{
		name:  "API: receivers are not seen",
		edits: []edit{{"internal/api/describe.go", "receiver = obj.Name()", "_ = receiver"}},
		tests: "TestEveryChangeIsSeen",
	},
	{
		name:  "API: consts' values are not seen",
		edits: []edit{{"internal/api/describe.go", "obj.Val().ExactString()", "\"?\""}},
		tests: "TestEveryChangeIsSeen",
	},
	{
		name:  "session with a timeout too short to hold anything kept",
		edits: []edit{{"internal/ensemble/admit.go", "if l.tooShort(time.Since(asked)) {", "if false {"}},
		tests: "TestVirtualClaimedShortTimeout",
	},
	{
		name:  "multiRead without a result taken for the others'",
		edits: []edit{{"internal/wire/compare.go", "b.Fail(\"multiRead has not as many results as were asked for\")", "_ = 0"}},
		tests: "TestAnAnswerToSomethingElseBreaksTheConnection",
	},
	{
		name:  "candidates read together belong to a session",
		edits: []edit{{"reading.go", "err = f(together[i], &node.stat)", "node.stat.EphemeralOwner = 1\n\t\t\t\t\terr = f(together[i], &node.stat)"}},
		tests: "TestVirtualSurvey",
	},
	{
		name:  "candidates left out where they cannot be read together",
		edits: []edit{{"reading.go", "	answers := make([]ensemble.Response[contenderNode], len(children))\n", "	var answers []ensemble.Response[contenderNode]\n	if len(answers) == 0 {\n		return nil, nil\n	}\n"}},
		tests: "TestVirtualSurvey",
	},
	{
		name:  "session id logged at Info",
		edits: []edit{{"internal/ensemble/log.go", "	c.cfg.Logger.Debug(\"zookeeper session\", \"id\"", "	c.cfg.Logger.Info(\"zookeeper session\", \"id\""}},
		tests: "TestSessionIDsAreLoggedAtDebugOnly|TestVirtualNoSessionIDAtInfo",
	},
	{
		name:  "election: ends when the leader steps down",
		edits: []edit{{"election.go", "			pause = 0\n			continue\n", "			return err\n"}},
		tests: "TestVirtualElection",
	},
	{
		name:  "election: no pause after a failure",
		edits: []edit{{"election.go", "case <-time.After(pause):", "case <-time.After(0):"}},
		tests: "TestVirtualElectionPausesAfterAFailure",
	},
	{
		name:  "election: who was asked while it waited begins to lead",
		edits: []edit{{"election.go", "if held.Err() != nil {", "if ctx.Err() != nil {"}},
		tests: "TestVirtualElection",
	},
	{
		name:  "election: Observe shows a leader again that was asked",
		edits: []edit{{"election.go", "case err == nil && leader.Zxid != known.Zxid:", "case err == nil && (leader.Zxid != known.Zxid || leader.Revoked):"}, {"election.go", "		if err := awaitWake(ctx, zs, wake, nil); err != nil {\n			return err\n		}\n", "		return awaitWake(ctx, zs, wake, nil)\n"}},
		tests: "TestVirtualObserveThroughAnExpiry",
	},
	{
		name:  "election: Observe lists the queue at every audit",
		edits: []edit{{"election.go", "		if err := awaitWake(ctx, zs, wake, nil); err != nil {\n			return err\n		}\n", "		return awaitWake(ctx, zs, wake, nil)\n"}},
		tests: "TestVirtualElection",
	},
	{
		name:  "revoke: the holder's identity overwritten",
		edits: []edit{{"internal/recipe/mark.go", "	case ours && len(said.Who) > 0:", "	case ours && len(said.Who) > 1<<20:"}},
		tests: "TestVirtualWhoWasAskedKeepsItsIdentity",
	},
	{
		name:  "revoke: our own mark not understood",
		edits: []edit{{"internal/recipe/mark.go", "	return who[:at], mark\n", "	return who[:at], nil\n"}},
		tests: "TestVirtualRevokeHolderAsksTheHolderAlone",
	},
	{
		name:  "revoke: other clients get our mark",
		edits: []edit{{"internal/recipe/mark.go", "	case ours && len(said.Who) > 0:", "	case len(said.Who) > 0 || ours:"}},
		tests: "TestVirtualForeignMarks",
	},
	{
		name:  "revoke: those that wait are asked with the holder",
		edits: []edit{{"inspect.go", "func(c recipe.Entry) bool { return c.Holder }, opts)", "isAny, opts)"}},
		tests: "TestVirtualRevokeHolderAsksTheHolderAlone",
	},
	{
		name:  "context: outlives an Unlock",
		edits: []edit{{"internal/recipe/hold.go", "	h.tellFollowersLocked()\n	if h.over != nil {\n", "	if h.over != nil {\n"}},
		tests: "TestVirtualContextEndsWithTheHold",
	},
	{
		name:  "context: not told of a revocation",
		edits: []edit{{"internal/recipe/hold.go", "	h.tellFollowersLocked()\n	for p := range h.parts {\n", "	for p := range h.parts {\n"}},
		tests: "TestVirtualContextEndsWithTheHold",
	},
	{
		name:  "context: of a hold that is not what it was, without an end",
		edits: []edit{{"internal/recipe/follow.go", "	if h.ended || h.err != nil {\n", "	if h.ended {\n"}},
		tests: "TestVirtualContextOfALateCaller",
	},
	{
		name:  "context: cancelled with the parent's cause",
		edits: []edit{{"internal/recipe/follow.go", "(*cancel)(h.causeLocked())", "(*cancel)(nil)"}},
		tests: "TestVirtualContextEndsWithTheHold",
	},
	{
		name:  "deadlock: only the innermost hold is looked at",
		edits: []edit{{"context.go", "for ; c != nil; c = c.outer {", "for ; c != nil; c = nil {"}},
		tests: "TestVirtualAWaitForOneselfIsAnError",
	},
	{
		name:  "deadlock: only through the same handle",
		edits: []edit{{"context.go", "return !shared && !errors.Is(c.hold.State(), ErrLost)", "return !shared && errors.Is(c.hold.State(), ErrLost)"}},
		tests: "TestVirtualAWaitForOneselfIsAnError",
	},
	{
		name:  "deadlock: readers do not share",
		edits: []edit{{"context.go", "return !shared && !errors", "return !errors"}, {"context.go", "		shared := c.hold.IsShared() && m.kind == queue.Read\n", ""}, {"context.go", "	\"github.com/zookylock/zklock/internal/queue\"\n", ""}},
		tests: "TestVirtualWhatIsNoDeadlock",
	},
	{
		name:  "deadlock: a hold that was released is in the way",
		edits: []edit{{"context.go", " || c.hold.Released():", ":"}},
		tests: "TestVirtualWhatIsNoDeadlock",
	},
	{
		name:  "deadlock: a lost hold is in the way of other handles",
		edits: []edit{{"context.go", "return !shared && !errors.Is(c.hold.State(), ErrLost)", "return !shared"}, {"context.go", "	\"errors\"\n", ""}},
		tests: "TestVirtualWhatIsNoDeadlock",
	},
	{
		name:  "Do: NoWait waits",
		edits: []edit{{"do.go", "		cfg.try = true\n", ""}},
		tests: "TestVirtualDoDoesNotWaitForLong",
	},
	{
		name:  "Do: the bound for the wait goes on when the function runs",
		edits: []edit{{"do.go", "	held, cancel := m.under(ctx, a.Hold())\n", "	ctx, all := boundedBy(ctx, cfg.wait, ErrWaitTimeout)\n	defer all()\n	held, cancel := m.under(ctx, a.Hold())\n"}},
		tests: "TestVirtualDoDoesNotRunForLong",
	},
	{
		name:  "Do: silent about a function that took too long",
		edits: []edit{{"do.go", "			stood = ErrRunTimeout\n", ""}},
		tests: "TestVirtualDoDoesNotRunForLong",
	},
	{
		name:  "token: the zero one is stored",
		edits: []edit{{"token.go", "	if t.IsZero() {\n		return nil, errZeroToken\n	}\n", ""}, {"token.go", "var errZeroToken =", "var _ ="}},
		tests: "TestNoHoldIsStored",
	},
	{
		name:  "token: stored in a form that does not sort",
		edits: []edit{{"token.go", "	return t.String(), nil\n}\n\n// Scan", "	return fmt.Sprintf(\"%x.%x\", t.Zxid, t.Handoff), nil\n}\n\n// Scan"}},
		tests: "TestTokensInADatabase",
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
		name:  "footprint: given back before the outcome is known",
		edits: []edit{{"internal/recipe/candidate.go", "		case ensemble.LeftBehind:\n", "		case ensemble.LeftBehind:\n			c.enter(uncreated)\n"}},
		tests: "TestVirtualFootprint",
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
		name:  "revoke: marks of older clients not understood",
		edits: []edit{{"internal/recipe/mark.go", "	if at < 0 {\n		return who, new(Mark)\n", "	if at < 0 {\n		return who, nil\n"}},
		tests: "TestVirtualAMarkOfAnotherClientSaysNothing",
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
		name:  "zooky: help on long lines",
		edits: []edit{{"cmd/zooky/internal/cli/cli.go", "const helpWidth = 100", "const helpWidth = 0"}},
		tests: "TestHelpHasShortLines",
	},
	{
		name:  "zooky: a group may read everybody's secrets",
		edits: []edit{{"cmd/zooky/internal/cli/secret.go", "	if by == root {\n", "	if by != stranger {\n"}},
		tests: "TestCheckPrivate",
	},
	{
		name:  "reason: not passed on by LockRevoking",
		edits: []edit{{"mutex.go", "c.Revoke = how.revocation(mark)", "mark.Reason = \"\"\n\t\tc.Revoke = how.revocation(mark)"}},
		tests: "TestVirtualARequestSaysWhoAsksAndWhy",
	},
	{
		name:  "reason: forgotten by a hold that is lost after",
		edits: []edit{{"internal/recipe/hold.go", "		reason = removed(h.err)\n", ""}},
		tests: "TestVirtualARequestSaysWhoAsksAndWhy",
	},
	{
		name:  "reason: parts of a hold are not told who asks",
		edits: []edit{{"internal/recipe/hold.go", "		p.revoke(asked)\n", "		p.revoke(ErrRevoked)\n"}},
		tests: "TestVirtualAPartOfAHoldLearnsWhoAsked",
	},
	{
		name:  "reason: no bound for what others have written",
		edits: []edit{{"internal/recipe/mark.go", "text[:min(len(text), MarkKept)]", "text"}},
		tests: "TestVirtualAMarkOfAnotherClientSaysNothing",
	},
	{
		name:  "reason: the first line that looks like a request counts",
		edits: []edit{{"internal/recipe/mark.go", "at := bytes.LastIndex(who, askedBy)", "at := bytes.Index(who, askedBy)"}},
		tests: "TestVirtualAMarkOfAnotherClientSaysNothing",
	},
	{
		name:  "reason: what follows a request overlooked",
		edits: []edit{{"internal/recipe/mark.go", "mark(ok && rest == \"\", by, reason)", "mark(ok, by, reason)"}},
		tests: "TestVirtualAMarkOfAnotherClientSaysNothing",
	},
	{
		name:  "reason: control characters let into marks",
		edits: []edit{{"revocation.go", " || strings.ContainsFunc(reason, unicode.IsControl)", " || false && strings.ContainsFunc(reason, unicode.IsControl)"}},
		tests: "TestVirtualReasonsThatAreRefused",
	},
	{
		name:  "reason: shown as it is by the error",
		edits: []edit{{"revocation.go", "ensemble.Readable([]byte(e.Reason))", "e.Reason"}},
		tests: "TestVirtualAMarkOfAnotherClientSaysNothing",
	},
	{
		name:  "Curator's mark ignored",
		edits: []edit{{"internal/recipe/mark.go", `[]byte("unlock"), []byte("__REVOKE__")`, `[]byte("unlock")`}},
		tests: "TestRevokedByMarksOfOthers",
	},
	{
		name:  "any data is a mark",
		edits: []edit{{"internal/recipe/mark.go", "if bytes.Equal(data, bare) {", "if bytes.HasPrefix(data, bare) {"}},
		tests: "TestRevokedByMarksOfOthers",
	},
	{
		name: "data events ignored",
		edits: []edit{{"events.go", `case zk.EventNotWatching:`,
			"case zk.EventNotWatching, zk.EventNodeDataChanged: //"}},
		tests: "TestARevocationIsPushed",
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
		name:  "own znode not looked at after a grant without a wait",
		edits: []edit{{"internal/recipe/holdwatch.go", "	p.watched.look()\n", ""}},
		tests: "TestAMarkBeforeTheFirstLook",
	},
	{
		name:  "mark missed while cut off",
		edits: []edit{{"events.go", "		ev.Session.Watches.WakeAll() // the server has forgotten all watches of the connection\n", ""}},
		tests: "TestAMarkIsSeenAfterAReconnection",
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
		name:  "calls wait for the session timeout that was asked for",
		edits: []edit{{"session.go", "min(s.Timeout(), max(s.cfg.timeout, mostRaised))", "s.cfg.timeout"}},
		tests: "TestVirtualCallsWaitTheGrantedTimeout",
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
		name:  "claimed session timeout believed by the connection",
		edits: []edit{{"internal/wire/read.go", "granted <= c.cfg.Asked {", "true {"}},
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
		name: "hold kept when its znode is removed",
		edits: []edit{
			{"internal/recipe/holdwatch.go", "			h.lose(errRemoved)\n", ""},
			{"internal/ensemble/beat.go", "			z.hold.Missing(z.path)\n", ""},
		},
		tests: "TestRemovalByForceIsLossAndRevocation",
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
		edits: []edit{{"internal/ensemble/held.go", " && n.waiters != nil }", " }"}},
		tests: "TestWhatVouchesForAHold",
	},
	{
		name:  "beats: holds not checked in rotation",
		edits: []edit{{"internal/ensemble/held.go", "z.checked.Before(late) || !fresh && (!vouched || i < share)", "late.IsZero() || !fresh && (!vouched || i < min(share, 1))"}},
		tests: "TestVirtualHoldsOnAServerThatLostATransaction",
	},
	{
		name:  "beats: holds of a busy session not checked",
		edits: []edit{{"internal/ensemble/held.go", "z.checked.Before(late) ||", "late.IsZero() ||"}},
		tests: "TestVirtualHoldsOnAServerThatLostATransaction",
	},
	{
		name:  "beats: rotation without order",
		edits: []edit{{"internal/ensemble/held.go", "			l.holds[z.hold] = asked\n", "			_ = asked\n"}},
		tests: "TestVirtualHoldsOnAServerThatLostATransaction|TestVirtualIdleHoldsCostNothing",
	},
	{
		name:  "beats: all holds checked each time",
		edits: []edit{{"internal/ensemble/held.go", "i < share)", "i < share*len(held))"}},
		tests: "TestVirtualIdleHoldsCostNothing",
	},
	{
		name:  "beats: young holds not checked",
		edits: []edit{{"internal/ensemble/held.go", "(!vouched || i < share)", "(!vouched && false || i < share)"}},
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
		edits: []edit{{"internal/ensemble/verify.go", "if beats && held[node.path] && node.vouches() {", "if false && beats {"}},
		tests: "TestVirtualIdleHoldsCostNothing",
	},
	{
		name:  "restored watches: from the transaction of an event",
		edits: []edit{{"internal/ensemble/session.go", "noteDisconnected(zs.answered.Load())", "noteDisconnected(zs.lastZxid.Load())"}},
		tests: "TestVirtualHalfOfTheEvents",
	},
	{
		name:  "restored watches: an event counts as an answer",
		edits: []edit{{"internal/wire/read.go", " && xid != XidWatcherEvent && xid != XidPing {", " && xid != XidPing {"}},
		tests: "TestEventsAndPingsAnswerNothing|TestVirtualHalfOfTheEvents",
	},
	{
		name:  "restored watches: one that was used up",
		edits: []edit{{"internal/ensemble/watches.go", "node.stood || node.news.armed() && node.what", "node.stood || node.what"}},
		tests: "TestVirtualAMarkThatWasNotRead",
	},
	{
		name:  "restored watches: what is told meanwhile is forgotten",
		edits: []edit{{"internal/ensemble/restore.go", "case err == nil && node.news.told() == r.told:", "case err == nil:"}},
		tests: "TestVirtualChangesWhileAHolderIsCutOff",
	},
	{
		name:  "restored watches: without an answer",
		edits: []edit{{"internal/ensemble/restore.go", "case err == nil && node.news.told() == r.told:", "case node.news.told() == r.told:"}},
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
		edits: []edit{{"internal/ensemble/restore.go", "size > restoreAtOnce {", "size > 100*restoreAtOnce {"}},
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
		edits: []edit{{"internal/ensemble/verify.go", "			t.verify(held)\n", ""}},
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
		name: "handle stays locked when the release fails",
		edits: []edit{
			{"mutex.go", "	a := m.take()\n	if a == nil {\n		return opError(\"unlock\"", "	a := m.holding()\n	if a == nil {\n		return opError(\"unlock\""},
			{"mutex.go", "	return opError(\"unlock\", m.path, a.Release(ensemble.OrNone(ctx)))\n}",
				"	err := a.Release(ensemble.OrNone(ctx))\n	if err == nil {\n		m.forget(a)\n	}\n	return opError(\"unlock\", m.path, err)\n}"},
		},
		tests: "TestRemovalByForceIsLossAndRevocation|TestReleaseGoesOnInTheBackground",
	},
	{
		name: "body run although the lock was not acquired",
		edits: []edit{{"do.go", "	if err != nil {\n		return err\n	}\n	held,",
			"	if err != nil {\n		return errors.Join(err, fn(ctx))\n	}\n	held,"}},
		tests: "TestDoRunsUnderTheLock",
	},
	{
		name:  "Revoked closes with the holder's own release",
		edits: []edit{{"internal/recipe/hold.go", "	h.finishLocked(now, nil)\n	return nil\n", "	if h.err == nil {\n		h.revoked.give()\n	}\n	h.finishLocked(now, nil)\n	return nil\n"}},
		tests: "TestChannelsBelongToOneHold",
	},
	{
		name:  "requests run in the session after an expiry",
		edits: []edit{{"internal/ensemble/session.go", "		zs.disconnect() // here and now: zk.Conn's next step is to dial for a new session\n", ""}},
		tests: "TestNoConnectionAfterAnExpiry",
	},
	{
		name:  "Guard refuses after a mark",
		edits: []edit{{"held.go", "return &zk.CheckVersionRequest{Path: a.Hold().Znode(), Version: -1}, nil", "return &zk.CheckVersionRequest{Path: a.Hold().Znode(), Version: 0}, nil"}},
		tests: "TestGuardLetsNoStaleHolderWrite",
	},
	{
		name:  "Guard checks the lock, not the hold",
		edits: []edit{{"held.go", "return &zk.CheckVersionRequest{Path: a.Hold().Znode(), Version: -1}, nil", "return &zk.CheckVersionRequest{Path: a.Path, Version: -1}, nil"}},
		tests: "TestGuardLetsNoStaleHolderWrite",
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
		name: "lost hold gives its handle to the next",
		edits: []edit{
			{"internal/recipe/slot.go", "if s.hold == nil && (len", "if (s.hold == nil || s.hold.lost.isGiven()) && (len"},
			{"internal/recipe/slot.go", "h == nil || h != known && !h.isLost()", "true"},
		},
		tests: "TestLostHoldOccupiesItsHandle",
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
		name:  "rights of a lock given to what is above it",
		edits: []edit{{"internal/recipe/parents.go", "	if cfg.isOwn(path, dir) {\n		acl = cfg.ACL\n	}\n", "	acl = cfg.ACL\n"}},
		tests: "TestALocksRightsAreItsOwn",
	},
	{
		name:  "one private znode fails the list",
		edits: []edit{{"survey.go", "	case path == s.root || !errors.Is(reason, zk.ErrNoAuth) && ", "	case path == s.root || "}},
		tests: "TestPrivateZnodesAreShownAsSuch",
	},
	{
		name:  "one private candidate fails the look at a queue",
		edits: []edit{{"inspect.go", "	if errors.Is(err, zk.ErrNoAuth) || ", "	if err != nil && errors.Is(err, zk.ErrNodeExists) || "}},
		tests: "TestPrivateZnodesAreShownAsSuch",
	},
	{
		name:  "paths longer than a lock's name kept",
		edits: []edit{{"survey.go", "		if tooLong || ", "		if tooLong && false || "}},
		tests: "TestLocksKeepsWithinItsBounds",
	},
	{
		name:  "all data of contenders kept",
		edits: []edit{{"inspect.go", "slices.Clone(n.said.Who[:min(n.size, recipe.WhoKept)])", "slices.Clone(n.said.Who)"}},
		tests: "TestContendersKeepsWithinItsBounds",
	},
	{
		name:  "blanks at the end of a name shown as they are",
		edits: []edit{{"cmd/zooky/internal/escape/escape.go", "(i == 0 || i == len(s)-1 || ", "(i == 0 || i < len(s)-1 && "}},
		tests: "TestText",
	},
	{
		name:  "letters of other scripts shown without a mark",
		edits: []edit{{"cmd/zooky/internal/escape/escape.go", "is != none && is != script {", "is == none && is != script {"}},
		tests: "TestText",
	},
	{
		name:  "zooky clear leaves what no session is behind",
		edits: []edit{{"cmd/zooky/internal/cli/strays.go", "exists && stat.EphemeralOwner == 0, err", "exists && stat.EphemeralOwner != 0, err"}},
		tests: "TestStrays",
	},
	{
		name:  "slot: its waiter stays at the head of the queue",
		edits: []edit{{"internal/recipe/queueing.go", "		if other != nil && (p.Kind.Exclusive() || other.isLost()) {", "		if false {"}},
		tests: "TestVirtualALostHoldBlocksItsHandleAlone",
	},
	{
		name:  "slot: queued again at once",
		edits: []edit{{"internal/recipe/slot.go", "h == nil || h != known && !h.isLost()", "true"}},
		tests: "TestVirtualALostHoldBlocksItsHandleAlone",
	},
	{
		name:  "slot: queued again until the loss is told",
		edits: []edit{{"internal/recipe/slot.go", "h == nil || h != known && !h.isLost()", "h == nil || !h.isLost()"}},
		tests: "TestVirtualAHoldThatHasNotBeenToldBlocksItsHandleAlone",
	},
	{
		name:  "slot: readers of a handle overtake",
		edits: []edit{{"internal/recipe/slot.go", " && (len(s.waiting) == 0 || s.waiting[0] == h)", ""}},
		tests: "TestVirtualAReaderHandleIsPassedOnInOrder",
	},
	{
		name:  "slot: a reader who gives up keeps his place",
		edits: []edit{{"internal/recipe/queueing.go", "			p.Slot.giveUp(c.hold)\n", ""}},
		tests: "TestVirtualAReaderHandleIsPassedOnInOrder",
	},
	{
		name:  "cohort thinks that children which are no candidates wait",
		edits: []edit{{"internal/recipe/term.go", "		if stat != nil && isCandidateBy(", "		if stat != nil || isCandidateBy("}},
		tests: "TestACohortSeesWhoIsACandidate",
	},
	{
		name:  "one private candidate keeps the others from being asked",
		edits: []edit{{"inspect.go", "		case errors.Is(err, zk.ErrNoAuth):\n			forbidden.Add(1)\n", ""}},
		tests: "TestPrivateZnodesAreShownAsSuch",
	},
	{
		name:  "released: not told to who has lost a part",
		edits: []edit{{"internal/recipe/passage.go", "	if p.onLeft != nil {\n", "	if false {\n"}},
		tests: "TestVirtualReleasedAfterALoss",
	},
	{
		name:  "released: told before the candidate is gone",
		edits: []edit{{"internal/recipe/term.go", "	if (t.active > 0 || t.phase == resting) && t.owner.hold.Known() == nil {\n		delete", "	if true {\n		delete"}},
		tests: "TestVirtualReleasedWhenTheCandidateIsGone",
	},
	{
		name:  "released: kept back from who has passed a hold on",
		edits: []edit{{"internal/recipe/term.go", "		t.dismissLocked(t.last)\n", ""}},
		tests: "TestVirtualReleasedWhenPassedOn",
	},
	{
		name:  "cohort idle although nobody waits",
		edits: []edit{{"internal/recipe/term.go", "t.others == asking && t.co.waiting.Len() > 0 &&", "t.others == asking &&"}},
		tests: "TestVirtualTheLastWaiterGivesUpAtTheHandOff",
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
		name:  "reader of a downgraded Curator writer overlooked",
		edits: []edit{{"internal/queue/line.go", "	case l.More || gone.LeavesReader():\n", "	case l.More || gone.LeavesReader() && false:\n"}},
		tests: "TestADowngradedCuratorWriter",
	},
	{
		name:  "kazoo's persistent candidates overlooked",
		edits: []edit{{"internal/recipe/stray.go", "return owner != 0 || voice.Persistent(c)", "return owner != 0"}},
		tests: "TestKazoosPersistentCandidates",
	},
	{
		name:  "Curator asked in the recipe's words",
		edits: []edit{{"internal/recipe/mark.go", "		return revocationMarks[1]\n", "		return revocationMarks[0]\n"}},
		tests: "TestWeAskAPeer",
	},
	{
		name:  "zktools' names with one dash",
		edits: []edit{{"internal/queue/name.go", `{"-lock--", Lock, Zktools}, `, `{"-lock-", Lock, Zktools}, `}},
		tests: "TestZnodesAreLikeThePeers",
	},
	{
		name:  "kazoo's parents as containers",
		edits: []edit{{"internal/recipe/dialect.go", "		return parent{data: []byte{}}\n", "		return parent{data: []byte{}, container: true}\n"}},
		tests: "TestZnodesAreLikeThePeers",
	},
	{
		name: "next number taken for proof although the lock's znode is another",
		edits: []edit{{"internal/ensemble/watches.go", "	if node := t.nodes[path]; node != nil && node.news.armed() {\n		return node.memo\n",
			"	if node := t.nodes[path]; node != nil {\n		return node.memo\n"},
			{"internal/ensemble/watchednode.go", "	n.memo, n.stood = nil, false\n", "	n.stood = false\n"},
			{"internal/ensemble/watches.go", "	if node.waiters == nil && !node.news.armed() && node.reading == nil {", "	if node.waiters == nil && !node.news.armed() && node.reading == nil && node.memo == nil {"}},
		tests: "TestTheNextNumberIsNoProofInAnotherZnode",
	},
	{
		name:  "any number taken for the next",
		edits: []edit{{"internal/queue/line.go", "self.Seq == emptyThrough+1", "self.Seq > emptyThrough"}},
		tests: "TestTheNextNumberIsNoProofBehindOthers",
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
		name:  "removal cut short left to nobody once the Session closes",
		edits: []edit{{"internal/recipe/passage.go", "	if c.isOver() {\n", "	if c.isOver() || p.locks.client.Closing().Err() != nil {\n"}},
		tests: "TestVirtualUnlockCutShortByClose",
	},
	{
		name:  "request that was throttled taken for answered",
		edits: []edit{{"internal/ensemble/outcome.go", "	case errors.Is(err, throttledOp):\n		return Throttled\n", ""}},
		tests: "TestVirtualThrottled",
	},
	{
		name:  "what only looks like a candidate marked and removed",
		edits: []edit{{"internal/recipe/lookahead.go", "	all := wantAll || c.sifts\n", "	all := c.sifts\n"}},
		tests: "TestWhatOnlyLooksLikeACandidateIsLeftAlone",
	},
	{
		name:  "cohort asked while it waits not granted its turn",
		edits: []edit{{"internal/recipe/term.go", "		if t.owner.hold.lost.isGiven() || ", "		if !t.owner.hold.Stands() || "}},
		tests: "TestACohortThatIsAskedWhileItWaits",
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
		name:  "hold passed on without end",
		edits: []edit{{"internal/recipe/term.go", "return t.counted < t.limit && ", "return "}},
		tests: "TestAContenderWaitsForFewHandoffs",
	},
	{
		name:  "revoked hold passed on",
		edits: []edit{{"internal/recipe/term.go", "t.grants < math.MaxUint32 && t.owner.hold.Known() == nil", "t.grants < math.MaxUint32"}},
		tests: "TestNoHandoffAfterARevocation",
	},
	{
		name:  "part of a hold not lost with the whole",
		edits: []edit{{"internal/recipe/hold.go", "		p.lose(reason)\n", "		_ = p\n"}},
		tests: "TestHandedOffHoldIsLostWithItsSession",
	},
	{
		name:  "readers join although a writer queues",
		edits: []edit{{"internal/recipe/cohort.go", "t.owner.hold.Stands() && t.mayPass() &&", "t.owner.hold.Stands() &&"}},
		tests: "TestReadersOfAProcessShareACandidate",
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
		name:  "session kept whose numbers are used up",
		edits: []edit{{"internal/ensemble/dial.go", "		a.zs.giveUp(err)\n", ""}},
		tests: "TestVirtualNumbersUsedUp",
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
		name:  "creation left behind taken for one that was not made",
		edits: []edit{{"internal/recipe/candidate.go", "		case ensemble.LeftBehind:\n			return err\n", "		case ensemble.LeftBehind:\n			c.enter(uncreated)\n			return err\n"}},
		tests: "TestVirtualCauseIsNoMissingZnode",
	},
	{
		name:  "outage not told from contention",
		edits: []edit{{"internal/ensemble/obstacle.go", "	if zs.serving {\n		return Obstacle{}, false\n", "	if true {\n		return Obstacle{}, false\n"}},
		tests: "TestVirtualAGivenUpCallTellsOfAnOutage",
	},
	{
		name:  "silent server not told from contention",
		edits: []edit{{"internal/recipe/passage.go", "	switch st := c.standing.Load(); st {\n	case nil:\n		return ensemble.NoAnswer\n", "	switch st := c.standing.Load(); st {\n	case nil:\n		return ensemble.Obstacle{}\n"}},
		tests: "TestVirtualAGivenUpCallTellsOfAnOutage",
	},
	{
		name:  "holder's name overwritten by a mark",
		edits: []edit{{"internal/ensemble/reading.go", "			now.state.Who = node.state.Who\n", ""}},
		tests: "TestVirtualAGivenUpLockSaysWhoIsAhead",
	},
	{
		name:  "siblings ahead not counted",
		edits: []edit{{"internal/recipe/standing.go", "		siblings++\n", ""}},
		tests: "TestVirtualAGivenUpLockSaysWhoIsAhead",
	},
	{
		name:  "reason of a revocation kept from Do's caller",
		edits: []edit{{"do.go", "		err = ensemble.JoinErrors(err, opError(\"hold\", c.Path, stood))\n", "		return err\n"}},
		tests: "TestVirtualDoTellsTheReasonOnce",
	},
	{
		name:  "reason of a loss told twice by Do",
		edits: []edit{{"do.go", "	case errors.Is(told, stood) && errors.Is(stood, err):", "	case false:"}},
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
		edits: []edit{{"events.go", "		case <-patience.C:\n			return\n", ""}},
		tests: "TestVirtualUserCodeThatBlocks",
	},
	{
		name:  "state function called before Dial returns",
		edits: []edit{{"events.go", "	case <-time.After(afterDial):\n", "	case <-recipe.Closed:\n"}},
		tests: "TestVirtualStateFuncAfterDial",
	},
	{
		name:  "enforced authentication not noticed by Dial",
		edits: []edit{{"internal/ensemble/client.go", "			if _, _, err := zs.Conn.Exists(\"/\"); !errors.Is(err, zk.ErrNoAuth) {", "			if err := error(nil); !errors.Is(err, zk.ErrNoAuth) {"}},
		tests: "TestVirtualEnforcedAuthentication",
	},
	{
		name:  "force that failed goes on waiting for a grant",
		edits: []edit{{"internal/recipe/passage.go", "		force.end()\n", "		_ = force\n"}},
		tests: "TestVirtualForceThatFailsLeavesNothing",
	},
	{
		name:  "Deadline forgets a suspension",
		edits: []edit{{"internal/ensemble/lease.go", "	l.noticeSleepLocked(time.Now(), 0)\n	return l.proof.until()\n", "	return l.proof.until()\n"}},
		tests: "TestVirtualDeadlineOfASuspendedMachine",
	},
	{
		name:  "zooky's guard waits for a word that does not come",
		edits: []edit{{"cmd/zooky/internal/child/guard.go", "		return g.until - g.command.Lead\n", "		return bootTime() + time.Hour\n"}},
		tests: "TestRunStoppedAlone",
	},
	{
		name:  "zooky's guard stays in the session",
		edits: []edit{{"cmd/zooky/internal/child/guard.go", "	_, err = syscall.Setsid()\n", ""}},
		tests: "TestRunStoppedAlone",
	},
	{
		name:  "zooky's guard ends the command alone",
		edits: []edit{{"cmd/zooky/internal/child/end.go", "	processes := below(tree, os.Getpid())\n", "	var processes []int\n"}},
		tests: "TestRunRevokedKillsWhoDoesNotEnd",
	},
	{
		name:  "zooky's guard lets orphans go",
		edits: []edit{{"cmd/zooky/internal/child/guard.go", "	adopt()\n	withstand", "	withstand"}},
		tests: "TestRunEndsAllThatWasStarted",
	},
	{
		name:  "zooky's guard asks once",
		edits: []edit{{"cmd/zooky/internal/child/end.go", "		others = tree[os.Getpid()]\n", "		others = nil\n"}},
		tests: "TestRunEndsWhatIsLeftBehindAtTheEnd",
	},
	{
		name:  "zooky's command outlives its guard",
		edits: []edit{{"cmd/zooky/internal/child/process_linux.go", "&syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}", "&syscall.SysProcAttr{}"}},
		tests: "TestRunGuardKilled",
	},
	{
		name:  "what zooky's command has started outlives the guard",
		edits: []edit{{"cmd/zooky/internal/child/child.go", "	if !c.report.Ended {\n		Kill()\n	}\n", ""}},
		tests: "TestRunGuardKilled",
	},
	{
		name:  "zooky trusts a guard that is stopped",
		edits: []edit{{"cmd/zooky/internal/cli/attend_unix.go", "			overdue = time.After(grace + guardLimit)\n", ""}},
		tests: "TestRunGuardStopped",
	},
	{
		name:  "zooky goes on while its command is stopped",
		edits: []edit{{"cmd/zooky/internal/child/guard.go", "		g.stopParent(status.StopSignal())\n", ""}},
		tests: "TestRunStopsWithItsCommand",
	},
	{
		name:  "a stopped command of zooky's may clean up",
		edits: []edit{{"cmd/zooky/internal/child/guard.go", "	if g.stopped { // it", "	if false { // it"}},
		tests: "TestRunKilledWhileItsCommandIsStopped",
	},
	{
		name:  "zooky's command of another user goes on in silence",
		edits: []edit{{"cmd/zooky/internal/child/end.go", "	g.denied = true\n	g.say(", "	g.denied = true\n	_ = fmt.Sprintf("}},
		tests: "TestRunAnotherUsersCommand",
	},
	{
		name:  "zooky forgets what it was started to ignore",
		edits: []edit{{"cmd/zooky/internal/child/ignored_linux.go", "	before := handlersBefore()\n", "	before := handlersBefore()[:0]\n"}},
		tests: "TestRunIgnoresWhatItWasStartedToIgnore",
	},
	{
		name:  "zooky exits where a signal should end it",
		edits: []edit{{"cmd/zooky/internal/cli/exit.go", "		exit.signal = s\n", "		exit.signal = nil\n"}},
		tests: "TestRunInterruptedInALoop",
	},
	{
		name:  "zooky does not heed SIGQUIT while it waits",
		edits: []edit{{"cmd/zooky/internal/cli/signal.go", "syscall.SIGHUP, syscall.SIGQUIT}", "syscall.SIGHUP}"}},
		tests: "TestRunQuitWhileWaiting",
	},
	{
		name:  "zooky runs no script without an interpreter",
		edits: []edit{{"cmd/zooky/internal/child/guard.go", "errors.Is(err, syscall.ENOEXEC)", "false"}},
		tests: "TestRunScriptsAsAShellDoes",
	},
	{
		name:  "zooky finds no command in the current directory",
		edits: []edit{{"cmd/zooky/internal/cli/run_unix.go", "	case err == nil, errors.Is(err, exec.ErrDot):\n", "	case err == nil:\n"}},
		tests: "TestRunScriptsAsAShellDoes",
	},
	{
		name:  "zooky starts its file and not its program",
		edits: []edit{{"cmd/zooky/internal/cli/guard_unix.go", "runtime.GOOS == \"linux\"", "runtime.GOOS == \"plan9\""}},
		tests: "TestRunOfAProgramThatIsGone",
	},
	{
		name:  "zooky as process one leaves zombies",
		edits: []edit{{"cmd/zooky/internal/cli/run_unix.go", "		go child.Reap() //", "		//"}},
		tests: "TestRunReapsStrangersAsProcessOne",
	},
	{
		name:  "zooky waits where that is hopeless",
		edits: []edit{{"cmd/zooky/internal/cli/reach.go", "		r.give(err)\n", ""}},
		tests: "TestWhyServersCannotBeReached",
	},
	{
		name:  "zooky closes its session for as long as it takes",
		edits: []edit{{"cmd/zooky/internal/cli/acquire_unix.go", "	return time.After(d)\n", "	return nil\n"}},
		tests: "TestRunWaitEndsAlthoughTheServersHang",
	},
	{
		name:  "zooky watch shows an old picture",
		edits: []edit{{"cmd/zooky/internal/cli/watching.go", "	late := time.NewTicker(silenceTold)\n", "	late := time.NewTicker(time.Hour)\n"}},
		tests: "TestWatchWithoutAnswers",
	},
	{
		name:  "chaos takes a stopped zooky's command for stopped",
		edits: []edit{{"internal/chaos/hold.go", "		case kindAlive:\n			h.end = ev.At\n", "		case kindAlive:\n"}},
		tests: "TestOverlapsAreFound",
	},
	{
		name:  "zooky asks more than the holder",
		edits: []edit{{"cmd/zooky/internal/cli/choice.go", "(!c.holder || one.Holder) && ", ""}},
		tests: "TestRevokeOfTheHolder",
	},
	{
		name:  "zooky knows no contender by its token",
		edits: []edit{{"cmd/zooky/internal/cli/choice.go", " || c.contender == tokenOf(one)", ""}},
		tests: "TestRevokeOfOne|TestClearOfOne",
	},
	{
		name:  "zooky takes silence for a yes",
		edits: []edit{{"cmd/zooky/internal/cli/confirm.go", "	case \"y\", \"yes\":\n", "	case \"y\", \"yes\", \"\":\n"}},
		tests: "TestAQuestionIsAnsweredNo",
	},
	{
		name:  "zooky does not notice that the root is missing",
		edits: []edit{{"cmd/zooky/internal/cli/place.go", "	case !exists && t.isNamed():\n", "	case !exists && root == \"\":\n"}},
		tests: "TestARootThatIsNotThere",
	},
	{
		name:  "zooky takes a part of a name for a lock",
		edits: []edit{{"cmd/zooky/internal/cli/show.go", "				if q.isSegment() {\n", "				if false {\n"}},
		tests: "TestAPartOfANameIsNoLock",
	},
	{
		name:  "zooky's ** stands for one segment",
		edits: []edit{{"cmd/zooky/internal/cli/pattern.go", "				next[i] = true\n", "				next[i+1] = true\n"}},
		tests: "TestPattern",
	},
	{
		name:  "Revoke asks nobody",
		edits: []edit{{"inspect.go", "		return struct{}{}, zs.Revoke(ctx, l.path+\"/\"+c.Znode, mark)\n", "		_ = mark\n			return struct{}{}, nil\n"}},
		tests: "TestRevokeOfOneContender",
	},
	{
		name:  "zooky runs a command of --once-per without a look under the lock",
		edits: []edit{{"cmd/zooky/internal/cli/period_unix.go", "		err = bounded(check)\n	}\n	if err == nil {\n		err = bounded(note)\n", "		err = bounded(note)\n"}},
		tests: "TestRunOncePerAmongMany",
	},
	{
		name:  "zooky waits for a lock although it is too soon",
		edits: []edit{{"cmd/zooky/internal/cli/period_unix.go", "	err := bounded(check)\n	if err == nil {\n		err = r.take(ctx, s, m)\n	}\n", "	err := r.take(ctx, s, m)\n"}},
		tests: "TestRunOncePerDoesNotWait",
	},
	{
		name:  "zooky releases before --at-least is over",
		edits: []edit{{"cmd/zooky/internal/cli/run_unix.go", "	r.keep(m, granted, signals)\n", "	_ = granted\n"}},
		tests: "TestRunAtLeast",
	},
	{
		name: "zooky held knows no holder",
		edits: []edit{{"cmd/zooky/internal/cli/held.go", `return c.Holder
					})`, "return !c.Holder })"}},
		tests: "TestHeld",
	},
	{
		name:  "zooky shows session ids to all",
		edits: []edit{{"cmd/zooky/internal/cli/show.go", "				if !sessions {\n", "				if false {\n"}},
		tests: "TestShow",
	},
	{
		name:  "zooky deadlocks forgets who waits ahead",
		edits: []edit{{"cmd/zooky/internal/cli/graph.go", "			ahead = queue[max(exclusive, 0):i]\n", "			ahead = queue[:1]\n"}},
		tests: "TestCycles",
	},
	{
		name:  "zooky deadlocks takes readers for writers",
		edits: []edit{{"cmd/zooky/internal/cli/graph.go", "c.Kind == zklock.KindRead\n", "false\n"}},
		tests: "TestCycles",
	},
	{
		name:  "zooky deadlocks takes equal texts for one client",
		edits: []edit{{"cmd/zooky/internal/cli/graph.go", "`^[^\\s/]+/([2-9]|[1-9][0-9]+)( |$)`", "`^.+`"}},
		tests: "TestCyclesOfProcesses",
	},
	{
		name:  "zooky export shows old figures while the servers are down",
		edits: []edit{{"cmd/zooky/internal/cli/metrics.go", "c == nil || e.session.State() != zklock.StateConnected", "c == nil"}},
		tests: "TestExportWithoutServers",
	},
	{
		name:  "zooky export has series without bound",
		edits: []edit{{"cmd/zooky/internal/cli/metrics.go", "c.used[:min(len(c.used), e.series)]", "c.used"}},
		tests: "TestExport",
	},
	{
		name:  "zooky's manual pages have bare backslashes",
		edits: []edit{{"cmd/zooky/internal/cli/man.go", "`\\`, `\\e`, ", ""}},
		tests: "TestManualPages",
	},
	{
		name:  "zooky completes names that play tricks on the terminal",
		edits: []edit{{"cmd/zooky/internal/cli/complete.go", " && escape.Text(info.Name) == info.Name", " && escape.Text(info.Name) != \"\""}},
		tests: "TestCompletionOfLocks",
	},
	{
		name:  "hooks: a mark that came before the grant is not told",
		edits: []edit{{"internal/recipe/hold.go", "	case h.err != nil:\n		h.of.tellRevoked(0, h.err)\n", ""}},
		tests: "TestVirtualHooks",
	},
	{
		name:  "hooks: a revocation is told before the grant",
		edits: []edit{{"internal/recipe/hold.go", "	if !h.since.IsZero() {\n		h.of.tellRevoked(", "	{\n		h.of.tellRevoked("}},
		tests: "TestVirtualHooks",
	},
	{
		name:  "hooks: a loss that the release notices is not told",
		edits: []edit{{"observer.go", "since: held, took: took, err: err})", "since: held, took: took})"}},
		tests: "TestVirtualHooks",
	},
	{
		name:  "hooks: the context of AcquireStart is dropped",
		edits: []edit{{"observer.go", "			ctx = traced\n", ""}},
		tests: "TestVirtualHooks",
	},
	{
		name:  "hooks: a cohort behind others is not told",
		edits: []edit{{"internal/recipe/cohort.go", "{ co.queuedBehind(ahead) }", "{}"}},
		tests: "TestVirtualHooks",
	},
	{
		name:  "hooks: a release is not told",
		edits: []edit{{"internal/recipe/acquisition.go", "	r.a.observer.Released(r.a, r.a.hold.held, time.Since(r.begun), err)\n", ""}},
		tests: "TestVirtualHooks",
	},
	{
		name:  "hooks: a hook holds up the caller",
		edits: []edit{{"observer.go", "	o.tally.settled(a, wait, err)\n", "	o.tally.settled(a, wait, err)\n	for _, h := range o.hooks {\n		if h.AcquireEnd != nil {\n			h.AcquireEnd(a.Trace, AcquireEndEvent{})\n		}\n	}\n"}},
		tests: "TestVirtualHooksThatBlock",
	},
	{
		name:  "hooks: an expiry is taken for a lease that ran out",
		edits: []edit{{"hooks.go", "	case errors.Is(err, ensemble.ErrLeaseRanOut):\n", "	case errors.Is(err, ensemble.ErrLeaseRanOut), errors.Is(err, ensemble.ErrExpired):\n"}},
		tests: "TestVirtualHooks",
	},
	{
		name:  "stats: a lost hold is still listed",
		edits: []edit{{"stats.go", "	delete(p.holds, a)\n", "	if lost == nil {\n		delete(p.holds, a)\n	}\n"}},
		tests: "TestVirtualStats",
	},
	{
		name:  "stats: a loss that the release notices is not counted",
		edits: []edit{{"observer.go", "	o.tally.released(a, err)\n", ""}},
		tests: "TestVirtualStats",
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
		name:  "log: no word of a loss",
		edits: []edit{{"log.go", "	level := slog.LevelWarn\n", "	level := slog.LevelDebug\n"}},
		tests: "TestVirtualLogOfALife",
	},
	{
		name:  "log: no word of a long outage",
		edits: []edit{{"session.go", "	if s.state == StateSuspended && s.since.Equal(began) {\n", "	if false {\n"}},
		tests: "TestVirtualLogOfALife",
	},
	{
		name:  "log: no word of a long wait",
		edits: []edit{{"internal/recipe/passage.go", "	p.locks.waiting.add(&p.Acquisition)\n", ""}},
		tests: "TestVirtualLogOfALife",
	},
	{
		name:  "log: a warning of any outage",
		edits: []edit{{"session.go", "s.Timeout()/longOutage", "time.Millisecond"}},
		tests: "TestVirtualLogOfALife",
	},
	{
		name:  "profile: a hold stays in it",
		edits: []edit{{"stats.go", "	if t.profile != nil {\n		t.profile.Remove(a)\n	}\n", ""}},
		tests: "TestVirtualHoldProfile",
	},
	{
		name: "otelzklock: the lock's name told unasked",
		edits: []edit{{"otelzklock/attributes.go",
			"	all = append(append(all, cfg.always...), keyKind.String(lock.Kind.String()))\n",
			"	all = append(append(all, cfg.always...), keyKind.String(lock.Name))\n"}},
		tests: "TestNothingNamesTheLock",
	},
	{
		name: "otelzklock: a refused try is an error",
		edits: []edit{{"otelzklock/attributes.go",
			"	case errors.Is(err, zklock.ErrLocked):\n",
			"	case false && errors.Is(err, zklock.ErrLocked):\n"}},
		tests: "TestMetrics",
	},
	{
		name:  "otelzklock: no counter begins with 0",
		edits: []edit{{"otelzklock/instruments.go", "	in.begin(cfg)\n", ""}},
		tests: "TestMetrics",
	},
	{
		name: "otelzklock: an outage is the caller's timeout",
		edits: []edit{{"otelzklock/attributes.go",
			"		{zklock.ErrUnavailable, \"unavailable\"},\n", ""}},
		tests: "TestMetrics",
	},
	{
		name: "otelzklock: spans end when the hook is called",
		edits: []edit{{"otelzklock/hooks.go",
			"	a.span.End(trace.WithTimestamp(a.granted.Add(e.Held + e.Release)))\n",
			"	a.span.End(trace.WithTimestamp(a.granted.Add(e.Release)))\n"}},
		tests: "TestSpans",
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
		name:  "hooks: a loss is told with what comes later",
		edits: []edit{{"observer.go", "o.told.PushUrgent(event{tell: (*observer).tellEnd,", "o.told.Push(event{tell: (*observer).tellEnd,"}},
		tests: "TestVirtualUrgentHooks",
	},
	{
		name:  "hooks: a state is told with what comes later",
		edits: []edit{{"observer.go", "o.told.PushUrgent(event{tell: (*observer).tellState,", "o.told.Push(event{tell: (*observer).tellState,"}},
		tests: "TestVirtualUrgentHooks",
	},
	{
		name:  "hooks: a log that nobody wants costs memory",
		edits: []edit{{"observer.go", "	if o.logs {\n		o.logSettled(told)\n	}\n", "	o.logSettled(told)\n"}},
		tests: "TestVirtualHooksAllocateNothing",
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
	{
		name:  "otelzklock: nobody asks",
		edits: []edit{{"otelzklock/hooks.go", ", trace.WithAttributes(asked(e)...))", ")"}},
		tests: "TestSpans|TestSpansSayWhoAsksAsFarAsTheRequestDoes",
	},
}
