#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# What needs no kernel: policies as ordinary C, against the fakes of selftests/native, and the loader's
# pure parts, under ASan and UBSan. A subtest for each program; names as arguments run only those.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit

out=build/user/selftests/native
if ! log=$(make -s -C selftests/native 2>&1); then
	echo "1..1"
	echo "not ok 1 - native_tests_build"
	echo "# ${log//$'\n'/$'\n'# }"
	exit 1
fi

programs=("$@")
[ $# -gt 0 ] || mapfile -t programs < <(cd selftests/native && printf '%s\n' test_*.c | sed 's/\.c$//')

nr=0
failed=0
for program in "${programs[@]}"; do
	nr=$((nr + 1))
	verdict=ok
	echo "# Subtest: $program"
	"$out/$program" 2>&1 | sed 's/^/    /' || verdict="not ok"
	echo "$verdict $nr - $program"
	[ "$verdict" = ok ] || failed=1
done
echo "1..$nr"
exit "$failed"
