# The two commands a newcomer needs are `make demo` and `make test`; both install what is missing.

SWIFT ?= swift
BUILD := $(shell pwd)/.build/debug
# The image's build, which `simulate` shares.
RELEASE := -c release --static-swift-stdlib --scratch-path .build-image
PURE := MeshModelTests|ManifestsTests|PlanningTests|RolloutTests|SettingsTests|TidyTests

.PHONY: help setup build demo demo-agent test verify image bench format lint

help:            ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

setup:           ## Install Debian's packages and the Python clients of the tests
	@bash .ci/setup

build: setup     ## Build the agent and its tests, warnings as errors
	$(SWIFT) build --build-tests

demo:            ## The whole story on loopback: no AWS account, no cluster, no network
	@bash .ci/setup debian
	$(SWIFT) build --product plumbline
	@$(BUILD)/plumbline demo

demo-agent:      ## The agent on loopback: a push, a signed webhook, the write, the questions
	@bash .ci/setup debian
	$(SWIFT) build --product plumbline
	@deploy/demo/agent

# What only computes runs side by side; what starts processes, servers and clocks has the machine
# for itself, or its deadlines would judge the neighbours.
test: build      ## All tests
	$(SWIFT) test --skip-build --filter '$(PURE)'
	$(SWIFT) test --skip-build --no-parallel --skip '$(PURE)'

verify: build image  ## What takes longer than a test: the image at work and under load, 100,000 seeds
	@deploy/image/try
	@deploy/load/webhooks
	PLUMBLINE_THOROUGH=1 $(SWIFT) test --skip-build --filter AgentAPITests
	$(SWIFT) build $(RELEASE) --product simulate
	.build-image/release/simulate --seeds 100000

image:           ## The OCI image of deploy/, without an engine or a registry
	@bash .ci/setup debian
	@SWIFT="$(SWIFT)" bash deploy/image/build

bench: setup     ## What a reconciliation costs, and how soon a webhook is a write
	$(SWIFT) build -c release --product plumbline
	$(SWIFT) run -c release bench
	$(SWIFT) run -c release bench latency

format:          ## Format every file
	$(SWIFT) format --in-place --recursive Sources Tests Benchmarks Package.swift

lint:            ## Check the format
	$(SWIFT) format lint --strict --recursive Sources Tests Benchmarks Package.swift
