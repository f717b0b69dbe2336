package main

// ofZooky are mutants of zooky.
var ofZooky = []mutant{
	{
		name:  "zooky keeps the lock although a signal came while the command ran",
		edits: []edit{{"cmd/zooky/internal/cli/run_unix.go", "	if !a.askedToEnd() {\n", "	{\n"}},
		tests: "TestRunAtLeastAfterASignal",
	},
	{
		name:  "zooky demo: a worker says that another has cleared up",
		edits: []edit{{"cmd/zooky/internal/demo/worker.go", "		if !errors.Is(err, fs.ErrNotExist) {\n", "		if !errors.Is(err, fs.ErrNotExist) || true {\n"}},
		tests: "TestWorkerWhoseFilesAreCleared",
	},
	{
		name:  "zooky: a process that one list lacks is left",
		edits: []edit{{"cmd/zooky/internal/child/child.go", "		left := reap()\n", "		reap()\n		left := len(processes) > 0\n"}},
		tests: "TestKillDoesNotRelyOnOneList",
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
		name:  "zooky: the usage of a command is not told where arguments are missing",
		edits: []edit{{"cmd/zooky/internal/cli/cli.go", "		command.Args = withUsage(command.Args)\n", "		_ = withUsage\n		_ = command\n"}},
		tests: "TestTroubleIsOneLine",
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
		edits: []edit{{"cmd/zooky/internal/child/end.go", "	g.denied = true\n	g.say(", "	g.denied = true\n	_ = func(string, ...any) bool { return true }("}},
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
}
