#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# The runner in the guest: does it see every way in which a test can fail?
set -uo pipefail
cd "$(dirname "$0")/../.." || exit

tap=$(selftests/vm/guest --timeout 120 -- \
	/spawn/selftests/guest/runner /spawn/selftests/targets/bad_tests)
status=$?
number=0

expect() {
	number=$((number + 1))
	if grep -qE "$2" <<<"$tap"; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		printf '%s\n' "$tap" | awk '{ print "# " $0 }'
	fi
}

echo 1..11
expect good_test_passes '^ok 1 global\.good_one$'
expect skip_has_its_reason '^ok 2 global\.skipped_one # SKIP on purpose$'
expect failure_fails '^not ok 3 global\.failing_one$'
expect crash_fails '^not ok 4 global\.crashing_one$'
expect kernel_warning_fails '^not ok 5 global\.one_with_a_warning_in_the_kernel_log$'
expect kernel_warning_is_printed '^# +kernel: WARNING: CPU: 0'
expect lockdep_report_fails '^not ok 6 '
expect bug_in_a_skipped_test_fails '^not ok 7 '
expect process_left_behind_fails '^not ok 8 '
expect next_test_is_unharmed '^ok 9 global\.good_one_after_the_bad_ones$'
number=$((number + 1))
if [ "$status" = 1 ]; then
	echo "ok $number - status_is_1"
else
	echo "not ok $number - status_is_1"
	echo "# it is $status"
fi
