#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# behaviour.sh io_uring|fallback: what programs rely on is with the preload as it is without. TAP.
# The word says who is to serve the calls: io_uring all but those that a case names, or nothing.
# shellcheck disable=SC2317  # the cases are called through expect
set -uo pipefail
. selftests/preload/preload.sh

served_by=${1:?}

# same CASE FALLBACKS
same() {
	timeout 120 "$tests/behaviour" "$1" >"$work/plain" 2>&1 </dev/null || { cat "$work/plain"; return 1; }
	preloaded timeout 120 "$tests/behaviour" "$1" >"$work/preloaded" 2>&1 </dev/null
	diff -U 99 "$work/plain" "$work/preloaded" || return 1
	cat "$stats"
	count
	if [ "$served_by" = fallback ]; then
		[ "$io_uring" = 0 ] && [ "$fallback" -gt 0 ]
	else
		[ "$fallback" = "$2" ] && [ $((io_uring + fallback)) -gt 0 ]
	fi
}

while read -r name fallbacks; do
	expect "$name" same "$name" "$fallbacks"
done < <("$tests/behaviour" --list | sort)
done_testing
