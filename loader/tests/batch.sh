#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# spawn-bpf run -f from the outside: lists, statuses, sentences, signals, limits. TAP. Runs as root on
# the patched kernel, in the top directory; selftests/host/batch.t boots a guest for it.
# shellcheck disable=SC2317  # the conditions are called through ok()
set -euo pipefail
shopt -s lastpipe	# batch sets $status at the end of a pipe, too
. loader/tests/try.sh

patience=300
quick=$top/build/user/selftests/targets/quick
case ${KERNEL:-release} in
debug) part=10 ;;	# takes ten times as long
*) part=1 ;;
esac
"$spawn_bpf" features >/dev/null	# the limits below are not to be tried on another machine
export PATH=/usr/local/bin:/usr/bin:/bin

# batch ARG...: tries it with the list that is on standard input.
batch() {
	cat >list
	try "$spawn_bpf" run -f list "$@"
}

# repeat TIMES LINE
repeat() {
	local i
	for ((i = 0; i < $1; i++)); do
		echo "$2"
	done
}

# counts STATUS TOTAL SUCCEEDED FAILED NOT_RUN [NOT_STARTED]
counts() {
	local s=s not=${6:+, $6 not started}
	[ "$2" -ne 1 ] || s=
	says "$1" "^spawn-bpf: $2 command$s, $3 succeeded, $4 failed, $5 could not be run$not, [0-9.]* s, [0-9.]*/s\$"
}

# The summary is on standard error.
prints() {
	status_is "$1" && [ "$(cat out)" = "$2" ]
}

one_line_of_errors() {
	[ "$(wc -l <err)" -eq 1 ]
}

nothing_is_left() {
	! pgrep -x "$1" >/dev/null
}

# What was sent and came back, and nothing but.
json_is() {
	python3 -c '
import json, sys
j = json.load(open("out"))
assert eval("(" + sys.argv[1] + ")"), j' "$1"
}

# Lists
batch -j 1 <<'END'
# a list

echo "two  words" three\ 3 'four "4"'
   # blanks before it
printf %s\\n $HOME *
END
# shellcheck disable=SC2016  # nothing is expanded
ok words_are_as_xargs_has_them prints 0 $'two  words three 3 four "4"\n$HOME\n*'
ok all_went_well counts 0 2 2 0 0
ok nothing_else_is_said one_line_of_errors
printf 'echo a b\0echo "c\nd"\0' | batch -0 -j 1
ok nul_ends_commands prints 0 $'a b\nc\nd'
printf 'a "b c"\n\nd\n' | batch -j 1 printf '<%s>'
ok a_prefix_comes_first prints 0 '<a><b c><d>'
echo 'echo from a pipe' | try "$spawn_bpf" run --file - --jobs 2
ok a_list_on_standard_input prints 0 'from a pipe'
printf 'true\nfalse\n' | try "$spawn_bpf" run -f -
ok its_name_is_stdin says 123 '<stdin>:2: false: exit status 1$'
printf 'cat\ncat\n' | try "$spawn_bpf" run -f -
ok standard_input_of_commands_is_empty prints 0 ''
batch <<<'readlink /proc/self/fd/0'
ok it_is_dev_null prints 0 /dev/null
batch <<<'sh -c "ls /proc/self/fd | wc -l"'
ok no_descriptor_leaks prints 0 4
mask=$(timeout 60 grep -e SigBlk -e SigIgn /proc/self/status)
batch <<<'grep -e SigBlk -e SigIgn /proc/self/status'
ok signal_mask_and_ignored_signals_are_ours prints 0 "$mask"
batch </dev/null
ok an_empty_list_is_no_failure counts 0 0 0 0 0
printf '# a\n\n' | batch
ok nor_is_one_without_commands counts 0 0 0 0 0
seq 100 | sed "s/.*/& 'a  &' \"&\" b\\\\ &/" >list
xargs -P 4 -L 1 printf '[%s][%s][%s][%s]\n' <list | sort >want
try "$spawn_bpf" run -f list -j 4 printf '[%s][%s][%s][%s]\n'
ok the_output_is_that_of_xargs cmp want <(sort out)
{ printf 'echo '; repeat 10000 "$(printf %0100d 0)" | tr '\n' ' '; } | batch
ok a_line_of_a_megabyte counts 0 1 1 0 0
ok it_arrives test "$(wc -c <out)" -ge 1000000
head -c 1000000 /dev/zero | tr '\0' a | batch echo
ok a_word_of_a_megabyte_is_126 says 126 'list:1: /usr/bin/echo: Argument list too long (E2BIG)'
head -c 1000000 /dev/zero | tr '\0' a | batch
ok a_name_of_a_megabyte_is_126 says 126 'list:1: a*\.\.\.: File name too long (ENAMETOOLONG)$'

# Lists that are wrong: nothing runs
printf 'touch ran\n\necho "one\n' | batch
ok an_unmatched_quote_is_named says 125 '^spawn-bpf: list:3: unmatched double quote$'
ok nothing_ran_before_it test ! -e ran
printf "touch ran\0echo 'one\0" | batch --null
ok with_nuls_it_is_the_number says 125 '^spawn-bpf: list:2: unmatched single quote$'
printf 'touch ran\ntrue\0' | batch
ok a_nul_in_a_line_is_named says 125 'list:2: a NUL byte; if NULs end the commands say --null'
ok nothing_ran_before_the_nul test ! -e ran
try "$spawn_bpf" run -f no-such-list
ok a_missing_list_is_named says 125 'cannot read the commands of no-such-list: .*(ENOENT)$'
try "$spawn_bpf" run -f /
ok a_directory_is_no_list says 125 'cannot read the commands of /: .*(EISDIR)$'
chmod 0 list
caps=-dac_override,-dac_read_search
try setpriv --bounding-set=$caps --inh-caps=$caps "$spawn_bpf" run -f list
ok an_unreadable_list_is_named says 125 'cannot read the commands of list: .*(EACCES)$'
rm -f list

# Usage
for jobs in 0 abc 4097 -1 1x ''; do
	batch -j "$jobs" <<<true
	ok "jobs_'${jobs}'_is_refused" says 125 "takes a number from 1 to 4096, not '$jobs'"
done
for option in --null --json --fail-fast '-j 3'; do
	# shellcheck disable=SC2086
	try "$spawn_bpf" run $option true
	ok "${option%% *}_needs_a_list" says 125 'go with --file'
done
batch -j 4096 <<<true
ok more_jobs_than_commands counts 0 1 1 0 0
try "$spawn_bpf" run --help
ok help_tells_of_it grep -q -- '-f, --file=FILE' out

# Failures: each is named, the others go on
batch --json -j 1 <<'END'
true
sh -c "exit 7"
no-such-program

/etc/passwd x
sh -c 'kill -9 $$'
sh -c "exit 255"
true
END
ok failures_are_counted counts 127 7 2 3 2
ok an_exit_status_is_named says 127 '^spawn-bpf: list:2: sh: exit status 7$'
ok a_missing_program_is_named says 127 '^spawn-bpf: list:3: no-such-program: not found in the 3 dir.*(ENOENT)$'
ok what_cannot_be_run_is_named says 127 '^spawn-bpf: list:5: /etc/passwd: Permission denied (EACCES)$'
ok a_killed_program_is_named says 127 '^spawn-bpf: list:6: sh: ended by signal 9 (SIGKILL)$'
ok json_counts json_is '(j["commands"], j["succeeded"], j["failed"], j["not_run"], j["not_started"]) == (7, 2, 3, 2, 0)
	and j["seconds"] > 0 and j["per_second"] > 0'
ok json_names_failures json_is 'j["failures"] == [
	{"line": 2, "command": ["sh", "-c", "exit 7"], "status": 7},
	{"line": 3, "command": ["no-such-program"], "error": "ENOENT", "status": 127},
	{"line": 5, "command": ["/etc/passwd", "x"], "error": "EACCES", "status": 126},
	{"line": 6, "command": ["sh", "-c", "kill -9 $$"], "signal": 9},
	{"line": 7, "command": ["sh", "-c", "exit 255"], "status": 255}]'
batch --json <<<true
ok json_without_failures json_is 'j["failures"] == [] and j["succeeded"] == 1'
printf 'false "a\xff" \xc3\xa9 \\"\n' | batch --json
ok json_of_any_bytes json_is 'j["failures"][0]["command"] == ["false", "a\ufffd", "\u00e9", "\""]'
printf 'true\nfalse\n/etc/passwd\n' | batch
ok cannot_run_beats_failed counts 126 3 1 1 1
printf 'false\ntrue\n' | batch
ok failed_is_123 counts 123 2 1 1 0
try sh -c "yes true | head -n 3 | $spawn_bpf run --json -f - >/dev/full"
ok json_to_a_full_device_is_125 says 125 'cannot write the answer: .*(ENOSPC)'
printf 'false\ntrue\ntrue\ntrue\n' | batch --fail-fast -j 1
ok fail_fast_starts_no_more counts 123 4 0 1 0 3
printf 'true\nno-such-program\ntrue\n' | batch --fail-fast -j 1
ok fail_fast_after_what_cannot_be_run counts 127 3 1 0 1 1
printf 'sh -c "sleep 1; echo late"\nfalse\ntrue\n' | batch --fail-fast -j 2
ok fail_fast_waits_for_what_runs prints 123 late
batch --policy no-such-file <<<'touch ran'
ok no_policy_file_is_125 says 125 'no-such-file cannot be read as a BPF object'
ok nothing_ran_without_it test ! -e ran
printf '/bin/true\n/bin/false\n' | batch --policy "$top/build/user/bpf/once.bpf.o"
ok another_policy_runs counts 123 2 1 1 0
# shellcheck disable=SC2016  # the script's own variable
echo 'echo "echo $0"' >script
chmod +x script
printf './script\n' | batch
ok a_script_goes_to_the_shell prints 0 'echo ./script'
printf './script\n' | batch --no-shell
ok no_shell_is_126 says 126 'list:1: ./script: Exec format error (ENOEXEC)'

# Many
repeat $((1000 / part)) true | batch -j 16
ok a_thousand_programs counts 0 $((1000 / part)) $((1000 / part)) 0 0
repeat $((10000 / part)) "$quick" | batch -j 64
ok ten_thousand_lines counts 0 $((10000 / part)) $((10000 / part)) 0 0
repeat 500 no-such-program | batch -j 100
ok many_that_are_not_there counts 127 500 0 0 500
ok each_is_named test "$(grep -c 'no-such-program: not found' err)" = 500
# Never more than N, and N if there are as many: each marks its place and looks around.
cat >look <<'END'
#!/bin/sh
mkdir here.$$
ls -d here.* | wc -l
sleep 0.5
rmdir here.$$
END
chmod +x look
repeat 24 ./look | batch -j 3
ok three_at_a_time test "$(sort -n out | tail -n 1)" = 3
# They wait at the gate until all have come.
mkfifo gate
fifty_have_come() {
	[ "$(wc -l <out)" -ge 50 ] || process_is_gone "$!"
}
: >out
repeat 50 'sh -c "echo up; read -r _ <gate"' >list
"$spawn_bpf" run -f list -j 50 >out 2>err &
ok fifty_come_to_the_gate eventually fifty_have_come
at_once=$(wc -l <out)
exec 8<>gate
seq 50 >&8
status=0
wait $! || status=$?
exec 8>&-
ok fifty_at_a_time test "$at_once" = 50
ok all_get_through_the_gate counts 0 50 50 0 0
repeat 50 true | batch --trace -j 16
ok every_attempt_is_traced test "$(grep -c '/usr/local/bin/true: ENOENT$' err)" = 50
ok no_attempt_is_lost test "$(grep -c 'report: success, 2 attempts' err)" = 50
ok a_pid_for_each test "$(grep -o 'pid [0-9]*' err | sort -u | wc -l)" = 50

# Nobody reads what is said of the last one: the others run to their end.
cat >list <<'END'
sh -c "until [ -e gone ]; do sleep 0.1; done; sleep 3; touch survived"
sh -c "exit 3"
sh -c "until [ -e gone ]; do sleep 0.1; done; exit 3"
END
"$spawn_bpf" run -f list -j 3 2>&1 >/dev/null | { head -c 1 >/dev/null; exec <&-; touch gone; } || true
ok programs_survive_our_reader eventually test -e survived

# ETXTBSY: one that waits holds up nobody
cp /bin/true busy
exec 9>>busy
(printf './busy\n'; repeat 20 "$quick") >list	# long before a hundred attempts are over
: >err
"$spawn_bpf" run --trace --retry 100 -f list -j 2 >out 2>err 9>&- &
until [ "$(grep -c 'targets/quick: runs' err)" -eq 20 ] || ! kill -0 $! 2>/dev/null; do
	sleep 0.1
done
exec 9>&-
status=0
wait $! || status=$?
ok a_busy_program_is_sat_out counts 0 21 21 0 0
ok it_holds_up_nobody test "$(tail -n 3 err | grep -c './busy: runs')" = 1
exec 9>>busy
printf './busy\ntrue\n' >list
try "$spawn_bpf" run --retry 3 -f list 9>&-
exec 9>&-
ok busy_for_ever_is_126 says 126 'list:1: ./busy: still open for writing after 3 pauses of 7 ms'

# Signals
# stopped SIGNAL LINES ARG...: runs ./list until so many lines are in ./out, and sends it the signal.
# A shell without job control lets what is in the background ignore SIGINT.
stopped() {
	local signal=$1 lines=$2
	shift 2
	: >out
	env --default-signal=INT "$spawn_bpf" run -f list "$@" >out 2>err 9>&- &
	until [ "$(wc -l <out)" -ge "$lines" ] || ! kill -0 $! 2>/dev/null; do
		sleep 0.05
	done
	kill "-$signal" $! || true
	status=0
	wait $! || status=$?
}
repeat 9 'sh -c "echo up; exec sleep 61"' >list
for signal in TERM:143 INT:130 HUP:129 USR1:138; do
	stopped "${signal%:*}" 4 -j 4
	ok "sig${signal%:*}_stops_it" counts "${signal#*:}" 9 0 4 0 5
	ok "sig${signal%:*}_is_passed_on" says "${signal#*:}" "list:[1-4]: sh: ended by signal .* (SIG${signal%:*})$"
	ok "sig${signal%:*}_leaves_nothing" nothing_is_left sleep
done
cat >list <<'END'
sh -c 'trap "exit 0" TERM; echo up; while :; do sleep 0.1; done'
sh -c 'trap "sleep 1; echo late; exit 3" TERM; echo up; while :; do sleep 0.1; done'
touch ran
END
stopped TERM 2 -j 2
ok programs_are_waited_for counts 143 3 1 1 0 1
ok they_end_as_they_like grep -q late out
ok nothing_begins_after_a_signal test ! -e ran
exec 9>>busy
(repeat 3 ./busy; echo "sh -c 'echo up; exec sleep 61'"; echo true) >list
stopped TERM 1 --retry 100 -j 4
exec 9>&-
ok spawns_under_way_are_cancelled counts 143 5 0 1 0 4
ok and_nothing_is_left nothing_is_left sleep
# The terminal signals all of them itself.
cat >count.py <<'EOF'
import signal, sys
interrupt = {signal.SIGINT}
signal.pthread_sigmask(signal.SIG_BLOCK, interrupt)
print("up", flush=True)
n = 0
while signal.sigtimedwait(interrupt, 1 if n else 30):
    n += 1
print("interrupted", n, "times")
EOF
repeat 3 'python3 count.py' >list
: >typescript
# Not for ever: the programs may have been ended by their time limit.
wait_for() {
	for _ in $(seq 400); do
		[ "$(grep -c "$1" typescript)" -lt "$2" ] || return 0
		sleep 0.1
	done
}
{
	wait_for up 2
	printf '\003'
	wait_for times 2
} | timeout 120 script -qfec "$spawn_bpf run -f list -j 2" typescript >/dev/null || true
ok ctrl_c_arrives_once_at_each test "$(grep -c 'interrupted 1 times' typescript)" = 2
ok ctrl_c_starts_no_more grep -q '3 commands, 2 succeeded, .* 1 not started' typescript

# Progress: on a terminal only, and gone at the end
repeat 6 'sleep 0.3' >list
try script -qfec "$spawn_bpf run -f list -j 2" /dev/null
ok progress_on_a_terminal grep -q $'\r[1-5]/6 done, [0-2] running, [0-9.]*/s, 0 failed' out
ok it_is_cleared_at_the_end grep -q $'\r *\rspawn-bpf: 6 commands, 6 succeeded' out
try script -qfec "stty cols 20; $spawn_bpf run -f list -j 2" /dev/null
ok it_is_as_wide_as_the_terminal grep -q $'\r[1-5]/6 done, [0-2] running\r' out
try "$spawn_bpf" run -f list -j 6
ok no_progress_elsewhere one_line_of_errors

# Limits
repeat 100 true >list
try sh -c "ulimit -n 20; exec $spawn_bpf run -f list -j 32"
ok twenty_descriptors_are_enough counts 0 100 100 0 0
try sh -c "ulimit -n 8; exec $spawn_bpf run -f list"
ok too_few_descriptors_name_the_limit says 125 '(EMFILE); raise RLIMIT_NOFILE'
mkdir cgroup
mount -t cgroup2 none cgroup
echo +pids >cgroup/cgroup.subtree_control
mkdir cgroup/few
echo 4 >cgroup/few/pids.max
repeat 40 'sleep 0.1' >list
try sh -c "echo \$\$ >cgroup/few/cgroup.procs; exec $spawn_bpf run -f list -j 16"
ok few_pids_make_it_slower counts 0 40 40 0 0
echo 1 >cgroup/few/pids.max
try sh -c "echo \$\$ >cgroup/few/cgroup.procs; exec $spawn_bpf run -f list -j 16"
ok no_pids_are_named counts 125 40 0 0 40
ok they_name_the_limits says 125 'list:40: no task can be made: .*(EAGAIN); see RLIMIT_NPROC'
umount cgroup
echo 2 >/proc/sys/kernel/io_uring_spawn
batch <<<true
ok the_sysctl_is_named says 125 'list:1: no task can be made: .*io_uring_spawn is 2 (off) (EPERM)'
echo 0 >/proc/sys/kernel/io_uring_spawn

done_testing
