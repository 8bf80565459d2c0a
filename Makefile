# Everything that is done with this tree. `make` builds; `make test` runs every test on a fresh machine.

PREFIX ?= /usr/local
CC ?= cc

PROGRAM_FLAGS := -O2 -Wall -Wextra -Werror -pthread
DEMOS := $(patsubst demo-c/%.c,target/demo/%,$(wildcard demo-c/*.c)) target/demo/epoll_echo target/demo/micro

.DELETE_ON_ERROR:
.PHONY: all build programs update doc demo test bench stress torture matrix miri check install uninstall clean

all: build

build:
	cargo build --release --workspace

programs: $(DEMOS)

target/demo/%: demo-c/%.c demo-c/net.h
	@mkdir -p $(@D)
	$(CC) $(PROGRAM_FLAGS) $< -o $@

target/demo/%: bench/c/%.c demo-c/net.h
	@mkdir -p $(@D)
	$(CC) $(PROGRAM_FLAGS) $< -o $@

# What is derived from the table and kept in the tree.
update: build
	target/release/iopatch list --markdown >docs/COVERAGE.md

# The documentation of the code, private items included: target/doc/iopatch/index.html.
doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --workspace --document-private-items

# One server, natively and under iopatch, against the same 2,000 connections.
demo: build programs
	@target/release/iopatch-bench demo

# Every figure of docs/BENCHMARKS.md, measured again.
bench: build programs
	target/release/iopatch-bench measure --markdown docs/BENCHMARKS.md

# Every test; installs what the tests need where it may. The last line is the sum.
test:
	@tests/all

# The long runs: TIMES=200 of each stress, with 1, 2 and 4 workers.
stress: build programs
	@tests/stress

# The whole of tests/c ten times, in random order, while other processes burn the CPUs.
torture: build
	@tests/torture

# Every call that takes a descriptor on every kind of descriptor, and every setting of a thread's own: as natively.
matrix: build
	@tests/matrix/run

# The runtime's unit tests under an interpreter that knows what Rust calls undefined.
miri:
	@tests/miri

# What must hold before a change goes in: formatting, lints, documentation, then every test.
check:
	@.ci/run

install: build
	install -D -m 755 target/release/iopatch $(DESTDIR)$(PREFIX)/bin/iopatch
	install -D -m 644 target/release/libiopatch.so $(DESTDIR)$(PREFIX)/lib/libiopatch.so

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/iopatch $(DESTDIR)$(PREFIX)/lib/libiopatch.so

clean:
	cargo clean
