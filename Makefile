# sharelog: `make help` lists what can be asked for.
#
# MODE=release|debug|asan|tsan builds in a folder of its own, build/MODE.

MODE ?= release
# How many compilers, linters and test programs run at a time.
JOBS ?= $(shell nproc)
# V=1 shows the commands.
V ?= 0
quiet = $(if $(filter 0,$(V)),@echo '  $(1) $@';,)
ifeq ($(origin CC),default)
CC := gcc
endif
BUILD := build/$(MODE)
PREFIX ?= /usr/local

# ---- what it is made of: a new .c file needs no line here ----
CORE_SRC := $(wildcard core/*.c core/*/*.c)
HTTP_SRC := $(wildcard http/*.c http/*/*.c http/*/*/*.c)
TOOLS_SRC := $(wildcard tools/*.c tools/*/*.c)
ASSETS := $(wildcard http/assets/*.css http/assets/*.js http/assets/*.svg)
HIGHLIGHT := /usr/share/javascript/highlight.js/highlight.min.js
SUPPORT_SRC := $(wildcard tests/support/*.c)
UNIT_SRC := $(wildcard tests/unit/*/*.c)
API_SRC := $(wildcard tests/api/*.c)
CRASH_SRC := $(wildcard tests/crash/*.c)
BENCH_SRC := $(wildcard bench/*.c)
SUITE_SRC := $(wildcard bench/suite/*.c)
FUZZ_SRC := $(wildcard tests/fuzz/*.c)

PACKAGES := gcc libc6-dev make librocksdb-dev libmsgpack-dev libcivetweb-dev libssl-dev zlib1g-dev \
	liblz4-dev libzstd-dev libcurl4-openssl-dev libcmark-gfm-dev libcmark-gfm-extensions-dev libgit2-dev \
	gzip zstd libjs-highlight.js
TEST_PACKAGES := libcmocka-dev libjson-c-dev libyajl-dev
BENCH_PACKAGES := gnuplot-nox
NEIGHBOUR_PACKAGES := redis-server nats-server wrk curl
DOC_PACKAGES := scdoc
CHECK_DOC_PACKAGES := curl jq
LINT_PACKAGES := perl-base clang clang-format clang-tidy cppcheck libclang-rt-dev

# msgpack-c's library has another name from Debian 13 on. Looked up when something is linked: `make
# deps all` begins without it.
MSGPACK = $(if $(filter /%,$(shell $(CC) -print-file-name=libmsgpack-c.so)),-lmsgpack-c,-lmsgpackc)
LIBS = -lcmark-gfm-extensions -lcmark-gfm -lgit2 -lrocksdb $(MSGPACK) -lcivetweb -lcrypto -lz -llz4 -lzstd -lcurl -lpthread
TEST_LIBS = $(LIBS) -lcmocka -ljson-c -lyajl

# Warnings never end a build: another compiler than ours may know new ones. What a compiler said of
# X.c is kept beside X.o, in X.warn, and the tests fail when there is anything (`make warnings`).
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wpointer-arith -Wwrite-strings -Wvla -Wundef -Wformat=2 -Wno-format-nonliteral \
	-Wconversion -Wsign-conversion -Wcast-qual -Werror=implicit
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection
CFLAGS_debug := -Og -g3
CFLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_tsan := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
LDFLAGS_release := -Wl,-z,relro,-z,now,-z,noexecstack
LDFLAGS_asan := -fsanitize=address,undefined
LDFLAGS_tsan := -fsanitize=thread
ifeq ($(filter $(MODE),release debug asan tsan),)
$(error MODE is release, debug, asan or tsan, not '$(MODE)')
endif

VERSION := 0.1.0
ALL_CFLAGS := -std=c17 -D_GNU_SOURCE -DSL_VERSION='"$(VERSION)"' -I. -pthread -fPIE $(WARN) $(CFLAGS_$(MODE)) $(CFLAGS)
ALL_LDFLAGS := -pie -pthread -Wl,--as-needed $(LDFLAGS_$(MODE)) $(LDFLAGS)

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))
CORE_LIB := $(BUILD)/libcore.a
HTTP_LIB := $(BUILD)/libhttp.a
BIN := $(BUILD)/sharelog
TEST_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(UNIT_SRC) $(API_SRC) $(CRASH_SRC))

.DEFAULT_GOAL := help
.PHONY: help deps deps-test deps-lint deps-bench deps-neighbours deps-browser deps-node all tests everything run \
	demo install clean bench bench-quick bench-full bench-neighbours bench-json bench-pages test test-full test-suite \
	test-client test-verifier test-browser lint warnings rooms walls gates format format-check clang tidy cppcheck
.SECONDARY:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo "  MODE=release|debug|asan|tsan picks the build (now: $(MODE)); PREFIX=$(PREFIX) is where install puts it; V=1 shows the commands"

# Install what is missing of $(1) with apt-get, as root or through sudo; silent and offline when nothing is.
define apt_install
	@missing=""; for p in $(1); do dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	[ -z "$$missing" ] || { \
	  as=""; [ "$$(id -u)" = 0 ] || as=sudo; \
	  echo "installing from Debian:$$missing"; \
	  $$as apt-get update -qq && $$as env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq --no-install-recommends $$missing >/dev/null || { \
	      echo "that did not work; as root: apt-get install$$missing" >&2; exit 1; }; }
endef

deps: ## install the Debian packages that a build needs
	$(call apt_install,$(PACKAGES))

deps-test: ## … and those that the suite needs
	$(call apt_install,$(PACKAGES) $(TEST_PACKAGES))

deps-lint: ## … and the linters'
	$(call apt_install,$(PACKAGES) $(TEST_PACKAGES) $(LINT_PACKAGES))

deps-node: ## … Node.js with npm, unless one is here already, from wherever
	@command -v node >/dev/null && command -v npm >/dev/null || $(MAKE) --no-print-directory deps-node-debian

.PHONY: deps-node-debian
deps-node-debian:
	$(call apt_install,nodejs npm)

deps-browser: deps-node ## … Chromium
	$(call apt_install,chromium)

deps-bench: ## … what draws the benchmarks' plots
	$(call apt_install,$(BENCH_PACKAGES))

deps-neighbours: ## … the servers that sharelog is measured beside
	$(call apt_install,$(NEIGHBOUR_PACKAGES))

all: $(BIN) ## build build/MODE/sharelog

tests: $(BIN) $(TEST_BIN) $(BUILD)/bench/bench ## build the test programs too

# Everything that is compiled and linked: all objects, all programs.
EVERYTHING_SRC := $(CORE_SRC) $(HTTP_SRC) $(TOOLS_SRC) $(SUPPORT_SRC) $(UNIT_SRC) $(API_SRC) $(CRASH_SRC) \
	$(BENCH_SRC) $(SUITE_SRC) $(FUZZ_SRC)
everything: tests $(patsubst bench/%.c,$(BUILD)/bench/%,$(BENCH_SRC)) $(call obj,$(EVERYTHING_SRC)) ## build all that there is

define compile
	$(call quiet,CC)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $< 2>$(@:.o=.warn) || { cat $(@:.o=.warn) >&2; exit 1; }
	@cat $(@:.o=.warn) >&2
endef

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(compile)

$(CORE_LIB): $(call obj,$(CORE_SRC))
	@rm -f $@ && ar rcs $@ $^

# What pages load, made a part of the binary.
$(BUILD)/http/assets.c: http/assets/embed $(ASSETS) $(HIGHLIGHT)
	@mkdir -p $(@D)
	$(call quiet,EMBED)http/assets/embed $(basename $@) $(HIGHLIGHT) $(ASSETS)

$(BUILD)/http/assets.o: $(BUILD)/http/assets.c Makefile
	$(compile)

$(HTTP_LIB): $(call obj,$(HTTP_SRC)) $(BUILD)/http/assets.o
	@rm -f $@ && ar rcs $@ $^

$(BIN): $(call obj,$(TOOLS_SRC)) $(HTTP_LIB) $(CORE_LIB)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# tests/support/alloc_fault.c stands before malloc and its kin
TEST_WRAP := -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc
$(BUILD)/tests/%: $(BUILD)/tests/%.o $(call obj,$(SUPPORT_SRC)) $(HTTP_LIB) $(CORE_LIB)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) $(TEST_WRAP) -o $@ $^ $(TEST_LIBS)

run: deps ## build what is missing and serve on http://127.0.0.1:8787
	@$(MAKE) --no-print-directory -s all MODE=$(MODE)
	@exec $(BIN) serve

# ---- benchmarks ----

$(BUILD)/bench/%: $(BUILD)/bench/%.o $(CORE_LIB)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) -lyajl

$(BUILD)/bench/session_gen: $(BUILD)/bench/suite/session.o

# One program of many parts; RocksDB, CivetWeb and OpenSSL are also measured by themselves.
$(BUILD)/bench/bench: $(call obj,$(SUITE_SRC)) $(HTTP_LIB) $(CORE_LIB)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) -lm

BENCH = $(BUILD)/bench/bench --sharelog $(BIN) --captures tests/captures
bench: deps deps-bench all ## every part of the suite once, about ten minutes (BENCH_ARGS: parts and flags)
	@$(MAKE) --no-print-directory -s $(BUILD)/bench/bench
	$(BENCH) $(BENCH_ARGS)

bench-quick: deps deps-bench all ## the suite in about a minute: does it work, roughly how fast
	@$(MAKE) --no-print-directory -s $(BUILD)/bench/bench
	$(BENCH) --quick $(BENCH_ARGS)

bench-full: deps deps-bench deps-neighbours all ## medians of five and the large stores: fills the table of goals
	@$(MAKE) --no-print-directory -s $(BUILD)/bench/bench
	$(BENCH) --full $(BENCH_ARGS)

bench-neighbours: deps deps-bench deps-neighbours all ## the same bytes into redis and NATS JetStream; wrk's opinion
	@$(MAKE) --no-print-directory -s $(BUILD)/bench/bench
	$(BENCH) neighbours wrk --rounds 3 $(BENCH_ARGS)

bench-pages: deps all $(BUILD)/bench/session_gen ## what a page costs: first byte, whole and memory, up to 20,000 parts
	bench/pages $(BIN) $(BUILD)/bench/session_gen

demo: deps ## a server with the recorded sessions in it, ready to click (LISTEN=HOST:PORT)
	@$(MAKE) --no-print-directory -s all MODE=$(MODE)
	@exec bench/demo/run $(BIN)

bench-json: deps-test ## JSON scanning against yajl
	@$(MAKE) --no-print-directory -s $(BUILD)/bench/json_bench
	$(BUILD)/bench/json_bench

# ---- tests: tests/README.md ----

# SUB is make once more, for one of several phases. make hands its job slots on only to a line that names
# $(MAKE) itself or begins with +, so each line with SUB begins with +. SUB_JOBS runs as many jobs at a time
# as the make that calls it was told by -j, or else $(JOBS).
SUB = $(MAKE) --no-print-directory
SUB_JOBS = $(SUB) $(if $(findstring --jobserver,$(MAKEFLAGS)),,-j$(JOBS))

test: deps-lint deps-browser deps-check-docs ## all that a change needs: linters, documents, the suite twice, verifier, browser (25 minutes)
	+tests/phases \
	  'lint: $(SUB) lint' \
	  'build: $(SUB_JOBS) tests MODE=release' \
	  'docs: $(SUB) check-docs MODE=release' \
	  'suite: $(SUB) test-suite MODE=release' \
	  'verifier: $(SUB) test-verifier MODE=release' \
	  'browser: $(SUB) test-browser MODE=release' \
	  'build under sanitizers: $(SUB_JOBS) tests MODE=asan' \
	  'suite under sanitizers: $(SUB) test-suite MODE=asan'

test-full: deps-test deps-browser ## more rounds of the suite, the thread sanitizer, the real client (hours)
	+tests/phases \
	  'build: $(SUB_JOBS) tests MODE=release' \
	  'suite, ten times the rounds: SL_TEST_ROUNDS=10 $(SUB) test-suite MODE=release' \
	  'client: $(SUB) test-client MODE=release' \
	  'build under sanitizers: $(SUB_JOBS) tests MODE=asan' \
	  'suite under sanitizers, three times the rounds: SL_TEST_ROUNDS=3 $(SUB) test-suite MODE=asan' \
	  'build under the thread sanitizer: $(SUB_JOBS) tests MODE=tsan' \
	  'suite under the thread sanitizer: $(SUB) test-suite MODE=tsan'

test-suite: tests ## unit, API and crash tests of one build
	JOBS=$(JOBS) tests/run $(BUILD)

test-verifier: deps deps-node all ## hold the log, proofs and bundles against a verifier in JavaScript that shares no code
	tests/verifier/run $(BIN)

test-browser: deps deps-browser all ## drive the pages in Debian's Chromium by playwright-core from npm
	tests/browser/run $(BIN)

test-client: deps deps-node all ## install opencode-ai from npm and drive the real client against this server, offline
	tests/client/run $(BIN)

# ---- what the text and the build must keep to, cheapest first ----

lint: deps-lint ## formatting, walls, rooms, warnings of gcc and clang, clang-tidy, cppcheck
	+@$(SUB) format-check walls gates
	+@$(SUB_JOBS) everything
	+@$(SUB) warnings rooms ROOMS=-q
	+@$(SUB_JOBS) -k --output-sync=target clang cppcheck
	+@$(SUB_JOBS) -k --output-sync=target tidy

# What clang-format, clang-tidy and cppcheck find changes with their versions. The tree is held against
# those of Debian 12; another version is passed over, and the output says so.
CLANG_FORMAT ?= clang-format
CLANG_TIDY ?= clang-tidy
CPPCHECK ?= cppcheck
judge = $(if $(findstring $(2),$(shell $(1) --version 2>&1)),,$(info $(1) is passed over: it is not $(2))skip)
FORMAT_VERSION := version 14.
TIDY_VERSION := version 14.
CPPCHECK_VERSION := Cppcheck 2.10

FORMATTED = $(shell find core http tools bench tests -name '*.[ch]')
format: ## put every source file into the house format
	$(CLANG_FORMAT) -i $(FORMATTED)

format-check: ## is every source file in the house format?
	@$(if $(call judge,$(CLANG_FORMAT),$(FORMAT_VERSION)),true,$(CLANG_FORMAT) --dry-run --Werror $(FORMATTED))

walls: ## does every file include only what it may? (tests/walls says what else it looks at)
	@tests/walls

gates: ## do the gates find what they are for?
	@tests/gates/selftest

rooms: everything ## print how the rooms hang together; an arrow upwards or a circle of files is an error
	@tests/rooms $(ROOMS) $(BUILD)

warnings: everything ## did the compiler warn of anything?
	@warned="$$(find $(patsubst %.o,%.warn,$(call obj,$(EVERYTHING_SRC))) -size +0)"; \
	[ -z "$$warned" ] || { cat $$warned >&2; echo "$(CC) warns: $$warned" >&2; exit 1; }

# A stamp for each file, made anew when it or a header changes.
LINT := build/lint
CLANG ?= clang
clang: $(patsubst %.c,$(LINT)/%.clang,$(EVERYTHING_SRC)) ## clang's warnings
$(LINT)/%.clang: %.c Makefile
	@mkdir -p $(@D)
	$(call quiet,CLANG)$(CLANG) $(ALL_CFLAGS) -Werror -fsyntax-only -MMD -MP -MF $(LINT)/$*.d -MT $@ $<
	@touch $@

# A run for each file: in one run for all, clang-tidy 14 takes every va_list for uninitialised.
TIDY_SRC := $(CORE_SRC) $(HTTP_SRC) $(TOOLS_SRC) $(BENCH_SRC) $(SUITE_SRC)
TIDY_STAMPS = $(if $(call judge,$(CLANG_TIDY),$(TIDY_VERSION)),,$(patsubst %.c,$(LINT)/%.tidy,$(TIDY_SRC)))
tidy: ## clang-tidy (.clang-tidy says what it looks for)
	+@$(SUB) -k $(TIDY_STAMPS) tidy-done
.PHONY: tidy-done
tidy-done: ; @:
$(LINT)/%.tidy: %.c $(LINT)/%.clang .clang-tidy
	$(call quiet,TIDY)$(CLANG_TIDY) --quiet --warnings-as-errors='*' $< -- $(ALL_CFLAGS) 2>$@.said || { cat $@.said; exit 1; }
	@touch $@

cppcheck: ## cppcheck
	+@$(if $(call judge,$(CPPCHECK),$(CPPCHECK_VERSION)),true,$(SUB) $(LINT)/cppcheck.stamp)
$(LINT)/cppcheck.stamp: $(shell find core http tools bench -name '*.[ch]') Makefile
	@mkdir -p $(LINT)/cppcheck.d
	$(call quiet,CPPCHECK)$(CPPCHECK) --quiet --std=c11 --enable=warning,portability,performance --error-exitcode=1 --inline-suppr \
	  --suppress=missingIncludeSystem --cppcheck-build-dir=$(LINT)/cppcheck.d -j$(JOBS) -I. core http tools bench
	@touch $@

clean: ## remove build/
	rm -rf build

# ---- manual pages, and the installed program ----

.PHONY: docs check-docs deps-docs deps-check-docs

deps-docs:
	$(call apt_install,$(PACKAGES) $(DOC_PACKAGES))

deps-check-docs:
	$(call apt_install,$(PACKAGES) $(DOC_PACKAGES) $(CHECK_DOC_PACKAGES))

docs: deps-docs ## the manual pages, in build/$(MODE)/man
	@$(MAKE) --no-print-directory -s all MODE=$(MODE)
	@tools/man/make_pages $(BIN) $(BUILD)/man

check-docs: deps-check-docs docs ## run what the manual pages and README show, and hold their options against the program's
	tests/docs/run $(BIN) $(BUILD)/man

install: docs ## install the binary and the manual pages under PREFIX
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/sharelog
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man7
	install -m 644 $(BUILD)/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(BUILD)/man/*.7 $(DESTDIR)$(PREFIX)/share/man/man7

-include $(shell find $(BUILD) $(LINT) -name '*.d' -type f 2>/dev/null)
