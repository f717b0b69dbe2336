package main

// ofOthers are mutants of what stands beside the library: metrics, servers for tests, and tools.
var ofOthers = []mutant{
	{
		name:  "zktest: the disk is not waited for",
		edits: []edit{{"zktest/launch.go", "		forceSync = \"yes\"\n", "		forceSync = \"no\"\n"}},
		tests: "TestServersWaitForTheDiskIfTheyAreTold",
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
		name:  "chaos takes a stopped zooky's command for stopped",
		edits: []edit{{"internal/chaos/hold.go", "		case kindAlive:\n			h.end = ev.At\n", "		case kindAlive:\n"}},
		tests: "TestOverlapsAreFound",
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
		name:  "otelzklock: nobody asks",
		edits: []edit{{"otelzklock/hooks.go", ", trace.WithAttributes(asked(e)...))", ")"}},
		tests: "TestSpans|TestSpansSayWhoAsksAsFarAsTheRequestDoes",
	},
}
