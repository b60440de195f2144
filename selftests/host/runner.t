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
done_testing
