# Bare `make` prints the targets. The checks themselves are in .ci/run, so that they are said once.

# Which benchmarks: make bench BENCH=Ingest
BENCH ?= .
# Seconds for every fuzz target: make fuzz EACH=300
EACH ?= 30
# Tries of every property of batches and fees, and of what is told again, which takes many hours: make soak SETTLED=1000. On PostgreSQL, if
# package pgtest finds a server, properties that look at the store get a twentieth of their tries (anystore.Fewer), random lives a twentieth of CHECKS.
SETTLED ?= 100000
# Tries of every other property: make soak CHECKS=100000
CHECKS ?= 20000
# Runs of the ledger against the notebook, of 30 steps each on the average: make soak RUNS=400000
RUNS ?= 40000
# Random lives of payments on a whole platform, of some 40 steps each: make soak LIVES=1000
LIVES ?= 100000
# Runs of every case of a bench: make bench-ledger TIMES=1
TIMES ?= 5
# How long the torture goes on: make torture FOR=2h
FOR ?= 10m

.DEFAULT_GOAL := help
.PHONY: help test race fuzz lint bench bench-ledger bench-close bench-postgres demo sample soak torture torture-postgres ci cover

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: ## Run all tests
	go test ./...

race: ## Run all tests in full under the race detector
	go test -race -timeout 60m ./...

fuzz: ## Run every fuzz target for EACH seconds (30)
	FUZZ_GUIDED=yes FUZZ_EACH=$(EACH) FUZZ_TOTAL=86400 .ci/run fuzz

lint: ## Check formatting, go.mod and the linters, among which is go vet
	.ci/run format modules lint

bench: ## Run the benchmarks that match BENCH (all)
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

# What docs/BENCHMARK.md compares: sizes of calls, callers, growth, one hot account, many accounts, few bytes for keys. The files are written where
# make runs and are gone afterwards; the largest takes some 10 GB.
bench-ledger: ## Measure the ledger TIMES times (5) in every case; prints JSON, a line per run and one of medians
	@set -e; dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	go build -o "$$dir/settlex" ./cmd/settlex; \
	measure() { echo "bench ledger $$*" >&2; "$$dir/settlex" bench ledger --json --runs $(TIMES) "$$@"; }; \
	measure --batch 8190 --verify; \
	measure --batch 8190 --hot 1; \
	measure --batch 1000; \
	measure --batch 100 --entries 1000000; \
	measure --mode single --clients 1 --entries 30000; \
	measure --mode single --clients 64 --entries 500000; \
	measure --mode single --clients 256 --entries 1000000; \
	measure --batch 8190 --accounts 1000000; \
	measure --batch 8190 --entries 10000000 --reads --reopen --drop-cache; \
	measure --batch 8190 --entries 50000000 --key-memory 256

# Closing one batch, in a file: a database is not measured. The largest takes some 14 GB where make runs, which are free again afterwards.
bench-close: ## Measure how fast a batch of 10,000, 100,000 and 1,000,000 lines is closed, TIMES times (5) each; prints JSON like bench-ledger
	@set -e; dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	go build -o "$$dir/settlex" ./cmd/settlex; \
	for lines in 10000 100000 1000000; do \
		echo "bench close --lines $$lines" >&2; \
		"$$dir/settlex" bench close --json --runs $(TIMES) --lines $$lines; \
	done

# The same as bench-ledger on a server, and against the network: callers, writers, latency. Each run makes a schema of its own and drops it.
bench-postgres: ## Measure the ledger on the PostgreSQL database DSN in every case, TIMES times (5); prints JSON like bench-ledger
	@set -e; test -n "$(DSN)" || { echo "make bench-postgres DSN=postgres://USER@HOST/DATABASE" >&2; exit 2; }; \
	dir=$$(mktemp -d); trap 'rm -rf "$$dir"' EXIT; \
	go build -o "$$dir/settlex" ./cmd/settlex; \
	measure() { echo "bench ledger $$*" >&2; "$$dir/settlex" bench ledger --store postgres --dsn "$(DSN)" --json "$$@"; }; \
	several() { measure --runs $(TIMES) "$$@"; }; \
	several --mode single --clients 64 --entries 100000; \
	several --batch 1000 --entries 150000; \
	several --batch 1000 --clients 4 --entries 150000; \
	for hot in 1 0; do \
		several --batch 1000 --entries 100000 --limits 0 --hot $$hot --bounds=false; \
		several --mode single --clients 64 --entries 60000 --limits 0 --hot $$hot --bounds=false; \
	done; \
	for latency in 0 500us 2ms 10ms; do \
		for writers in 1 2 4 8; do \
			measure --mode single --clients 64 --entries 30000 --limits 0 --bounds=false --writers $$writers --simulate-latency $$latency; \
		done; \
		measure --mode single --clients 512 --entries 60000 --limits 0 --bounds=false --writers 8 --simulate-latency $$latency; \
		measure --batch 1000 --clients 8 --entries 100000 --limits 0 --bounds=false --writers 8 --simulate-latency $$latency; \
	done; \
	measure --batch 1000 --clients 4 --entries 10000000 --bounds=false

demo: ## Settle the bundled month of payments
	go run ./cmd/settlex demo

sample: ## Write the bundled sample anew from its generator
	go test ./internal/sample -run TestPaymentsFile -update

soak: ## Take a million steps against the model, lead LIVES (100000) lives of payments, try every property of batches, fees and replays SETTLED times (100000) and every other one CHECKS times (20000), a twentieth of that on PostgreSQL, then fuzz each target for ten minutes
	go test ./store/storetest -run '^TestMemory$$/^model$$' -count=1 -v -timeout 0 -rapid.checks=$(RUNS)
	go test ./store/bolt -run '^TestSuite$$/^model$$' -count=1 -v -timeout 0 -rapid.checks=2000
	go test ./payment -run '^TestRandomLives$$' -count=1 -v -timeout 0 -rapid.checks=$(LIVES)
	go test ./settlement ./fees -count=1 -v -timeout 0 -rapid.checks=$(SETTLED)
	go test ./payment -run '^(TestFeesAndNetAreGross|TestReplayedLives)$$' -count=1 -v -timeout 0 -rapid.checks=$(SETTLED)
	SETTLEX_TEST_STORE=postgres go test ./payment -run '^(TestFeesAndNetAreGross|TestReplayedLives)$$' -count=1 -v -timeout 0 -rapid.checks=$$(($(SETTLED) / 20 + 1))
	go test $$(go list -f '{{.ImportPath}} {{.TestImports}} {{.XTestImports}}' ./... | awk '/pgregory.net\/rapid/ && $$1 !~ /\/(settlement|fees)$$/ { print $$1 }') -skip '^(TestRandomLives|TestFeesAndNetAreGross|TestReplayedLives)$$' -count=1 -timeout 0 -rapid.checks=$(CHECKS)
	FUZZ_GUIDED=yes FUZZ_EACH=600 FUZZ_TOTAL=86400 .ci/run fuzz

torture-postgres: ## Kill servers, processes and primaries at random for FOR (10m) each, and hold a ledger in PostgreSQL to its word
	go test ./store/postgres -run '^Test(ServerKilled|ProcessesKilled)$$' -count=1 -v -timeout 0 -artifacts -outputdir "$${TMPDIR:-/tmp}" -torture.for=$(FOR)
	go test ./store/postgres -run '^Test(Failover|StandbyGone|LanesUnderWriters|Cuts|Hangs)$$' -count=20 -v -timeout 0

torture: ## Kill a ledger at random for FOR (10m) and hold it to its word
	go test ./internal/torture -run '^TestTorture$$' -count=1 -v -timeout 0 -artifacts -outputdir "$${TMPDIR:-/tmp}" -torture.for=$(FOR)

ci: ## Run everything that must hold before a change lands
	.ci/run

cover: ## Print the share of statements that the tests reach
	go test -coverprofile=cover.out -coverpkg=./... ./...
	go tool cover -func=cover.out | tail -1
