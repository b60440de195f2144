#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# strace -f follows a spawned program, and is in nobody's way. TAP. Runs as root on the patched
# kernel, in the top directory; selftests/host/strace.t boots a guest for it.
#
# Of the program's start strace sees the end only, since no system call has led to it. It says so:
# "Stray PTRACE_EVENT_EXEC ..., trying to recover", and it does.
# shellcheck disable=SC2317  # the conditions are called through expect
set -euo pipefail
. selftests/host/tap.sh

spawn_bpf=$PWD/build/user/loader/spawn-bpf
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/log

# trace STATUS COMMAND...: under strace, it ends with that status
trace() {
	local wanted=$1 status=0
	shift
	timeout 120 strace -f -o "$log" "$@" >"$work/out" 2>"$work/err" || status=$?
	[ "$status" = "$wanted" ] || { echo "status $status"; cat "$work/out" "$work/err"; return 1; }
}

program_is_followed_to_its_end() {
	local child
	trace 7 "$spawn_bpf" run sh -c 'echo hello; exit 7' || return 1
	grep -qx hello "$work/out" || return 1
	# "<unfinished ...>" follows if a system call of the submitter ends meanwhile
	child=$(sed -n 's/^\([0-9]*\) *write(1, "hello\\n", 6.*/\1/p' "$log")
	[ -n "$child" ] && grep -q "^$child *+++ exited with 7 +++" "$log"
}

# The submitter's own lines name another process.
two_processes() {
	[ "$(cut -d' ' -f1 "$log" | sort -u | wc -l)" = 2 ] && [ "$(grep -c '+++ exited' "$log")" = 2 ]
}

child_is_not_the_submitter() {
	trace 0 "$spawn_bpf" run true && two_processes
}

task_that_never_execs_is_followed() {
	trace 127 "$spawn_bpf" run no-such-program && two_processes
}

grandchildren_are_followed() {
	trace 0 "$spawn_bpf" run sh -c 'sh -c "echo one"; echo two' &&
		grep -q 'write(1, "one' "$log" && grep -q 'write(1, "two' "$log"
}

killed_program_is_told() {
	# shellcheck disable=SC2016
	trace 137 "$spawn_bpf" run sh -c 'kill -9 $$' && grep -q '+++ killed by SIGKILL +++' "$log"
}

# Tests of chains in all forms do not mind that somebody looks on.
chains_go_as_they_do_alone() {
	trace 0 build/user/selftests/links || { grep '^not ok' "$work/out"; return 1; }
}

if ! command -v strace >/dev/null; then
	skip strace "there is no strace on this machine"
	done_testing
fi
for test in program_is_followed_to_its_end child_is_not_the_submitter \
	task_that_never_execs_is_followed grandchildren_are_followed killed_program_is_told \
	chains_go_as_they_do_alone; do
	expect "$test" "$test"
done
done_testing
