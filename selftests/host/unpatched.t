#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# spawn-bpf on this machine's own kernel, which has no io_uring spawn: it says so and exits with 2.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. selftests/host/tap.sh

spawn_bpf=build/user/loader/spawn-bpf

# refuses COMMAND...: with one sentence on standard error and nothing else
refuses() {
	local output status
	output=$("$spawn_bpf" "$@" 2>&1 >/dev/full)
	status=$?
	echo "status $status: $output"
	[ "$status" = 2 ] && grep -qE '^spawn-bpf: kernel .* has no .*io_uring spawn: boot one with' <<<"$output"
}

if "$spawn_bpf" features >/dev/null 2>&1; then
	echo "1..0 # SKIP the kernel of this machine is a patched one"
	exit 0
fi
expect features_says_so refuses features
expect run_says_so refuses run /bin/true
expect run_file_says_so refuses run --file /dev/null
expect attach_says_so refuses attach --pid $$ --ring 0 build/user/bpf/stable/busy_retry.bpf.o
expect list_says_so refuses list
expect list_says_so_instead_of_JSON refuses list --json
expect trace_says_so refuses trace
done_testing
