package main

// ofSurvey are mutants of package survey.
var ofSurvey = []mutant{
	{
		name:  "list: waiters' requests not counted",
		edits: []edit{{"internal/survey/reading.go", "			lock.Revoked++\n", "			lock.Revoked = 1\n"}},
		tests: "TestVirtualHeldSinceTheGrant",
	},
	{
		name:  "lister: a semaphore's changes are not its own",
		edits: []edit{{"internal/survey/survey.go", "			above = gopath.Dir(above)\n", "			above = path\n"}},
		tests: "TestVirtualListerFollows",
	},
	{
		name:  "lister: what is gone is kept",
		edits: []edit{{"internal/survey/survey.go", "			s.forgetLocked(child)\n		}\n	}\n}\n\nfunc (s *Survey) forgetLocked", "			_ = child\n		}\n	}\n}\n\nfunc (s *Survey) forgetLocked"}},
		tests: "TestVirtualListerFollows",
	},
	{
		name:  "lister: what was made anew is not read",
		edits: []edit{{"internal/survey/survey.go", "		again(path) // it may have been made anew\n", ""}},
		tests: "TestVirtualListerOfALockMadeAnew",
	},
	{
		name:  "lister: a root that comes later is not found",
		edits: []edit{{"internal/survey/survey.go", "	if s.places[s.root] == nil { // it was not there\n", "	if false {\n"}},
		tests: "TestVirtualListerFollows",
	},
	{
		name:  "lister: private locks are read once",
		edits: []edit{{"internal/survey/survey.go", "		if p.opaque {\n", "		if false && p.opaque {\n"}},
		tests: "TestVirtualListerOfPrivateLocks",
	},
	{
		name:  "lister: locks with private candidates are read once",
		edits: []edit{{"internal/survey/reading.go", "			r.opaque = true\n", ""}},
		tests: "TestVirtualListerOfPrivateLocks",
	},
	{
		name:  "list: servers asked again and again for what they do not know",
		edits: []edit{{"internal/survey/reading.go", " && s.zs.Takes(wire.OpMultiRead) {", " {"}},
		tests: "TestVirtualSurveyWithoutMultiRead",
	},
	{
		name:  "candidates read together belong to a session",
		edits: []edit{{"internal/survey/reading.go", "err = f(together[i], &node.Stat)", "node.Stat.EphemeralOwner = 1\n\t\t\t\t\terr = f(together[i], &node.Stat)"}},
		tests: "TestVirtualSurvey",
	},
	{
		name:  "candidates left out where they cannot be read together",
		edits: []edit{{"internal/survey/reading.go", "	answers := make([]ensemble.Response[recipe.Node], len(children))\n", "	var answers []ensemble.Response[recipe.Node]\n	if len(answers) == 0 {\n		return nil, nil\n	}\n"}},
		tests: "TestVirtualSurvey",
	},
	{
		name:  "one private znode fails the list",
		edits: []edit{{"internal/survey/survey.go", "	case path == s.root || !errors.Is(reason, zk.ErrNoAuth) && ", "	case path == s.root || "}},
		tests: "TestPrivateZnodesAreShownAsSuch",
	},
	{
		name:  "paths longer than a lock's name kept",
		edits: []edit{{"internal/survey/survey.go", "		if tooLong || ", "		if tooLong && false || "}},
		tests: "TestLocksKeepsWithinItsBounds",
	},
}
