# Every target works from a fresh clone; `make` alone lists them.
#
# Only Go, git and make are needed to build and run. `make generate` for the
# kernel programs needs clang-19; `make setup` installs it on Debian.

GO    ?= go
TOOLS := tools/bin
BUILD := build

# What the distribution is made of; a change here makes it stale.
SOURCES := $(shell find bpf internal rules extension receiver processor \
	-name '*.go' ! -name '*_test.go' -o -name '*.o' -o -path '*/library/*.yaml') go.mod

# How long `make soak` lasts.
SOAK ?= 10m

.PHONY: help setup generate build full run demo test test-kernels soak scale lint bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "%-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install on Debian what generating needs (clang, libbpf's headers)
	@.ci/setup

generate: ## regenerate all generated files (kernel programs, metadata)
	$(GO) generate ./...

build: $(BUILD)/saker-collector $(BUILD)/saker ## build the distribution and the command into ./build

$(TOOLS)/builder: tools/go.mod tools/go.sum
	cd tools && $(GO) build -o bin/ go.opentelemetry.io/collector/cmd/builder
	@touch $@

$(BUILD)/saker-collector: builder-config.yaml $(TOOLS)/builder $(SOURCES)
	CGO_ENABLED=0 $(TOOLS)/builder --config $<
	@touch $@

$(BUILD)/saker: $(SOURCES) $(shell find cmd/saker -name '*.go')
	CGO_ENABLED=0 $(GO) build -trimpath -o $@ ./cmd/saker
	@touch $@

full: $(TOOLS)/builder ## build the large distribution into ./build/full
	CGO_ENABLED=0 $(TOOLS)/builder --config builder-config-full.yaml

run: build ## build and start the collector with the quick-start configuration
	@echo "Alerts appear here and, with all attributes, in $(BUILD)/alerts.json; the collector's own log is $(BUILD)/collector.log."
	@echo "To provoke one, run as root in another shell:  cat /etc/shadow"
	@SAKER_OUT=$(BUILD) SAKER_LOG=$(BUILD)/collector.log $(BUILD)/saker-collector --config configs/quickstart.yaml

demo: build ## start the collector, do harmless things that it detects, print the alerts
	@$(GO) run ./test/demo -collector $(BUILD)/saker-collector -config configs/quickstart.yaml

test: ## run all tests; those with the kernel need root and say so where they skip
	$(GO) test -timeout 20m ./...

test-kernels: ## run those that need a kernel in Debian's kernels, emulated; KERNELS="amd64/6.1 arm64" chooses, all write docs/kernels.md
	$(GO) run ./test/kernels $(KERNELS)

soak: ## run the distribution under load for SOAK=10m, print a table, fail on growth, leaks and untold losses
	$(GO) test -count 1 -timeout 0 -v -run '^TestSoak$$' ./test/soak -soak $(SOAK)

scale: ## run the distribution beside 10,000 processes, 100,000 short-lived ones and 200 containers, print a table, fail above 100 MiB; needs root
	$(GO) test -count 1 -timeout 0 -v -run '^TestScale$$' ./test/soak -scale 100

lint: ## golangci-lint, gofumpt and clang-format
	cd tools && $(GO) build -o bin/ mvdan.cc/gofumpt
	cd tools/lint && $(GO) build -o ../bin/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	$(TOOLS)/golangci-lint run ./...
	@unformatted=$$(git ls-files '*.go' | grep -v generated_ | xargs $(TOOLS)/gofumpt -l); \
	if [ -n "$$unformatted" ]; then echo "lint: run gofumpt -w on:" $$unformatted; exit 1; fi
	@if command -v clang-format-19 >/dev/null; then clang-format-19 --dry-run --Werror bpf/*.h bpf/*.c; \
	else echo "lint: clang-format-19 is not there, C not checked (make setup)"; fi

bench: build ## measure what Saker costs, beside nothing and, with FALCO=/path/to/falco, beside that; needs root
	$(GO) run ./test/bench -out $(BUILD)

clean: ## remove what was built
	rm -rf $(BUILD) $(TOOLS)
