package main

// ofSemaphores are mutants of what package recipe does with semaphores.
var ofSemaphores = []mutant{
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
		name:  "semaphore: permits of the one ahead not counted that the server has yet to tell of",
		edits: []edit{{"internal/recipe/permit.go", "	out.Distrust()\n", ""}},
		tests: "TestVirtualSemaphoreCountsAfterItsTurn",
	},
	{
		name:  "semaphore: one permit too many",
		edits: []edit{{"internal/recipe/permit.go", "seen.used+int64(p.Permits) > int64(l.size) {", "seen.used > int64(l.size) {"}, {"internal/recipe/pass.go", "used <= int64(l.size) {", "used <= int64(l.size)+1 {"}},
		tests: "TestVirtualPermitsAreCountedWhateverBreaks|TestVirtualSemaphore",
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
		name:  "semaphore: a Curator's permit taken for a release",
		edits: []edit{{"internal/recipe/permit.go", "armed && c.cfg.Dialect == queue.Native {", "armed {"}},
		tests: "TestVirtualSemaphoreBesideACurator",
	},
	{
		name:  "semaphore: a release not heard while the znode is read",
		edits: []edit{{"internal/recipe/permit.go", "	if c.self == nil && !c.waitsLong() {", "	if false {"}},
		tests: "TestVirtualSemaphoreReleasedAsItBeginsToWait",
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
}
