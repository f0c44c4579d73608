# sharelog: `make help` lists what can be asked for.
#
# MODE=release|debug|asan|tsan builds in a folder of its own, build/$(MODE).

MODE ?= release
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

PACKAGES := gcc make librocksdb-dev libmsgpack-dev libcivetweb-dev libssl-dev zlib1g-dev \
	libzstd-dev libcurl4-openssl-dev libcmark-gfm-dev libcmark-gfm-extensions-dev libgit2-dev \
	gzip zstd libjs-highlight.js
TEST_PACKAGES := libcmocka-dev libjson-c-dev libyajl-dev
BENCH_PACKAGES := gnuplot-nox
NEIGHBOUR_PACKAGES := redis-server nats-server wrk curl
LINT_PACKAGES := git clang clang-format clang-tidy cppcheck libclang-rt-14-dev

LIBS := -lcmark-gfm-extensions -lcmark-gfm -lgit2 -lrocksdb -lmsgpackc -lcivetweb -lcrypto -lz -lzstd -lcurl -lpthread
TEST_LIBS := $(LIBS) -lcmocka -ljson-c -lyajl

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wpointer-arith -Wwrite-strings -Wvla -Wundef -Wformat=2 -Wno-format-nonliteral -Werror
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
.PHONY: bench bench-quick bench-full bench-neighbours deps-neighbours bench-json bench-pages demo help deps deps-test deps-bench deps-verifier deps-lint all tests run test test-full test-suite test-client test-verifier test-browser lint everything format tidy \
	clean install
.SECONDARY:

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'
	@echo "  MODE=release|debug|asan|tsan picks the build (now: $(MODE)); PREFIX=$(PREFIX) is where install puts it"

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

deps-test:
	$(call apt_install,$(PACKAGES) $(TEST_PACKAGES))

deps-bench:
	$(call apt_install,$(BENCH_PACKAGES))

deps-verifier:
	$(call apt_install,nodejs)

deps-neighbours:
	$(call apt_install,$(NEIGHBOUR_PACKAGES))

deps-lint:
	$(call apt_install,$(PACKAGES) $(TEST_PACKAGES) $(LINT_PACKAGES))

all: $(BIN) ## build build/$(MODE)/sharelog

tests: $(BIN) $(TEST_BIN) $(BUILD)/bench/bench ## build the test programs too

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(CORE_LIB): $(call obj,$(CORE_SRC))
	@rm -f $@ && ar rcs $@ $^

# What pages load, made a part of the binary.
$(BUILD)/http/assets.c: http/assets/embed $(ASSETS) $(HIGHLIGHT)
	@mkdir -p $(@D)
	$(call quiet,EMBED)http/assets/embed $(basename $@) $(HIGHLIGHT) $(ASSETS)

$(BUILD)/http/assets.o: $(BUILD)/http/assets.c Makefile
	$(call quiet,CC)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(HTTP_LIB): $(call obj,$(HTTP_SRC)) $(BUILD)/http/assets.o
	@rm -f $@ && ar rcs $@ $^

$(BIN): $(call obj,$(TOOLS_SRC)) $(HTTP_LIB) $(CORE_LIB)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(call obj,$(SUPPORT_SRC)) $(HTTP_LIB) $(CORE_LIB)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(TEST_LIBS)

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

# ---- tests ----

test: deps-test ## all that a change needs: the suite, then again under address and undefined-behaviour sanitizers
	$(MAKE) --no-print-directory test-suite MODE=release
	$(MAKE) --no-print-directory test-suite MODE=asan

test-suite: tests
	tests/run $(BUILD)

test-full: deps-test ## test with more rounds, then under the thread sanitizer too
	SL_TEST_ROUNDS=10 $(MAKE) --no-print-directory test-suite MODE=release
	SL_TEST_ROUNDS=3 $(MAKE) --no-print-directory test-suite MODE=asan
	$(MAKE) --no-print-directory test-suite MODE=tsan

test-client: deps all ## install opencode-ai from npm and drive the real client against this server, offline
	tests/client/run $(BIN)

test-verifier: deps all ## hold the log, proofs and bundles against a verifier in JavaScript that shares no code
	@command -v node >/dev/null || $(MAKE) --no-print-directory deps-verifier
	tests/verifier/run $(BIN)

test-browser: deps all ## drive the pages in Debian's Chromium by playwright-core from npm
	$(call apt_install,chromium)
	tests/browser/run $(BIN)

lint: deps-lint ## clang build with warnings as errors, formatting, walls, clang-tidy, cppcheck
	$(MAKE) --no-print-directory everything CC=clang MODE=debug BUILD=build/clang
	clang-format --dry-run --Werror $$(git ls-files '*.c' '*.h')
	tests/walls
	cppcheck --quiet --std=c11 --enable=warning,portability,performance --error-exitcode=1 --inline-suppr \
	  --suppress=missingIncludeSystem -I. core http tools
	$(MAKE) --no-print-directory tidy

everything: tests $(patsubst bench/%.c,$(BUILD)/bench/%,$(BENCH_SRC)) $(call obj,$(FUZZ_SRC) $(SUITE_SRC))

# A run for each file: in one run for all, clang-tidy 14 takes every va_list for uninitialised.
TIDY := $(addprefix tidy/,$(CORE_SRC) $(HTTP_SRC) $(TOOLS_SRC))
tidy: $(TIDY)
.PHONY: $(TIDY)
$(TIDY): tidy/%: %
	$(call quiet,TIDY)clang-tidy --quiet --warnings-as-errors='*' $< -- $(filter-out -Werror,$(ALL_CFLAGS))

format: ## put every source file into the house format
	clang-format -i $$(git ls-files '*.c' '*.h')

clean: ## remove build/
	rm -rf build

install: all ## install the binary under PREFIX
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/sharelog

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
