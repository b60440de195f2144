#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# selftests/vm/guest passes output and status back, and says so when a guest crashes or hangs.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. selftests/host/tap.sh

# Runs a guest; leaves what came out in $out and $err and the status in $status.
guest() {
	selftests/vm/guest "$@" >"$scratch/out" 2>"$scratch/err"
	status=$?
	out=$(<"$scratch/out")
	err=$(<"$scratch/err")
}

# check NAME CONDITION...: judges the last guest.
check() {
	local name=$1
	shift
	"$@"
	result $? "$name" "status $status, stdout '${out:0:400}', stderr '$(tail -c 800 "$scratch/err")'"
}

ended_with() { [ "$status" = "$1" ] && [[ $out$err == *"$2"* ]]; }
printed() { [ "$status" = 0 ] && [ "$out" = "$1" ]; }

# Guests whose command line has our mark.
our_guests() { pgrep -f "qemu-system-x86_64.* mark=$mark( |$)"; }
no_guest_left() {
	for _ in $(seq 50); do
		our_guests >/dev/null || return 0
		sleep 0.1
	done
	return 1
}

statuses() {
	guest -- true
	check command_that_succeeds_0 printed ""
	guest -- false
	check command_that_fails_1 ended_with 1 ""
	guest -- sh -c 'echo "a  b"; echo c >&2; exit 42'
	check output_and_status_come_back ended_with 42 $'a  b\nc'
	guest -- echo "two  words" "quote'" ''
	check arguments_arrive_unchanged printed "two  words quote' "
	guest -- sh -c 'kill -TERM $$'
	check command_killed_by_signal_143 ended_with 143 ""
	guest -- no-such-program
	check missing_program_127 ended_with 127 "cannot run no-such-program"
	guest -- seq 100000
	check long_output_is_complete printed "$(seq 100000)"
	guest -- sh -c 'sleep 1000 & echo started'
	check processes_left_behind_are_ended printed started
}

# refuses NAME OPTION VALUE: says so, naming the value, and leaves nothing behind.
refuses() {
	guest "$2" "$3" -- true
	check "$1" ended_with 125 "'$3'"
}

options() {
	refuses memory_without_a_number_125 --mem abc
	refuses no_processor_125 --smp 0
	refuses no_time_125 --timeout 0
	refuses unknown_accelerator_125 --accel xen
	refuses unknown_kernel_125 --kernel none
	refuses unknown_root_125 --root none
	refuses log_that_cannot_be_written_125 --log /nonexistent/log
	guest --log "$scratch/kernel.log" -- sh -c 'echo "<1>said by the test" >/dev/kmsg'
	check log_is_kept grep -q 'said by the test' "$scratch/kernel.log"
	guest --mem 99999999G --timeout 60 -- true
	check qemu_that_does_not_start_125 ended_with 125 "qemu ended with 1"
	expect nothing_is_left_behind test "$(find "$TMPDIR" -mindepth 1)" = ""
}

failures() {
	# what is in a pipe when the guest dies, nobody reads any more
	guest -- sh -c 'echo before; sleep 2; echo c >/proc/sysrq-trigger; sleep 100'
	check panic_is_named_125 ended_with 125 "Kernel panic - not syncing: sysrq triggered crash"
	check output_before_a_panic_is_kept test "$out" = before
	check command_that_has_begun_is_not_repeated test "${err/once more/}" = "$err"
	guest --timeout 10 --append "mark=$mark" -- sleep 1000
	check hang_is_named_125 ended_with 125 "gave no result within 10 s"
	expect hang_leaves_no_guest no_guest_left
	selftests/vm/guest --append "mark=$mark" -- sh -c 'echo up; sleep 1000' \
		>"$scratch/up" 2>/dev/null &
	local script=$!
	until [ -s "$scratch/up" ] || ! kill -0 "$script" 2>/dev/null; do
		sleep 0.1
	done
	our_guests >/dev/null
	result $? guest_runs_while_its_script_does
	kill -KILL "$script"
	wait "$script" 2>/dev/null
	expect killed_script_leaves_no_guest no_guest_left
}

# A qemu that gets no initramfs at its first start.
bad_start() {
	mkdir "$scratch/bin"
	echo "not an archive" >"$scratch/none"
	cat >"$scratch/bin/qemu-system-x86_64" <<-END
	#!/bin/bash
	mkdir "$scratch/was_here" 2>/dev/null && set -- "\${@/#*initramfs.cpio/$scratch/none}"
	exec $(type -P qemu-system-x86_64) "\$@"
	END
	chmod +x "$scratch/bin/qemu-system-x86_64"
}

boots() {
	bad_start
	PATH=$scratch/bin:$PATH guest -- echo here
	check crash_before_the_command_is_repeated printed here
	check crash_before_the_command_is_named ended_with 0 "Kernel panic - not syncing: No working init"
	check repetition_is_named ended_with 0 "booted once more"
	guest --append "rdinit=/none init=/none" -- true
	check crash_of_every_boot_125 ended_with 125 "Kernel panic - not syncing: Requested init"
}

roots() {
	guest --root host -- sh -c 'echo "int main(void){return 7;}" >/tmp/a.c; gcc -o /tmp/a /tmp/a.c; /tmp/a'
	check host_root_runs_a_compiler ended_with 7 ""
	guest --root host -- sh -c "pwd; echo written >/$mark; cat /$mark"
	check host_root_takes_writes printed "$PWD"$'\n'written
	expect host_root_writes_stay_in_the_guest test ! -e "/$mark"
	guest --icount -- nproc
	check counting_guest_has_one_processor printed 1
}

two_at_once() {
	selftests/vm/guest -- sh -c 'sleep 2; echo first' >"$scratch/first" 2>&1 &
	guest -- echo second
	check second_guest_runs_beside_first printed second
	wait $!
	out=$(<"$scratch/first")
	check first_guest_runs_beside_second test "$out" = first
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# What a guest that is killed leaves behind goes with the rest.
export TMPDIR=$scratch/tmp
mkdir "$TMPDIR"
mark=vm-test-$$
statuses
options
failures
boots
roots
two_at_once
done_testing
