#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# threads.sh SPAWNS: many threads at once under the preload, all served by io_uring. TAP.
# shellcheck disable=SC2317  # the case is called through expect
set -uo pipefail
. selftests/preload/preload.sh

quick=$PWD/build/user/selftests/targets/quick

none_is_lost_none_is_left() {
	preloaded "$tests/threads" "$quick" "$1" || return 1
	cat "$stats"
	count
	[ "$io_uring" = "$1" ] && [ "$fallback" = 0 ]
}

expect none_is_lost_none_is_left none_is_lost_none_is_left "${1:?}"
done_testing
