package main

// simulated are faults that the library once had. The simulator must find each without a test of its own, within so many seeds.
var simulated = []mutant{
	{
		name: "simulated: own requests numbered anew on every connection",
		edits: []edit{
			{"dial.go", "		OwnRequests:  &zs.ownRequests,\n", ""},
			{"internal/wire/compare.go", "	if !right || asked.reason != \"\" {\n", "	if right = true; !right {\n"},
		},
		seeds: 3000,
	},
	{
		name: "simulated: context's cause taken for an answer",
		edits: []edit{{"errors.go", "func (g gaveUp) Error() string { return g.why.Error() }\n",
			"func (g gaveUp) Error() string { return g.why.Error() }\nfunc (g gaveUp) Unwrap() error { return g.why }\n"}},
		seeds: 500,
	},
	{
		name:  "simulated: deadline of the old timeout kept",
		edits: []edit{{"proof.go", "	if shrunk {\n", "	if false {\n"}},
		seeds: 1000,
	},
	{
		name:  "simulated: waiter without the slot stays at the head of the queue",
		edits: []edit{{"queueing.go", "		if other != nil && (a.kind.Exclusive() || other.isLost()) {", "		if false {"}},
		seeds: 1000,
	},
	{
		name: "simulated: request repeated in a context that an expiry has ended",
		edits: []edit{{"session.go", "			if errors.Is(err, errExpired) {\n				continue\n",
			"			if errors.Is(err, errExpired) || isGaveUp(err) && errors.Is(public(err), errExpired) {\n				continue\n"}},
		seeds: 3000,
	},
	{
		name:  "simulated: release of a cohort's lost hold not told",
		edits: []edit{{"acquisition.go", "	if a.left != nil {\n", "	if false {\n"}},
		seeds: 500,
	},
}
