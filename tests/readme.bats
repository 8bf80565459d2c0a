#!/usr/bin/env bats
# The README: its commands do what it shows, its options are the launcher's, its files are there.

setup() {
    root=$(realpath "$BATS_TEST_DIRNAME/..")
    iopatch=${IOPATCH:-$root/target/release/iopatch}
    library=$(realpath "${IOPATCH_LIB:-$(dirname "$iopatch")/libiopatch.so}")
    unset LD_PRELOAD IOPATCH_WORKERS IOPATCH_STACK_SIZE IOPATCH_PATCH IOPATCH_STATS
}

@test "every command of the README prints what the README says" {
    [ -x /usr/bin/python3 ] || skip "the examples need /usr/bin/python3"
    prefix=$BATS_TEST_TMPDIR/prefix
    install -D "$iopatch" "$prefix/bin/iopatch"
    install -D "$library" "$prefix/lib/libiopatch.so"
    run timeout 100 "$BATS_TEST_DIRNAME/readme.py" "$root/README.md" "$prefix"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "the README's table has every option and variable of --help, and no other" {
    # --no-PART and the parts are one line each in the README; --help and --version speak for themselves.
    "$iopatch" --help | grep -oE -- '--[a-z]+(-[a-z]+)*|IOPATCH_[A-Z_]+' |
        grep -vE -- '^--(help|version|markdown|json|no-.*)$' | sort -u >"$BATS_TEST_TMPDIR/help"
    sed -n '/^## Options/,/^## Building/p' "$root/README.md" | grep '^|' |
        grep -oE -- '--[a-z]+(-[a-z]+)*|IOPATCH_[A-Z_]+' | grep -vE -- '^---*$|^--no$' | sort -u >"$BATS_TEST_TMPDIR/readme"
    diff "$BATS_TEST_TMPDIR/help" "$BATS_TEST_TMPDIR/readme"
}

@test "every file that the documents name is there" {
    missing=$(grep -ohP '(?<!target/)\b(docs|tests|bench|demo-c|preload|runtime)/[A-Za-z0-9_./-]*[A-Za-z0-9_]' \
        "$root"/{README,CHANGELOG,CONTRIBUTING,docs/DESIGN,docs/HACKING,tests/README}.md | sort -u |
        while read -r file; do [ -e "$root/$file" ] || echo "$file"; done)
    echo "$missing"
    [ -z "$missing" ]
}
