#!/usr/bin/env bats
# Another glibc than this machine's: debian13.sh says what it does and needs.

@test "programs run under the glibc of Debian 13" {
    run timeout 280 "$BATS_TEST_DIRNAME/debian13.sh"
    echo "$output"
    [[ "$output" != *"skipped: "* ]] || skip "${output##*skipped: }"
    [ "$status" -eq 0 ]
    [[ "$output" == *" passed, 0 failed" ]]
}
