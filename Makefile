# Every target sets up what it needs: on a fresh Debian machine with Go,
# `make test` and `make demo` install the servers themselves and say so.

SHELL := /bin/bash
BIN := $(CURDIR)/.bin
GOLANGCI_VERSION := v2.15.0
GOLANGCI := $(BIN)/golangci-lint-$(GOLANGCI_VERSION)
WITH_SERVERS := go run ./integration/cmd/withservers
SOURCES := cmd internal integration migrate dualwrite backfill flags querykiller review examples
# Packages run side by side; tests inside them do too. Two cores are assumed, and
# that most tests wait for a server most of the time.
# make lint vets; stripping the test binaries saves half a minute of linking.
TEST_FLAGS ?= -timeout 15m -vet=off -ldflags=-s -p 3 -parallel 6
# In the order in which they begin. The query killer's tests wait for one another:
# begun last, they would run alone.
TEST_PACKAGES := ./backfill/... ./dualwrite/... ./flags/... ./integration/... ./internal/... ./querykiller/... ./...
# Compiles packages and tests, and links nothing, which go test would not keep. What it has done when the servers
# are there is cached.
COMPILE_TESTS := go list -test -export ./...

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build the binary into .bin/underpin
	go build -o $(BIN)/underpin ./cmd/underpin

.PHONY: test
test: ## Run every test on real MySQL and MariaDB
	$(WITH_SERVERS) -meanwhile '$(COMPILE_TESTS)' -- go test $(TEST_FLAGS) $(TEST_PACKAGES)

.PHONY: test-race
test-race: ## Run every test under the race detector
	$(WITH_SERVERS) -- go test -race -timeout 30m ./...

.PHONY: lint
lint: $(GOLANGCI) ## Run gofmt, go vet and golangci-lint
	@test -z "$$(gofmt -l $(SOURCES))" || { gofmt -l $(SOURCES); echo "these files are not gofmt-ed"; exit 1; }
	go build ./...
	go vet ./...
	$(GOLANGCI) run ./...

$(GOLANGCI):
	@echo "building golangci-lint $(GOLANGCI_VERSION) into $(BIN) (once)"
	@mkdir -p $(BIN)
	GOBIN=$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv $(BIN)/golangci-lint $@

.PHONY: demo
demo: build ## Carry a change to the end under live traffic, on both engines
	$(BIN)/underpin demo --engine mysql
	$(BIN)/underpin demo --engine mariadb

.PHONY: explore
explore: ## Explore every interleaving of the protocol and print the states
	go run ./migrate/explore/cmd/explore

.PHONY: docs
docs: ## Write the pages that are made from code and tested files
	go run ./integration/cmd/docs

.PHONY: bench
bench: ## Measure copy, dual write, transition and library code as ratios of one run
	$(WITH_SERVERS) -durability durable -buffer-pool 1024 -- go test -run '^$$' -bench . -benchtime 1x -timeout 60m ./backfill ./dualwrite ./flags ./integration/bench

.PHONY: bench-plan
bench-plan: ## Measure planning: 1 000 statements parsed, 1 000 tables planned against and compared
	$(WITH_SERVERS) -- go test -run '^$$' -bench 'Parse|Diff|Build' -benchtime 1x -timeout 20m ./migrate/ddl ./migrate/desired ./migrate/plan

.PHONY: bench-killer
bench-killer: ## Measure the query killer: latency, cost of polling, the window that remains
	go test -run '^$$' -bench . -benchtime 1x -timeout 60m ./querykiller

.PHONY: bench-review
bench-review: ## Measure a review of 1 000 files of migrations, on one core
	GOMAXPROCS=1 go test -run '^$$' -bench Review -benchtime 5x ./review

.PHONY: review-corpus
review-corpus: ## Review foreign migrations: make review-corpus DIR="folder folder"
	go run ./integration/cmd/reviewcorpus $(DIR)

.PHONY: bench-flags
bench-flags: ## Measure flags beside other SDKs, the spread of a kill switch, the load of polling, first exposures
	cd integration/flagsbench && go test -run '^$$' -bench 'Static|Rule' -benchtime 300ms -count 3 -cpu 1,2 .
	cd integration/flagsbench && go test -run '^$$' -bench Cores -benchtime 1x .
	cd integration/flagsbench && go test -run '^$$' -bench Load -benchtime 10x .
	cd integration/flagsbench && go test -run '^$$' -bench 'KillSwitch|Polling' -benchtime 1x -timeout 30m .
	go test -run '^$$' -bench FirstExposures -benchtime 5x -timeout 30m ./flags/experiment

.PHONY: bench-experiments
bench-experiments: ## Measure first exposures and the results of an experiment
	go test -run '^$$' -bench . -benchtime 5x -timeout 30m ./flags/experiment

.PHONY: conformance-killer
conformance-killer: ## What the query killer spares, beside pt-kill where it is installed
	go test -run TestConformance -count=1 -v ./querykiller

.PHONY: verify-verifier
verify-verifier: ## Plant 10 000 differences of every type and kind; all have to be found
	$(WITH_SERVERS) -- go test -run 'TestVerifierFindsEveryPlantedDifference|TestABluntVerifierIsCaught' -count=1 -v ./integration/types

.PHONY: fuzz
fuzz: ## Fuzz parsers and quoting for a minute each
	go test -run '^$$' -fuzz FuzzParseFile -fuzztime 1m ./migrate/plan
	go test -run '^$$' -fuzz FuzzKey -fuzztime 1m ./internal/shape
	go test -run '^$$' -fuzz '^FuzzParse$$' -fuzztime 1m ./migrate/ddl
	go test -run '^$$' -fuzz FuzzParseRules -fuzztime 1m ./querykiller
	go test -run '^$$' -fuzz FuzzKindOf -fuzztime 1m ./querykiller
	go test -run '^$$' -fuzz FuzzRedact -fuzztime 1m ./querykiller
	go test -run '^$$' -fuzz FuzzFlag -fuzztime 1m ./flags
	go test -run '^$$' -fuzz FuzzParse -fuzztime 1m ./flags/filestore
	go test -run '^$$' -fuzz FuzzRead -fuzztime 1m ./flags/imports
	go test -run '^$$' -fuzz FuzzRun -fuzztime 1m ./review
	go test -run '^$$' -fuzz FuzzRules -fuzztime 1m ./review/rules
	go test -run '^$$' -fuzz FuzzParseRevoked -fuzztime 1m ./review/sign
	go test -run '^$$' -fuzz FuzzParse -fuzztime 1m ./internal/gosource

.PHONY: test-servers
test-servers: ## Exercise every way to get a server: DSN, native, Docker, installation
	go test -count=1 ./integration/servers ./integration/cmd/withservers
	go run ./integration/cmd/withservers images
	go test -count=1 -tags servers_docker -timeout 20m ./integration/servers/dockertest
	go test -count=1 -tags servers_install -timeout 30m ./integration/servers/installtest

.PHONY: clean
clean: ## Remove what was built
	rm -rf $(BIN)
