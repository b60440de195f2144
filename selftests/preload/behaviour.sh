#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# behaviour.sh io_uring|fallback: what programs rely on is with the preload as it is without. TAP.
# The word says who is to serve the calls: io_uring all but those that a case names, or nothing.
set -uo pipefail
. selftests/preload/preload.sh

served_by=${1:?}

# same CASE FALLBACKS
same() {
	local got
	timeout 120 "$tests/behaviour" "$1" >"$work/plain" 2>&1 </dev/null || return 1
	preloaded timeout 120 "$tests/behaviour" "$1" >"$work/preloaded" 2>&1 </dev/null
	if ! diff -U 99 "$work/plain" "$work/preloaded"; then
		cat "$stats"
		return 1
	fi
	got=$(count fallback)
	if [ "$served_by" = fallback ]; then
		[ "$(count io_uring)" = 0 ] && [ "$got" -gt 0 ]
	else
		[ "$got" = "$2" ] && [ $(($(count io_uring) + got)) -gt 0 ]
	fi || { echo "by io_uring $(count io_uring), by fallback $got: $(reasons)"; return 1; }
}

while read -r name fallbacks; do
	expect "$name" same "$name" "$fallbacks"
done < <("$tests/behaviour" --list | sort)
done_testing
