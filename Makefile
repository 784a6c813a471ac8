.DEFAULT_GOAL := help

# The linter has a module of its own, so that its dependencies never enter the root go.mod.
GOLANGCI := go tool -modfile=$(CURDIR)/tools/go.mod golangci-lint

.PHONY: lint
lint: ## Check both modules and the determinism of workflows (the first run compiles the linter and the Temporal server: some minutes)
	$(GOLANGCI) run ./...
	cd local && $(GOLANGCI) run ./...
	go tool workflowcheck -config workflowcheck.yaml ./workflows/...

.PHONY: fmt
fmt: ## Format both modules, imports in three groups
	$(GOLANGCI) fmt ./...
	cd local && $(GOLANGCI) fmt ./...

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z\/-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
