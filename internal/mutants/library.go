package main

// ofLibrary are mutants of package zklock.
var ofLibrary = []mutant{
	{
		name:  "idle hold: not shown",
		edits: []edit{{"inspect.go", "		IdleHold:  queue.Keeps(c.Name),\n", ""}},
		tests: "TestVirtualIdleHoldIsShown",
	},
	{
		name:  "stats: not all locks are counted",
		edits: []edit{{"stats.go", "		sum.add(&p.stats)\n", "		if i == 0 {\n			sum.add(&p.stats)\n		}\n"}},
		tests: "TestStatsOfManyLocks",
	},
	{
		name:  "idle hold: a try of the handle queues",
		edits: []edit{{"mutex.go", "c.Try && !m.cohort.Kept()", "c.Try"}},
		tests: "TestVirtualIdleHoldAloneCostsNothing",
	},
	{
		name:  "held since: those that wait",
		edits: []edit{{"inspect.go", "if c.Holder && node.Said.Granted {", "if node.Said.Granted {"}},
		tests: "TestVirtualForgedHeldSince",
	},
	{
		name:  "lister: changes while it reads are missed",
		edits: []edit{{"lister.go", "	return lockInfos(l.survey)\n", "	l.below.Take()\n	return lockInfos(l.survey)\n"}},
		tests: "TestVirtualListerWhileLocksChange",
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
		name:  "lister: a look that failed is believed",
		edits: []edit{{"lister.go", "		l.complete = time.Time{} // what has changed is not known any more\n", ""}},
		tests: "TestVirtualListerAfterAFailure",
	},
	{
		name:  "lister: servers that do not answer are not noticed",
		edits: []edit{{"lister.go", "	if _, err := zs.ReadNode(ctx, l.s.root); err != nil", "	if err := error(nil); err != nil"}},
		tests: "TestVirtualListerWithoutAnswers",
	},
	{
		name:  "several locks: acquired one after the other in the caller's order",
		edits: []edit{{"lockall.go", "	acquired, bond, failed := s.locks.AcquireAll(ctx, claims)\n", "	var acquired []*recipe.Acquisition\n	var bond *recipe.Bond\n	var failed *recipe.ClaimError\n	for _, c := range claims {\n		var one []*recipe.Acquisition\n		if one, bond, failed = s.locks.AcquireAll(ctx, []recipe.Claim{c}); failed != nil {\n			break\n		}\n		acquired = append(acquired, one...)\n	}\n"}},
		tests: "TestVirtualLockAllInAnyOrder",
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
		name:  "election: a deadline of the release taken for that of the campaign",
		edits: []edit{{"election.go", "	if errors.Is(err, ctx.Err()) && errors.Is(err, context.Cause(ctx)) {", "	if errors.Is(err, ctx.Err()) {"}},
		tests: "TestVirtualElectionEndsWithItsContext",
	},
	{
		name:  "election: looks again and again while there is no leader",
		edits: []edit{{"election.go", "	case len(queue.Order(q.Children())) == 0:", "	case false && len(queue.Order(q.Children())) == 0:"}},
		tests: "TestVirtualObserveWithoutALeader",
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
		name:  "misuse: copy of a Semaphore is used",
		edits: []edit{{"semaphore.go", "s == nil || s.self != s", "s == nil || s.self == nil"}},
		tests: "TestVirtualSemaphoreMisuse",
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
		edits: []edit{{"options.go", "{zk.PermDelete, \"Delete\"}, ", ""}},
		tests: "TestAnACLThatIsNotForUs",
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
		name:  "revoke: those that wait are asked with the holder",
		edits: []edit{{"inspect.go", "func(c recipe.Entry) bool { return c.Holder }, opts)", "isAny, opts)"}},
		tests: "TestVirtualRevokeHolderAsksTheHolderAlone",
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
		name:  "reason: not passed on by LockRevoking",
		edits: []edit{{"mutex.go", "c.Revoke = how.revocation(mark)", "mark.Reason = \"\"\n\t\tc.Revoke = how.revocation(mark)"}},
		tests: "TestVirtualARequestSaysWhoAsksAndWhy",
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
		name: "data events ignored",
		edits: []edit{{"events.go", `case zk.EventNotWatching:`,
			"case zk.EventNotWatching, zk.EventNodeDataChanged: //"}},
		tests: "TestARevocationIsPushed",
	},
	{
		name:  "mark missed while cut off",
		edits: []edit{{"events.go", "		ev.Session.Watches.WakeAll() // the server has forgotten all watches of the connection\n", ""}},
		tests: "TestVirtualServersThatRestoreNoWatches",
	},
	{
		name:  "calls wait for the session timeout that was asked for",
		edits: []edit{{"session.go", "min(s.Timeout(), max(s.cfg.timeout, mostRaised))", "s.cfg.timeout"}},
		tests: "TestVirtualCallsWaitTheGrantedTimeout",
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
		name:  "one private candidate fails the look at a queue",
		edits: []edit{{"inspect.go", "	if errors.Is(err, zk.ErrNoAuth) || ", "	if err != nil && errors.Is(err, zk.ErrNodeExists) || "}},
		tests: "TestPrivateZnodesAreShownAsSuch",
	},
	{
		name:  "all data of contenders kept",
		edits: []edit{{"internal/recipe/mark.go", "slices.Clone(n.Said.Who[:min(n.Size, WhoKept)])", "slices.Clone(n.Said.Who)"}},
		tests: "TestContendersKeepsWithinItsBounds",
	},
	{
		name:  "one private candidate keeps the others from being asked",
		edits: []edit{{"inspect.go", "		case errors.Is(err, zk.ErrNoAuth):\n			forbidden.Add(1)\n", ""}},
		tests: "TestPrivateZnodesAreShownAsSuch",
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
		edits: []edit{{"mutex.go", "	if errors.Is(err, ErrClosed) && !late {\n", "	if false && errors.Is(err, ErrClosed) {\n"}},
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
		edits: []edit{{"events.go", "	case <-time.After(afterDial):\n", "	case <-time.After(0):\n"}},
		tests: "TestVirtualStateFuncAfterDial",
	},
	{
		name:  "Revoke asks nobody",
		edits: []edit{{"inspect.go", "		return struct{}{}, zs.Revoke(ctx, l.path+\"/\"+c.Znode, mark)\n", "		_ = mark\n			return struct{}{}, nil\n"}},
		tests: "TestRevokeOfOneContender",
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
}
