package main

import "github.com/zookylock/zklock/internal/patch"

// mechanism is a part of the library that can be taken out. What is left is slower, and right.
type mechanism struct {
	name      string // as it is called without
	benchmark string // that should show it
	figures   []string
	edits     []edit
}

type edit = patch.Edit

var (
	rate     = []string{"acquisitions/s", "requests/acquisition"}
	queueing = []string{"requests/contender to queue", "bytes/contender to queue"}
	handOff  = []string{"time/hand-off", "requests/hand-off"}
)

var mechanisms = []mechanism{
	{
		name:      "a listing in the packet of the creation",
		benchmark: "sessions-8-delay-1ms", figures: rate,
		edits: []edit{{"internal/recipe/candidate.go", "	if c.first = nil; !numbered {",
			"	if c.first = nil; false && !numbered {"}},
	},
	{
		name:      "a watch on the nearest but one",
		benchmark: "sessions-8-delay-1ms", figures: rate,
		edits: []edit{{"internal/recipe/lookahead.go",
			"	if !c.kind.Exclusive() || c.isBehindSibling() {\n		return c.line.Nearest[:1]\n",
			"	if true {\n		return c.line.Nearest[:1]\n"}},
	},
	{
		name:      "the number that follows the last",
		benchmark: "alone", figures: rate,
		edits: []edit{{"internal/recipe/local.go",
			"	if number, ok := zs.Watches.Memo(dir).(int32); ok {",
			"	if number, ok := zs.Watches.Memo(dir).(int32); ok && false {"}},
	},
	{
		name:      "what siblings know of one another",
		benchmark: "goroutines-64", figures: rate,
		edits: []edit{{"internal/recipe/siblings.go",
			"	if !c.place.Kind.Exclusive() {\n		return\n", "	if true {\n		return\n"}},
	},
	{
		name:      "what a sibling leaves word of",
		benchmark: "goroutines-64", figures: rate,
		edits: []edit{{"internal/recipe/removal.go", "	if c.isFirst {\n		c.handoff = h\n",
			"	if false {\n		c.handoff = h\n"}},
	},
	{
		name:      "a look at the sibling behind, in the packet of the removal",
		benchmark: "goroutines-64", figures: rate,
		edits: []edit{{"internal/recipe/removal.go", "	if !c.isFirst {\n		return \"\"\n",
			"	if true {\n		return \"\"\n"}},
	},
	{
		name:      "listings that are shared",
		benchmark: "queue-1000", figures: append(queueing, "time until quiet"),
		edits: []edit{{"internal/recipe/roster.go", "	now := r.listings[dir]\n",
			"	now := (*listing)(nil)\n"}},
	},
	{
		name:      "a pause before a waiting sibling looks at itself",
		benchmark: "queue-100", figures: append(queueing, handOff...),
		edits: []edit{{"internal/recipe/delayed.go", "const ownLook = 200 * time.Millisecond",
			"const ownLook = 0 * time.Millisecond"}},
	},
	{
		name:      "a pause before a hold is watched",
		benchmark: "held-5ms", figures: rate,
		edits: []edit{{"internal/recipe/passage.go", "	c.zs.newHolds.add(p)\n",
			"	p.beginWatch()\n"}},
	},
	{
		name:      "channels that are made when they are asked for",
		benchmark: "memory-10000", figures: []string{"bytes/waiting lock", "bytes/held lock"},
		edits: []edit{{"internal/recipe/acquisition.go",
			"	h.of, h.reads = a, !a.Kind.Exclusive()\n",
			"	h.of, h.reads = a, !a.Kind.Exclusive()\n" +
				"	h.lost.C()\n	h.revoked.C()\n	a.done.C()\n	a.gone.C()\n"}},
	},
}
