# What one does with a checkout. Each target first installs what it needs and this machine lacks (Debian packages,
# by sudo only when not root), and says so.
#
# Everything is built once, in release, with testable modules, so that build, demo and test share their objects. The
# tests are built by 'swift build': 'swift test' builds with flags of its own, all from the beginning.
#
# Variables: JOBS (compilers at once), SWIFT (the toolchain's driver), FILTER (which tests), ARGUMENTS (see demo).

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help build demo test soak format lint clean deps install-dependencies

SWIFT ?= swift
JOBS ?= $(shell scripts/jobs)
SWIFT_FLAGS := -c release -Xswiftc -enable-testing --jobs $(JOBS)
FORMATTED := Package.swift Sources Tests

help: ## Lists these targets
	@awk -F ':.*## ' '/^[a-z -]+:.*## / { printf "  make %-22s %s\n", $$1, $$2 }' Makefile

build: ## Builds genred, genrectl and genrelab into .build/release
	@scripts/install-dependencies build
	$(SWIFT) build $(SWIFT_FLAGS)

demo: ## Plays two minutes of music to genred and shows what it hears (ARGUMENTS="--help": how else)
	@scripts/install-dependencies build demo
	$(SWIFT) build $(SWIFT_FLAGS)
	@scripts/demo $(ARGUMENTS)

test: ## Runs the tests (FILTER=ProgrammeTests: some of them)
	@scripts/install-dependencies build demo test
	$(SWIFT) build $(SWIFT_FLAGS) --build-tests
ifdef FILTER
	$(SWIFT) test $(SWIFT_FLAGS) --skip-build --filter "$(FILTER)"
else
	$(SWIFT) test $(SWIFT_FLAGS) --skip-build --skip EndToEndTests
	@# The real programs in real time come last, when nothing else runs.
	$(SWIFT) test $(SWIFT_FLAGS) --skip-build --filter EndToEndTests
endif

soak: ## Feeds 24 hours of audio to four pipes (HOURS, SOURCES) and counts every frame
	@scripts/install-dependencies build demo test
	$(SWIFT) build $(SWIFT_FLAGS)
	@scripts/soak $(or $(HOURS),24) $(or $(SOURCES),4)

format: ## Formats the Swift sources in place
	@scripts/install-dependencies build
	$(SWIFT) format --in-place --recursive --parallel $(FORMATTED)

lint: ## Checks formatting and style: fails on any remark
	@scripts/install-dependencies build
	$(SWIFT) format lint --strict --recursive --parallel $(FORMATTED)

clean: ## Removes everything that was built
	rm -rf .build

deps: ## Installs what build, demo and test need
	@scripts/install-dependencies build demo test

install-dependencies: deps
