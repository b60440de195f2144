#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# "spawn-bpf trace" from the outside: what it shows, what it draws, how it ends. TAP. Runs as root
# on the patched kernel, in the top directory; selftests/host/trace_cli.t boots a guest for it.
set -euo pipefail
. loader/tests/try.sh

patience=120
export PATH=$top/build/user/loader:$top/build/tools/bpftool:/usr/local/bin:/usr/bin:/bin:/usr/sbin
export PYTHONPATH=$top/loader/tests PYTHONDONTWRITEBYTECODE=1
check=$top/loader/tests/tracecheck.py

# python TEXT: with the lines of ./lines as "e", those of spawns as "s".
python() {
	python3 -c "
from tracecheck import *
e = lines('lines')
s = spawns('lines')
$1"
}

valid() {
	python3 -m json.tool --json-lines lines >/dev/null && "$check" whole lines &&
		"$check" same lines chrome svg
}

files=(--output lines --chrome chrome --svg svg)

# begin OPTION...: a trace in the background, until it is there. SIGINT is what ends it, and a shell
# has its background ignore that.
begin() {
	env --default-signal=INT spawn-bpf trace "$@" >out 2>err &
	tracer=$!
	until grep -q 'tracing$' err || ! kill -0 $tracer 2>/dev/null; do
		sleep 0.05
	done
}

# stop SIGNAL
stop() {
	kill "-$1" $tracer
	status=0
	wait $tracer || status=$?
}

# One program that is busy for ever
cp /bin/true busy
exec 9>>busy
try spawn-bpf trace -j "${files[@]}" spawn-bpf run --retry 3 ./busy 9>&-
exec 9>&-
ok status_of_the_command_is_ours says 126 './busy: still open for writing after 3 pauses'
ok lines_and_drawings_are_valid valid
ok every_attempt_is_seen_in_order python '
assert len(s) == 1
start = ["clone", "queue SPAWN_BPF 0", "queue EXEC policy", "step START CONTINUE"]
attempt = ["exec policy ETXTBSY", "complete EXEC policy ETXTBSY", "step IDLE CONTINUE"]
again = ["queue EXEC policy", "step TIMEOUT CONTINUE"]
last = attempt[:2] + ["step IDLE EXIT", "complete SPAWN_BPF 0 ETXTBSY", "end 0 ETXTBSY"]
def words(e):
    text = [e["event"]]
    if e["event"] in ("queue", "complete"):
        text.append(e["opcode"])
    if e["event"] == "step":
        text += [e["why"], e["ret"]]
    elif e["event"] != "clone":
        text.append(str(e["place"]))
    return " ".join(text + [e["error"]] if "error" in e else text)
seen = [words(e) for e in s[0]]
assert seen == start + (attempt + again) * 3 + last, seen'
ok clone_says_what_was_asked_for python '
c = s[0][0]
assert c["sqes"] == 2 and c["flags"] == ["FINAL", "QUIET"] and c["res"] == 0
assert c["comm"] == "spawn-bpf" and c["user_data"] == "0x1"'
ok steps_are_numbered python '
steps = [e["nr"] for e in s[0] if e["event"] == "step"]
assert steps == list(range(1, len(steps) + 1)) and all(e["pid"] == s[0][0]["pid"] for e in e)'
ok pauses_are_as_long_as_they_should_be python '
steps = {e["nr"]: e["ns"] for e in s[0] if e["event"] == "step"}
for nr, ms in ((2, 1), (4, 2), (6, 4)):
    assert steps[nr + 1] - steps[nr] >= ms * 1000000'
ok nothing_is_on_standard_output test ! -s out

# One that is not busy any more
cat >later.sh <<'END'
exec 9>>busy
spawn-bpf run --retry 100 ./busy 9>&- &
until [ "$(grep -c ETXTBSY lines)" -ge 4 ]; do
	sleep 0.01
done
exec 9>&-
wait
END
try spawn-bpf trace -j "${files[@]}" bash later.sh
ok lines_come_while_it_happens status_is 0
ok retries_are_valid valid
ok program_that_runs_is_named python '
exec_, end = s[0][-2:]
assert exec_["event"] == "exec" and exec_["res"] == 0 and exec_["comm"] == "busy"
assert end["res"] == end["pid"] == exec_["pid"] and end["place"] is None'
ok slices_have_results python '
ends = [e["args"]["result"] for e in json.load(open("chrome"))["traceEvents"]
        if e["ph"] == "E" and "args" in e]
assert ends.count("ETXTBSY") >= 2 and ends.count("0") == 2, ends'

# Words
try env PATH="/nowhere:$PATH" spawn-bpf trace -o lines spawn-bpf run true
ok words_show_a_spawn_in_order python3 -c '
import re
wanted = """spawn-bpf +clone +2 SQEs of pid [0-9]+, FINAL, QUIET
spawn-bpf +queue +SPAWN_BPF, SQE 0
spawn-bpf +queue +EXEC, policy
spawn-bpf +step +1, START: CONTINUE
spawn-bpf +exec +policy: ENOENT
spawn-bpf +complete +EXEC, policy: ENOENT
true +exec +policy: runs
true +end +the program runs"""
text = open("lines").read()
for line in wanted.split("\n"):
    found = re.search("^ *[0-9]+[.][0-9]{3} ms  pid [0-9]+ +" + line + "$", text, re.M)
    assert found, line
    text = text[found.end():]'
try spawn-bpf trace spawn-bpf run true
ok with_a_command_lines_go_to_standard_error says 0 'end  *the program runs'
try spawn-bpf trace -j sh -c 'echo one; spawn-bpf run echo two'
ok standard_output_is_the_commands test "$(cat out)" = $'one\ntwo'

# Nothing to see
try spawn-bpf trace -j "${files[@]}" true
ok no_event_in_a_command status_is 0
ok no_event_is_valid "$check" empty chrome svg
ok no_event_no_line test ! -s lines
try spawn-bpf trace --chrome chrome --svg svg --duration 0.2
ok a_duration_ends_it status_is 0
ok no_event_in_a_duration_is_valid "$check" empty chrome svg
try spawn-bpf trace -j -o lines -d 0.1 sh -c 'sleep 1; spawn-bpf run true; exit 5'
ok after_the_duration_the_command_goes_on status_is 5
ok after_the_duration_nothing_is_traced test ! -s lines

# Signals
for signal in INT TERM HUP; do
	begin -j "${files[@]}"
	spawn-bpf run true
	spawn-bpf run sh -c 'exit 0'
	stop $signal
	ok "sig${signal}_ends_it_with_success" status_is 0
	ok "sig${signal}_leaves_valid_files" valid
	ok "sig${signal}_saw_both" python 'assert [x[-1]["comm"] for x in s] == ["true", "sh"]'
done
# The trace ends in the middle of a chain.
exec 9>>busy
begin -j "${files[@]}"
spawn-bpf run --retry 100 ./busy 9>&- 2>/dev/null &
runner=$!
until [ "$(grep -c ETXTBSY lines)" -ge 2 ] || ! kill -0 $runner 2>/dev/null; do
	sleep 0.05
done
stop INT
exec 9>&-
wait $runner
ok spawn_that_goes_on_is_drawn python '
assert len(s) == 1 and s[0][-1]["event"] != "end" and len(svg_rows("svg")) == 1
chrome_slices("chrome")
results = [x["args"]["result"] for x in json.load(open("chrome"))["traceEvents"]
           if x["ph"] == "E" and "args" in x]
assert "none seen" in results and "ETXTBSY" in results, results'
spawn-bpf trace sleep 60 >out 2>err &
tracer=$!
until pgrep -x sleep >/dev/null; do
	sleep 0.05
done
stop TERM
ok a_signal_is_the_commands status_is 143
# shellcheck disable=SC2016  # the command's own variable
try spawn-bpf trace sh -c 'kill -9 $$'
ok a_killed_command_is_128_and_the_signal status_is 137
(
	until [ -e enough ]; do
		spawn-bpf run true
	done
) &
status=0
timeout 60 spawn-bpf trace 2>err | head -n 1 >out || status=${PIPESTATUS[0]}
ok nobody_reads_any_more status_is 141
ok nobody_reads_is_no_sentence test "$(cat err)" = 'spawn-bpf: tracing'
try spawn-bpf trace -j -o lines spawn-bpf run true
ok a_commands_trace_has_no_others python 'assert len({x["pid"] for x in e}) == 1'
mkfifo go
sh -c 'read -r _ <go; exec spawn-bpf run true' &
chosen=$!
begin -j --pid $chosen --output lines
echo >go
status=0
wait $tracer || status=$?
touch enough
ok it_ends_with_the_process status_is 0
ok a_process_trace_has_no_others python '
assert len(s) == 1 and all(x["submitter"] == '$chosen' for x in e)'
wait

# All sorts of chains: no spawn without its end, also if the task or the submitter was killed
export SPAWN_TEST_PERCENT=1
for test in links trace death; do
	chains=("$top/build/user/selftests/$test")
	[ $test != death ] || chains+=(-t submitter_exits_many_times)
	try spawn-bpf trace -j "${files[@]}" "${chains[@]}"
	ok "chains_of_${test}_go_as_without_a_trace" status_is 0
	ok "chains_of_${test}_are_whole" valid
done

# No task
echo 2 >/proc/sys/kernel/io_uring_spawn
try spawn-bpf trace -j "${files[@]}" spawn-bpf run true
echo 0 >/proc/sys/kernel/io_uring_spawn
ok clone_that_fails_is_seen python '
assert len(e) == 1 and e[0]["pid"] == 0 and e[0]["error"] == "EPERM"'
ok clone_that_fails_is_drawn "$check" same lines chrome svg

# Names
odd=$'<&"\\\'>\e\351'
cp "$top/build/user/loader/spawn-bpf" "./$odd"
try spawn-bpf trace -j "${files[@]}" "./$odd" run true
ok odd_names_are_valid valid
ok odd_names_are_whole python 'assert s[0][0]["comm"] == "<&\"\\\x27>\x1b\ufffd", s[0][0]["comm"]'
try spawn-bpf trace "./$odd" run true
ok odd_names_do_no_harm_to_terminals grep -q "<&\"\\\\'>??  *clone" err

# A buffer that is too small, while nobody empties it
dirs=$(printf '/nowhere/%s:' $(seq 100))
# shellcheck disable=SC2016  # the command's own variable
stopped='kill -STOP $PPID; spawn-bpf run true; kill -CONT $PPID'
try env PATH="$dirs$PATH" spawn-bpf trace -j "${files[@]}" sh -c "$stopped"
ok a_large_buffer_loses_nothing valid
all=$(wc -l <lines)
try env PATH="$dirs$PATH" spawn-bpf trace -b 4 -j "${files[@]}" sh -c "$stopped"
ok a_small_buffer_says_what_is_lost says 0 '[0-9] events were lost: .* 4 KiB was full; raise'
ok what_is_lost_is_counted python '
lost = sum(x["count"] for x in e if x["event"] == "lost")
assert lost > 0 and lost + len([x for x in e if x["event"] != "lost"]) == '"$all"'
assert json.load(open("chrome"))["otherData"]["lost"] == lost'
ok what_is_left_is_drawn python 'assert len(svg_rows("svg")) == 1 and chrome_slices("chrome")'
try env PATH="$dirs$PATH" spawn-bpf trace -b 4 sh -c "$stopped"
ok words_say_what_is_lost says 0 '^[0-9]* events are missing here'

# Nobody traces any more
try bpftool link list
ok nothing_stays_attached test "$(grep -c io_uring_spawn out)" = 0

# What goes wrong
try setpriv --reuid 65534 --clear-groups "$(command -v spawn-bpf)" trace -d 1
ok without_privilege_says_what_it_takes says 125 'it takes CAP_BPF and CAP_PERFMON'
try setpriv --reuid 65534 --clear-groups "$(command -v spawn-bpf)" trace touch ran
ok without_privilege_the_command_does_not_run test ! -e ran
for option in chrome svg output; do
	try spawn-bpf trace "--$option" /no/where -d 1
	ok "${option}_that_cannot_be_made" says 125 '/no/where cannot be written: .*(ENOENT)'
	try spawn-bpf trace "--$option" /dev/full spawn-bpf run true
	ok "${option}_that_is_full" says 125 '/dev/full cannot be written: No space left.*(ENOSPC)'
	echo precious >kept
	try spawn-bpf trace "--$option" kept --pid 4000000
	ok "${option}_is_not_emptied_for_nothing" grep -qx precious kept
done
begin
(
	exec >/dev/full
	env --default-signal=INT spawn-bpf trace 2>err2
) &
full=$!
until grep -q 'tracing$' err2 2>/dev/null; do
	sleep 0.05
done
spawn-bpf run true
status=0
wait $full || status=$?
kill $tracer
mv err2 err
ok standard_output_that_is_full says 125 'what was traced cannot be written: .*(ENOSPC)'
wait
try spawn-bpf trace --pid 4000000
ok a_process_that_is_not_there says 125 'process 4000000 cannot be traced: No such process (ESRCH)'
cat >thread.py <<'END'
import subprocess, threading
def run():
    trace = ["spawn-bpf", "trace", "--pid", str(threading.get_native_id())]
    raise_status.append(subprocess.run(trace).returncode)
raise_status = []
thread = threading.Thread(target=run)
thread.start()
thread.join()
raise SystemExit(raise_status[0])
END
try python3 thread.py
ok a_thread_is_no_process says 125 'a thread is traced with its process'
try unshare --pid --fork --mount-proc "$(command -v spawn-bpf)" trace true
ok another_pid_namespace_is_refused says 125 'only in the initial pid namespace'
try spawn-bpf trace --pid 1 true
ok a_process_or_a_command says 125 'exclude each other'
try spawn-bpf trace no-such-program
ok no_such_command_is_127 says 127 'no-such-program: No such file'
try spawn-bpf trace /etc/passwd
ok not_executable_is_126 says 126 '/etc/passwd: Permission denied (EACCES)'
for wrong in '--buffer 3' '--buffer 5' '--buffer 4.5' '--duration 0' '--pid 0' '--pid x' --svg; do
	# shellcheck disable=SC2086  # option and value
	try spawn-bpf trace $wrong
	ok "wrong_${wrong//[- ]/_}" says 125 'trace: \(--\|option\).*'
done
mkdir jail
cp "$top/build/user/loader/spawn-bpf" jail/
try chroot jail /spawn-bpf trace -d 1
ok without_sys_the_file_is_named says 125 "kernel's types, /sys/kernel/btf/vmlinux: .*(ENOENT)"
try spawn-bpf trace --help
ok help_names_every_option test "$(grep -c -e '--chrome' -e '--svg' -e '--json' -e '--pid' \
	-e '--duration' -e '--output' -e '--buffer' out)" -ge 7

done_testing
