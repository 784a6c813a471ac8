# The embedded Temporal server compiles faster without a Google Cloud library
# that only its archival needs.
LOCAL = -tags disable_grpc_modules

GO = go

# The linter and what runs the guards have a module of their own, so that their
# dependencies never enter the root go.mod.
GOLANGCI = go tool -modfile=$(CURDIR)/tools/go.mod golangci-lint

.DEFAULT_GOAL := help

.PHONY: help demo sandbox test race chaos chaos-short kinds bench lint fmt fuzz contract assumptions histories guards

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  make %-11s %s\n", $$1, $$2}'

demo: ## see it work: server, both platforms, worker, starter and forty returns in one process
	@echo "Building. The first time takes several minutes, because a whole Temporal server"
	@echo "and its Web UI are compiled into the demo; after that it takes seconds."
	@go -C local build $(LOCAL) -o bin/returnbridge-local .
	@local/bin/returnbridge-local demo

bench: ## what a return costs and how fast returns go: a table, and JSON in local/bin/bench.json (at most ten minutes on two idle cores)
	@go -C local build $(LOCAL) -o bin/returnbridge-local .
	@local/bin/returnbridge-local bench --json local/bin/bench.json

test: ## everything that proves it: the root module under the race detector, and the local module
	go vet ./...
	go test -race -timeout 25m ./...
	go -C local vet $(LOCAL) ./...
	go -C local test $(LOCAL) -p 1 -timeout 30m ./...

sandbox: ## rehearse: both platforms and a Temporal server on fixed ports, for your own worker and starter
	go -C local run $(LOCAL) . sandbox

chaos: ## take everything away while returns are under way, and print what was proved (up to 15 minutes)
	go -C local test $(LOCAL) -count 1 -timeout 15m -v ./chaos -long

chaos-short: ## the short form of chaos, which is part of test
	go -C local test $(LOCAL) -count 1 -timeout 5m -v ./chaos

kinds: ## every exception, provoked through the platforms, and told to its owner (about two minutes)
	go -C local test $(LOCAL) -count 1 -timeout 10m -v ./e2e -run '^TestEachKindOfException' -kinds

race: ## the local module under the race detector (a long first build)
	go -C local test -race $(LOCAL) -timeout 40m ./...

lint: ## golangci-lint on both modules, workflowcheck on the workflow code (the first run compiles the linter)
	$(GOLANGCI) run ./...
	cd local && $(GOLANGCI) run ./...
	go tool workflowcheck -config workflowcheck.yaml ./workflows/...

fmt: ## format both modules
	$(GOLANGCI) fmt ./...
	cd local && $(GOLANGCI) fmt ./...

fuzz: ## every fuzz target of every package, in both modules, for one minute each
	@grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sed -E 's|/[^/]*:func | |' | sort | while read -r dir target; do \
		$(GO) -C $$dir test $(LOCAL) -run '^$$' -fuzz "^$$target\$$" -fuzztime 1m -fuzzminimizetime 20x . || exit 1; done

guards: ## take each guard away in turn and see its test fail (options, such as GUARDS="-issue 9.1 -short")
	go -C tools run ./guards $(GUARDS)

contract: ## ask sandboxes and, given credentials, the real platforms whether they keep the contracts (see local/contract/doc.go)
	go -C local test $(LOCAL) -count=1 -v ./contract

assumptions: ## write docs/assumptions.md anew
	go test ./docs -run TestAssumptions -write

histories: ## record the histories that the replay tests replay
	go -C local run $(LOCAL) . histories --out $(CURDIR)/workflows/testdata/histories/v0
