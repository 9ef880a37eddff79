# SPDX-License-Identifier: GPL-3.0-or-later
# What one does with a checkout. Each target first installs what it needs and this machine lacks (Debian packages,
# by sudo only when not root), and says so.
#
# Everything is built once, in release, with testable modules, so that build, demo and test share their objects. The
# tests are built by 'swift build': 'swift test' builds with flags of its own, all from the beginning.
#
# Variables: JOBS (compilers at once), SWIFT (the toolchain's driver), FILTER (which tests), ARGUMENTS (see demo),
# DESTDIR and PREFIX (where install puts things; see there for single folders).

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help build demo test bench bench-train soak stage install deb format lint clean deps install-dependencies

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

COMPUTING := Basics|Training|Model|Streaming|Programme

test: ## Runs the tests (FILTER=ProgrammeTests: some of them)
	@scripts/install-dependencies build demo test deb
	$(SWIFT) build $(SWIFT_FLAGS) --build-tests
ifdef FILTER
	$(if $(findstring ServiceTests,$(FILTER)),@$(MAKE) deb)
	$(SWIFT) test $(SWIFT_FLAGS) --skip-build --filter "$(FILTER)"
else
	@# ServiceTests install it on a machine of their own.
	@$(MAKE) deb
	@# What computes comes first: it would keep those waiting that look at what happens in time.
	$(SWIFT) test $(SWIFT_FLAGS) --skip-build --filter '^($(COMPUTING))Tests'
	$(SWIFT) test $(SWIFT_FLAGS) --skip-build --skip '^($(COMPUTING)|EndToEnd|Service)Tests'
	@# The real programs in real time come last, when nothing else runs.
	$(SWIFT) test $(SWIFT_FLAGS) --skip-build --filter EndToEndTests
	$(SWIFT) test $(SWIFT_FLAGS) --skip-build --filter ServiceTests
endif

bench: ## Measures what listening costs, beside what people use instead (ARGUMENTS="--help": how else)
	@scripts/install-dependencies build demo test
	$(SWIFT) build $(SWIFT_FLAGS)
	@scripts/bench $(ARGUMENTS)

bench-train: ## Measures a step of training, beside the same network in PyTorch
	@scripts/install-dependencies build demo test
	$(SWIFT) build $(SWIFT_FLAGS)
	@scripts/bench-train

soak: ## Feeds 24 hours of audio to four pipes (HOURS, SOURCES) and counts every frame
	@scripts/install-dependencies build demo test
	$(SWIFT) build $(SWIFT_FLAGS)
	@scripts/soak $(or $(HOURS),24) $(or $(SOURCES),4)

stage: ## Builds what install and deb take: programs with Swift inside, manuals, completions
	@scripts/install-dependencies build
	$(SWIFT) build $(SWIFT_FLAGS)
	@SWIFT=$(SWIFT) scripts/stage $(SWIFT_FLAGS)

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
installed = $(DESTDIR)$(PREFIX)
# The units name the programs by their path.
install_unit = install -d $(dir $(2)) && sed 's|/usr/bin/|$(PREFIX)/bin/|' systemd/$(1) >$(2) && chmod 644 $(2)

# Built first if there is a compiler: 'make stage && sudo make install' serves where root has none.
install: $(if $(shell command -v $(SWIFT)),stage) ## Installs everything (DESTDIR, PREFIX=/usr/local)
	@[[ -e .build/stage/done ]] || { echo "Nothing is built: run 'make stage' first, as who has Swift." >&2; exit 1; }
	install -D -t $(installed)/bin .build/stage/bin/*
	install -D -m 644 -t $(installed)/share/genred Sources/Model/Resources/default.safetensors config/genred.schema.json
	install -D -m 644 -t $(installed)/share/man/man1 .build/stage/man/*.1
	install -D -m 644 -t $(installed)/share/man/man5 .build/stage/man/*.5
	install -D -m 644 -t $(installed)/share/bash-completion/completions .build/stage/completions/bash/*
	for file in .build/stage/completions/zsh/*; do \
	    install -D -m 644 $$file $(DESTDIR)$(ZSHDIR)/_$${file##*/} || exit; done
	for file in .build/stage/completions/fish/*; do \
	    install -D -m 644 $$file $(installed)/share/fish/vendor_completions.d/$${file##*/}.fish || exit; done
	$(call install_unit,genred.service,$(DESTDIR)$(UNITDIR)/genred.service)
	$(call install_unit,genred@.service,$(DESTDIR)$(UNITDIR)/genred@.service)
	$(call install_unit,user/genred.service,$(installed)/lib/systemd/user/genred.service)
	install -D -m 644 -t $(DESTDIR)$(UNITDIR) systemd/genred.socket systemd/genred@.socket
	@# Older ones would warn of keys that they do not know.
	if [[ $$(systemctl --version 2>/dev/null | awk 'NR == 1 { print $$2 }') -ge 254 ]]; then \
	    for unit in genred.service genred@.service; do \
	        install -D -m 644 -t $(DESTDIR)$(UNITDIR)/$$unit.d systemd/restart-backoff.conf || exit; done; fi
	install -D -m 644 systemd/sysusers.conf $(installed)/lib/sysusers.d/genred.conf
	install -D -m 644 systemd/tmpfiles.conf $(installed)/lib/tmpfiles.d/genred.conf
	@# What is configured stays.
	[[ -e $(DESTDIR)$(SYSCONFDIR)/genred/genred.yaml ]] || { install -d $(DESTDIR)$(SYSCONFDIR)/genred && \
	    sed '1s|/usr/share/|$(PREFIX)/share/|' config/genred.yaml >$(DESTDIR)$(SYSCONFDIR)/genred/genred.yaml; }

deb: stage ## Builds a Debian package, genred_VERSION_ARCHITECTURE.deb, and has lintian judge it
	@scripts/install-dependencies deb
	@# What an earlier run left would be taken for done.
	rm -rf genred_*.deb debian/genred debian/.debhelper debian/debhelper-build-stamp debian/files debian/*.substvars \
	    debian/*.debhelper
	$(as_root) debian/rules binary
	lintian --fail-on error --info genred_*.deb

# The files of a package belong to root.
as_root := $(if $(filter 0,$(shell id -u)),,fakeroot)

format: ## Formats the Swift sources in place
	@scripts/install-dependencies build
	$(SWIFT) format --in-place --recursive --parallel $(FORMATTED)

lint: ## Checks formatting and style: fails on any remark
	@scripts/install-dependencies build
	$(SWIFT) format lint --strict --recursive --parallel $(FORMATTED)

clean: ## Removes everything that was built
	rm -rf .build

deps: ## Installs what all of these need
	@scripts/install-dependencies build demo test deb

install-dependencies: deps
