# Bare `make` prints the targets. The checks themselves are in .ci/run, so that they are said once.

# Which benchmarks: make bench BENCH=Ingest
BENCH ?= .
# Seconds for every fuzz target: make fuzz EACH=300
EACH ?= 30
# Tries of every property: make soak CHECKS=100000
CHECKS ?= 20000

.DEFAULT_GOAL := help
.PHONY: help test race fuzz lint bench demo sample soak ci cover

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: ## Run all tests
	go test ./...

race: ## Run all tests under the race detector
	go test -race ./...

fuzz: ## Run every fuzz target for EACH seconds (30)
	FUZZ_EACH=$(EACH) FUZZ_TOTAL=86400 .ci/run fuzz

lint: ## Check formatting, go vet, go.mod and the linters
	.ci/run format vet modules lint

bench: ## Run the benchmarks that match BENCH (all)
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

demo: ## Settle the bundled month of payments
	go run ./cmd/settlex demo

sample: ## Write the bundled sample anew from its generator
	go test ./internal/sample -run TestPaymentsFile -update

soak: ## Try every property CHECKS times (20000), then fuzz each target for ten minutes
	go test -timeout 0 -rapid.checks=$(CHECKS) $$(go list -f '{{.ImportPath}} {{.TestImports}} {{.XTestImports}}' ./... | awk '/pgregory.net\/rapid/ { print $$1 }')
	FUZZ_EACH=600 FUZZ_TOTAL=86400 .ci/run fuzz

ci: ## Run everything that must hold before a change lands
	.ci/run

cover: ## Print the share of statements that the tests reach
	go test -coverprofile=cover.out -coverpkg=./... ./...
	go tool cover -func=cover.out | tail -1
