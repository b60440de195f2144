#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# The runner in the guest: does it see every way in which a test can fail?
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. selftests/host/tap.sh

tap=$(selftests/vm/guest --timeout 200 -- \
	/spawn/selftests/guest/runner /spawn/selftests/targets/bad_tests)
status=$?

# says NAME REGEX: a line of the runner's output is like that.
says() {
	grep -qE "$2" <<<"$tap"
	result $? "$1" "$tap"
}

says good_test_passes '^ok 1 global\.good_one$'
says skip_has_its_reason '^ok 2 global\.skipped_one # SKIP on purpose$'
says failure_fails '^not ok 3 global\.failing_one$'
says crash_fails '^not ok 4 global\.crashing_one$'
says kernel_warning_fails '^not ok 5 global\.one_with_a_warning_in_the_kernel_log$'
says kernel_warning_is_printed '^# +kernel: WARNING: CPU: 0'
says lockdep_report_fails '^not ok 6 '
says bug_in_a_skipped_test_fails '^not ok 7 '
says process_left_behind_fails '^not ok 8 '
says next_test_is_unharmed '^ok 9 global\.good_one_after_the_bad_ones$'
expect status_is_1 test "$status" = 1

# What prove sees only as a status is kept as a failed case, with its reason.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/some_kernel"
printf '%s\n' 'echo "1..2"; echo "ok 1 first"; echo "guest: it vanished" >&2; exit 125' >"$dir/dies.t"
RESULTS=$dir/some_kernel mk/prove-one "$dir/dies.t" >"$dir/out" 2>"$dir/err"
status=$?
shown=$(mk/show-failures "$dir/some_kernel")
expect test_that_dies_keeps_its_status test "$status" = 125
expect its_words_are_on_stderr grep -qx 'guest: it vanished' "$dir/err"
expect it_is_a_failed_case grep -qx 'not ok - dies ended with status 125, not by a failed case' \
	"$dir/some_kernel/dies.tap"
grep -qx '# guest: it vanished' <<<"$shown"
result $? its_words_are_shown_at_the_end "$shown"
done_testing
