# SPDX-License-Identifier: GPL-3.0-or-later
# Everything to do with a checkout. Targets that build or test, other than check, first install the Debian packages that
# they need and this machine lacks, with sudo only when not root, and report it.
#
# Everything is built once, in release with testable modules, so that build, demo and test share their objects. The
# tests are built by 'swift build', because 'swift test' builds with other flags, and so everything again.
#
# Variables: JOBS (compilers at once), SWIFT (the toolchain's driver), FILTER (which tests), ARGUMENTS (see demo),
# DESTDIR and PREFIX (where install puts things; single folders can be set too, see there).

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help build demo check test bench bench-train soak stage install deb image format lint clean deps install-dependencies

SWIFT ?= swift
JOBS ?= $(shell scripts/jobs)
# Without colours, which are a flag of each compiler: a build in a terminal would share nothing with one elsewhere.
SWIFT_FLAGS := -c release -Xswiftc -enable-testing --no-color-diagnostics --jobs $(JOBS)
FORMATTED := Package.swift Sources Tests

# Where a test crashes: otherwise Swift spends minutes on the threads and libraries that have nothing to do with it.
export SWIFT_BACKTRACE ?= enable=yes,threads=crashed,images=none,registers=none

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z -]+:.*## / { printf "  make %-22s %s\n", $$1, $$2 }' Makefile

build: ## Build genred, genrectl, genred-outlet, genred-station and genrelab into .build/release
	@scripts/install-dependencies build
	$(SWIFT) build $(SWIFT_FLAGS)

demo: ## Play two minutes of music to genred and show what it detects (ARGUMENTS="--help" for options)
	@scripts/install-dependencies build demo
	$(SWIFT) build $(SWIFT_FLAGS)
	@scripts/demo $(ARGUMENTS)

# Tests that need no server, no root and no other program, and are done in seconds.
QUICK_TRAINING := ClassificationMetrics|Gradient|Npy|Sampling|StreamMetrics|StyleMixer|TextFile
QUICK_OUTLETS := WebParts
QUICK := ^(Basics|Model|Streaming|ControlProtocol|Control)Tests|^TrainingTests\.($(QUICK_TRAINING))Tests
QUICK := $(QUICK)|^OutletsTests\.($(QUICK_OUTLETS))Tests

check: ## The inner loop: format, lint and the quick tests; installs nothing
	$(SWIFT) format --in-place --recursive --parallel $(FORMATTED)
	$(SWIFT) format lint --strict --recursive --parallel $(FORMATTED)
	$(SWIFT) build $(SWIFT_FLAGS) --build-tests
	$(SWIFT) test $(SWIFT_FLAGS) --skip-build --filter '$(QUICK)'

# Tests that only compute, and those that step through the audio path to count locks. They run first, because they would
# hold up tests that measure what happens in time.
COMPUTING := ^(Basics|Training|Model|Streaming|Programme)Tests|AllocationTests/

# Tests of sound servers, and others that wait for the clock most of the time.
RECORDING := ^CaptureTests.*SoundServerTests
WAITING := Agreement|Rest SoundServer Station|Suspension
waiting = ^EndToEndTests.*/($(1))Tests/

test: ## Run the tests (FILTER=ProgrammeTests for some of them)
ifdef FILTER
	@scripts/install-dependencies build $$(scripts/tests-matching '$(FILTER)')
	$(SWIFT) build $(SWIFT_FLAGS) --build-tests
	@if scripts/tests-matching '$(FILTER)' | grep -q ServiceTests; then $(MAKE) deb; fi
	$(SWIFT) test $(SWIFT_FLAGS) --skip-build --filter '$(FILTER)'
else
	@scripts/install-dependencies build test deb image
	$(SWIFT) build $(SWIFT_FLAGS) --build-tests
	@# ServiceTests install the package on a machine of their own.
	@$(MAKE) deb
	$(SWIFT) test $(SWIFT_FLAGS) --skip-build --filter '$(COMPUTING)'
	@# All at once, some would wait for a processor longer than for what they test.
	scripts/test-together "16 --skip $(COMPUTING)|$(RECORDING)|^(Outlets|Station|EndToEnd|Service)Tests"
	@# The real programs in real time come last, when nothing else runs, and few at a time: each runs programs that take a
	@# processor for themselves.
	scripts/test-together '4 --filter ^OutletsTests' '2 --filter ^StationTests' '1 --filter $(RECORDING)'
	scripts/test-together '1 --filter ^EndToEndTests $(foreach each,$(WAITING),--skip $(call waiting,$(each)))' \
	    $(foreach each,$(WAITING),'1 --filter $(call waiting,$(each))')
	$(SWIFT) test $(SWIFT_FLAGS) --skip-build --filter ServiceTests
endif

bench: ## Measure what listening costs, beside what people use instead (ARGUMENTS="--help" for options)
	@scripts/install-dependencies build demo test
	$(SWIFT) build $(SWIFT_FLAGS)
	@scripts/bench $(ARGUMENTS)

bench-train: ## Measure one training step, beside the same network in PyTorch
	@scripts/install-dependencies build demo test
	$(SWIFT) build $(SWIFT_FLAGS)
	@scripts/bench-train

soak: ## Count every frame of a day fed to pipes (HOURS, SOURCES), or hear stations for two hours (STATIONS=yes)
	@scripts/install-dependencies build demo $(if $(STATIONS),StationTests,test)
	$(SWIFT) build $(SWIFT_FLAGS)
	@$(if $(STATIONS),scripts/soak-stations $(or $(HOURS),2),scripts/soak $(or $(HOURS),24) $(or $(SOURCES),4))

stage: ## Build what install and deb package: programs, libraries with Swift's runtime, manuals, completions
	@scripts/install-dependencies build
	$(SWIFT) build $(SWIFT_FLAGS)
	@SWIFT=$(SWIFT) scripts/stage

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
installed = $(DESTDIR)$(PREFIX)
# Units refer to the programs by absolute path.
install_unit = install -d $(dir $(2)) && sed 's|/usr/bin/|$(PREFIX)/bin/|' systemd/$(1) >$(2) && chmod 644 $(2)

# Staged first if there is a compiler. Where root has none: 'make stage && sudo make install'.
install: $(if $(shell command -v $(SWIFT)),stage) ## Install everything (DESTDIR, PREFIX=/usr/local)
	@[[ -e .build/stage/done ]] || { echo "Not built yet. Run 'make stage' as a user who has Swift." >&2; exit 1; }
	install -D -t $(installed)/bin .build/stage/bin/*
	install -D -m 644 -t $(installed)/lib/genred .build/stage/lib/genred/*
	install -D -m 644 -t $(installed)/share/genred Sources/Model/Resources/default.safetensors config/genred.schema.json \
	    config/station.conf
	install -D -m 644 -t $(installed)/share/genred/monitoring monitoring/*
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
	for outlet in mqtt web hook; do \
	    $(call install_unit,genred-outlet-$$outlet.service,$(DESTDIR)$(UNITDIR)/genred-outlet-$$outlet.service) || exit; done
	$(call install_unit,genred-station@.service,$(DESTDIR)$(UNITDIR)/genred-station@.service)
	install -D -m 644 -t $(DESTDIR)$(UNITDIR) systemd/genred.socket systemd/genred@.socket systemd/genred-outlet-web.socket
	@# Older versions of systemd would warn about unknown keys.
	if [[ $$(systemctl --version 2>/dev/null | awk 'NR == 1 { print $$2 }') -ge 254 ]]; then \
	    for unit in genred.service genred@.service genred-station@.service genred-outlet-{mqtt,web,hook}.service; do \
	        install -D -m 644 -t $(DESTDIR)$(UNITDIR)/$$unit.d systemd/restart-backoff.conf || exit; done; fi
	install -D -m 644 systemd/sysusers.conf $(installed)/lib/sysusers.d/genred.conf
	install -D -m 644 systemd/tmpfiles.conf $(installed)/lib/tmpfiles.d/genred.conf
	@# An existing configuration is kept.
	install -d $(DESTDIR)$(SYSCONFDIR)/genred/stations
	for file in genred.yaml hooks.yaml outlet-mqtt.conf; do \
	    [[ -e $(DESTDIR)$(SYSCONFDIR)/genred/$$file ]] || \
	        sed 's|/usr/share/|$(PREFIX)/share/|' config/$$file >$(DESTDIR)$(SYSCONFDIR)/genred/$$file || exit; done

deb: stage ## Build a Debian package, genred_VERSION_ARCHITECTURE.deb, and check it with lintian
	@scripts/install-dependencies deb
	@# debhelper would take the leftovers of an earlier run for finished steps.
	rm -rf genred_*.deb debian/genred debian/.debhelper debian/debhelper-build-stamp debian/files debian/*.substvars \
	    debian/*.debhelper
	$(as_root) debian/rules binary
	lintian --fail-on error --info genred_*.deb

image: deb ## Build a container image of the Debian package (STATION=yes also builds that of stations, with ffmpeg)
	@scripts/install-dependencies image
	@scripts/image genred
	$(if $(STATION),@scripts/image genred-station)

# Files in a package must belong to root.
as_root := $(if $(filter 0,$(shell id -u)),,fakeroot)

format: ## Format the Swift sources in place
	@scripts/install-dependencies build
	$(SWIFT) format --in-place --recursive --parallel $(FORMATTED)

lint: ## Check formatting and style; any finding is an error
	@scripts/install-dependencies build
	$(SWIFT) format lint --strict --recursive --parallel $(FORMATTED)

clean: ## Remove everything that was built
	rm -rf .build

deps: ## Install what all of these need
	@scripts/install-dependencies build demo deb image test

install-dependencies: deps
