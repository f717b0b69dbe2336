# What there is to run. Everything fetches what it needs by itself; see README.md and CONTRIBUTING.md.

DURATION ?= 3m
SEED     ?=
FUZZTIME ?= 1m
LIES     ?= 100000
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: test lint model model-full simulate simulate-mutants chaos mutants interop fuzz frames hostile footprint bench without docs picture from-nothing api

# The README's test command, with the race detector.
test:
	go test -race -timeout 15m ./...

lint:
	test -z "$$(gofmt -l .)"
	go vet ./...
	GOARCH=386 go vet ./... # whose int has 32 bits
	GOOS=darwin go build ./...
	GOOS=windows go build ./...
	go run $(STATICCHECK) ./...
	go run ./internal/api
	@# 3: it has found something. 1: it could not look, as where its database is out of reach; it says why.
	@bin=$$(mktemp -d) && GOBIN=$$bin go install $(GOVULNCHECK) && \
		{ $$bin/govulncheck ./...; status=$$?; rm -r $$bin; \
		case $$status in \
		0) ;; \
		3) exit 1 ;; \
		*) echo "govulncheck: not done, see above (status $$status)" ;; \
		esac; }

# Real processes on a real ensemble while everything breaks; the history is checked. SEED repeats a plan of faults.
chaos:
	go run ./internal/chaos/cmd/chaos -duration $(DURATION) $(if $(SEED),-seed $(SEED)) $(if $(TRIES),-tries $(TRIES))

# Made-up worlds in virtual time, SEEDS of them or as many as fit into FOR; of one that fails the fewest steps that fail are shown.
# FIRST repeats them: make simulate FIRST=7 SEEDS=1. SIMULATE_PLAN, as it is shown, repeats the steps that are left.
SEEDS ?= 1000
simulate:
	$(if $(FIRST),SIMULATE_FIRST=$(FIRST)) $(if $(FOR),SIMULATE_FOR=$(FOR),SIMULATE_SEEDS=$(SEEDS)) \
		go test -count=1 -timeout 48h -v -run '^TestSimulate$$' ./internal/simulate

# Puts faults that the library once had back; the simulator must find each within the seeds that internal/mutants states.
simulate-mutants:
	go run ./internal/mutants -run '^simulated'

# Breaks the library in one place after the other; a test must notice each time.
mutants:
	go run ./internal/mutants

# The models of the recipe, checked by spin within small bounds; every mutant of them must fail. See docs/model.md.
model:
	go run ./internal/model

# Within larger bounds too, which takes long.
model-full:
	go run ./internal/model -full

# Every pair of clients that docs/interop.md calls safe, for 5,000 hand-offs; four minutes.
interop:
	ZKLOCK_INTEROP=5000 go test -count=1 -timeout 30m -v -run 'TestHandOffs|TestOrder' ./internal/interop

# Every fuzz target for FUZZTIME; again if it failed and has left no input that fails: the time ran out on a busy machine (golang/go#75804).
fuzz:
	@fuzz() { go test -run '^$$' -fuzz "^$$1\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x "./$$2"; }; \
	for file in $$(git ls-files '*_test.go' | xargs grep -l '^func Fuzz'); do \
		dir=$$(dirname $$file); \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$file); do \
			echo "== $$target"; \
			fuzz $$target $$dir || { test -z "$$(git status --porcelain $$dir/testdata)" && fuzz $$target $$dir; } || exit 1; \
		done; \
	done

# Ten million frames from a hostile server: a quarter of an hour. FuzzGoZookeeper, which has a real go-zookeeper read what
# passes, manages some hundreds a second and is run by time: make fuzz.
FRAMES ?= 10000000
frames:
	go test -run '^$$' -fuzz '^FuzzFrames$$' -fuzztime $(FRAMES)x -fuzzminimizetime 5x -timeout 2h ./internal/wire

# A server that tells LIES lies, in every field of every reply; about ten minutes for 100,000.
hostile:
	ZKLOCK_LIES=$(LIES) go test -count=1 -timeout 2h -v -run TestVirtualLiar ./internal/virtual

# A process that asks for 30,000 locks is killed: the servers, one and three of them, must survive the end of its session.
footprint:
	ZKLOCK_FOOTPRINT=30000 go test -count=1 -timeout 10m -v -run TestAKilledHoarderHarmsNoServer ./internal/e2e

# Speed next to other clients, see docs/benchmarks.md. PEERS=all adds kazoo, Curator and etcd, CASE=regexp chooses, QUICK=1 only shows that
# everything works, LONG=1 adds what takes minutes, MERGE=1 keeps the other cases of the last run, DOCS=1 writes the page.
bench:
	cd benchmarks && go run ./cmd/bench $(if $(CASE),-case '$(CASE)') $(if $(PEERS),-peers $(PEERS)) $(if $(QUICK),-quick) \
		$(if $(LONG),-long) $(if $(MERGE),-merge) $(if $(ROUNDS),-rounds $(ROUNDS)) $(if $(DOCS),-docs ../docs)

# What each mechanism of the library gains: speed and requests with it and without it. RUN=regexp
# chooses, DOCS=1 writes the table into docs/benchmarks.md.
without:
	cd benchmarks && go run ./cmd/without $(if $(RUN),-run '$(RUN)') $(if $(ROUNDS),-rounds $(ROUNDS)) \
		$(if $(DOCS),-docs ../docs/benchmarks.md)

# Writes the blocks of code and output in README.md and docs/, from the files and commands that their comments name,
# and docs/demo.svg, which shows zooky demo on a terminal.
docs:
	ZKLOCK_UPDATE_DOCS=1 go test -count=1 -run TestDocsShowTheCode ./internal/docblock
	ZKLOCK_UPDATE_DOCS=1 go test -count=1 -run 'TestDemoLosesNoUpdate|TestDemoWithoutTheLock|TestThePictureShowsTheDemo' ./cmd/zooky
	ZKLOCK_UPDATE_DOCS=1 go test -count=1 -run 'TestVirtualLogOfAnOutage|TestVirtualCosts$$' ./internal/virtual
	cd monitoring && ZKLOCK_UPDATE_DOCS=1 go test -count=1 -run 'TestDemoIsDocumented|TestDashboardIsWritten' .

# What docs/testing.md says to somebody who has Go and nothing else, with empty caches, and how long it takes.
from-nothing:
	ZKLOCK_FROM_NOTHING=1 go test -count=1 -v -run TestFromNothing ./internal/docblock

# Draws the dashboard of monitoring/ into docs/dashboard.svg, from what a real Prometheus says of programs that share locks on three
# servers for five minutes. Fetches Debian's prometheus if there is none.
picture:
	cd monitoring && go run ./cmd/picture

# Writes the exported API into api/, which make lint compares with the code: a change of it is seen in review.
api:
	go run ./internal/api -w
