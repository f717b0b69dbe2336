package main

// simulated are faults that the library once had. The simulator must find each without a test of
// its own, within so many seeds.
var simulated = []mutant{
	{
		name: "simulated: own requests numbered anew on every connection",
		edits: []edit{
			{"internal/ensemble/dial.go", "		OwnRequests:  &zs.OwnRequests,\n", ""},
			{"internal/wire/compare.go", "	if !right || asked.Wrong != \"\" {\n",
				"	if right = true; !right {\n"},
		},
		seeds: 3000,
	},
	{
		name: "simulated: context's cause taken for an answer",
		edits: []edit{{"internal/ensemble/errors.go",
			"func (g GaveUp) Error() string { return g.Why.Error() }\n",
			"func (g GaveUp) Error() string { return g.Why.Error() }\nfunc (g GaveUp) Unwrap() error { return g.Why }\n"}},
		seeds: 500,
	},
	{
		name:  "simulated: deadline of the old timeout kept",
		edits: []edit{{"internal/ensemble/proof.go", "	if shrunk {\n", "	if false {\n"}},
		seeds: 1000,
	},
	{
		name: "simulated: waiter without the slot stays at the head of the queue",
		edits: []edit{{"internal/recipe/queueing.go",
			"		if other != nil && (p.Kind.Exclusive() || other.isLost()) {",
			"		if false {"}},
		seeds: 1000,
	},
	{
		name: "simulated: request repeated in a context that an expiry has ended",
		edits: []edit{{"internal/ensemble/client.go",
			"			if errors.Is(err, ErrExpired) {\n				continue\n",
			"			if errors.Is(err, ErrExpired) || IsGaveUp(err) && errors.Is(Public(err), ErrExpired) {\n				continue\n"}},
		seeds: 3000,
	},
	{
		name: "simulated: release of a cohort's lost hold not told",
		edits: []edit{{"internal/recipe/passage.go", "	if p.onLeft != nil {\n",
			"	if false {\n"}},
		seeds: 500,
	},
	{
		name: "simulated: semaphore's size not looked at by the transaction",
		edits: []edit{{"internal/recipe/pass.go", "		wire.Check(c.cfg.Pool.Path, l.version),\n",
			"		wire.Check(c.cfg.Pool.Path, -1),\n"}},
		seeds: 3000,
	},
	{
		name: "simulated: permits counted before those ahead had taken theirs",
		edits: []edit{
			{"internal/recipe/permit.go", "		c.exit.out.ahead += wants\n", ""},
		},
		seeds: 3000,
	},
	{
		name: "simulated: of several locks a place is lost alone",
		edits: []edit{{"internal/recipe/several.go",
			"		removals.Go(func() { _ = c.remove(s.ctx) }) // giveUp goes on\n",
			"		if c.doubted {\n			removals.Go(func() { _ = c.remove(s.ctx) })\n		}\n"}},
		seeds: 3000,
	},
	{
		name: "simulated: who waits for a writer that is downgraded takes it for gone",
		edits: []edit{{"internal/recipe/turn.go",
			"if h == nil && predecessor.BecomesReader() && !w.WasDeleted() {", "if false {"}},
		seeds: 3000,
	},
}
