package main

// ofHolds are mutants of what package recipe does with holds, of one lock and of several.
var ofHolds = []mutant{
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
		edits: []edit{{"internal/recipe/idle.go", "t.grants < math.MaxUint32 && t.owner.hold.isWell()\n}\n\n// resume", "t.grants < math.MaxUint32\n}\n\n// resume"}},
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
		name:  "downgrade: a mark after the note is not heard",
		edits: []edit{{"internal/recipe/downgrade.go", "err = c.exchange(ctx, version, granted)", "err = c.exchange(ctx, min(version, -1), granted)"}},
		tests: "TestVirtualADowngradeAfterTheNoteHeedsAMark",
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
		name:  "several locks: the candidates stay when the caller gives up",
		edits: []edit{{"internal/recipe/several.go", "		s.locks.client.Go(func() { p.giveUp(candidates[i]) })\n", "		s.locks.client.Go(func() { p.onRemoved(candidates[i], nil) })\n"}},
		tests: "TestVirtualLockAllGivesUpAtEveryMoment",
	},
	{
		name:  "downgrade: who waits for the writer is told of its removal",
		edits: []edit{{"internal/recipe/downgrade.go", "			&zk.SetDataRequest{Path: c.path, Data: data, Version: version},\n", ""}},
		tests: "TestVirtualDowngradeKeepsWritersOut",
	},
	{
		name:  "downgrade: who asked the writer is not heard",
		edits: []edit{{"internal/recipe/downgrade.go", "err := c.exchange(ctx, 0, granted)", "err := c.exchange(ctx, -1, granted)"}},
		tests: "TestVirtualDowngradeHeedsAMark",
	},
	{
		name:  "downgrade: a beat that was under way takes the hold for lost",
		edits: []edit{{"internal/recipe/hold.go", "moved := h.moves || h.path != znode", "moved := false"}},
		tests: "TestVirtualDowngradeDuringABeat",
	},
	{
		name:  "downgrade: the goroutines of a handle pass the hold on",
		edits: []edit{{"internal/recipe/cohort.go", "	if co.term == t {\n		co.term = nil\n	}\n	begun := co.beginLocked()\n	co.mu.Unlock()\n	co.queue(begun)\n	return t.owner\n", "	co.mu.Unlock()\n	return t.owner\n"}},
		tests: "TestVirtualDowngradeOfACohort",
	},
	{
		name:  "rights: several refused candidates do not say which right they lack",
		edits: []edit{{"internal/recipe/together.go", "noRight(err, c.dir)", "err"}},
		tests: "TestARefusalSaysWhichRight",
	},
	{
		name:  "versions: who asks is written in another form",
		edits: []edit{{"internal/recipe/mark.go", "[]byte(\"\\nasked by \")", "[]byte(\"\\nasked for by \")"}},
		tests: "TestVirtualAnotherVersionHolds|TestVirtualAnotherVersionWaits",
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
		name:  "revoke: marks of older clients not understood",
		edits: []edit{{"internal/recipe/mark.go", "	if at < 0 {\n		return who, new(Mark)\n", "	if at < 0 {\n		return who, nil\n"}},
		tests: "TestVirtualAMarkOfAnotherClientSaysNothing",
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
		name:  "own znode not looked at after a grant without a wait",
		edits: []edit{{"internal/recipe/holdwatch.go", "	p.watched.look()\n", ""}},
		tests: "TestAMarkBeforeTheFirstLook",
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
		name:  "Revoked closes with the holder's own release",
		edits: []edit{{"internal/recipe/hold.go", "	h.finishLocked(now, nil)\n	return nil\n", "	if h.err == nil {\n		h.revoked.give()\n	}\n	h.finishLocked(now, nil)\n	return nil\n"}},
		tests: "TestChannelsBelongToOneHold",
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
		name:  "cohort thinks that children which are no candidates wait",
		edits: []edit{{"internal/recipe/term.go", "		if stat != nil && isCandidateBy(", "		if stat != nil || isCandidateBy("}},
		tests: "TestACohortSeesWhoIsACandidate",
	},
	{
		name:  "released: told before the candidate is gone",
		edits: []edit{{"internal/recipe/term.go", "	if (t.active > 0 || t.phase == resting) && t.owner.hold.isWell() {\n		t.drop", "	if true {\n		t.drop"}},
		tests: "TestVirtualReleasedWhenTheCandidateIsGone",
	},
	{
		name:  "released: not told to who was granted a hold that was kept",
		edits: []edit{{"internal/recipe/term.go", "	if int(m.at) > last || t.members[m.at] != m {\n		return\n	}\n", ""}},
		tests: "TestVirtualIdleHoldOnANewConnection",
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
		name:  "Curator asked in the recipe's words",
		edits: []edit{{"internal/recipe/mark.go", "		return revocationMarks[1]\n", "		return revocationMarks[0]\n"}},
		tests: "TestWeAskAPeer",
	},
	{
		name:  "cohort asked while it waits not granted its turn",
		edits: []edit{{"internal/recipe/term.go", "		if t.owner.hold.lost.isGiven() || ", "		if !t.owner.hold.Stands(now) || "}},
		tests: "TestACohortThatIsAskedWhileItWaits",
	},
	{
		name:  "hold passed on without end",
		edits: []edit{{"internal/recipe/term.go", "return t.counted < t.limit && ", "return "}},
		tests: "TestAContenderWaitsForFewHandoffs",
	},
	{
		name:  "revoked hold passed on",
		edits: []edit{{"internal/recipe/term.go", "t.grants < math.MaxUint32 && t.owner.hold.isWell()", "t.grants < math.MaxUint32"}},
		tests: "TestNoHandoffAfterARevocation",
	},
	{
		name:  "part of a hold not lost with the whole",
		edits: []edit{{"internal/recipe/hold.go", "		p.lose(reason)\n", "		_ = p\n"}},
		tests: "TestHandedOffHoldIsLostWithItsSession",
	},
	{
		name:  "readers join although a writer queues",
		edits: []edit{{"internal/recipe/cohort.go", "t.owner.hold.Stands(m.begun) && t.mayPass() &&", "t.owner.hold.Stands(m.begun) &&"}},
		tests: "TestReadersOfAProcessShareACandidate",
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
		name:  "hooks: a cohort behind others is not told",
		edits: []edit{{"internal/recipe/cohort.go", "{ co.queuedBehind(ahead) }", "{}"}},
		tests: "TestVirtualHooks",
	},
}
