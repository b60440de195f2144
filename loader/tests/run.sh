#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# spawn-bpf from the outside: statuses, sentences, descriptors, signals. TAP. Runs as root on the
# patched kernel, in the top directory; selftests/host/loader.t boots a guest for it.
set -euo pipefail
. loader/tests/try.sh

once=$top/build/user/bpf/once.bpf.o
export PATH=/usr/local/bin:/usr/bin:/bin

# Statuses
try "$spawn_bpf" run true
ok success_is_0_and_silent prints 0 ''
try "$spawn_bpf" run sh -c 'exit 7'
ok the_programs_status_is_ours prints 7 ''
# shellcheck disable=SC2016
try "$spawn_bpf" run sh -c 'kill -9 $$'
ok a_killed_program_is_128_and_the_signal prints 137 ''
try "$spawn_bpf" run no-such-program
ok not_found_is_127 says 127 'no-such-program: not found in the 3 directories of PATH.*ENOENT'
try "$spawn_bpf" run ./no-such-program
ok no_such_file_is_127 says 127 './no-such-program: No such file or directory (ENOENT)'
try "$spawn_bpf" run /dev/null/x
ok not_a_directory_is_127 says 127 '/dev/null/x: Not a directory (ENOTDIR)'
try "$spawn_bpf" run /etc/passwd
ok not_executable_is_126 says 126 '/etc/passwd: Permission denied (EACCES)'
try "$spawn_bpf" run ''
ok an_empty_name_is_127 says 127 "'': No such file or directory (ENOENT)"
long=$(printf '%5000s' '' | tr ' ' x)
try "$spawn_bpf" run "$long"
ok a_name_no_directory_can_have_is_126 says 126 'x\.\.\.: File name too long (ENAMETOOLONG)'
try "$spawn_bpf" run "./$long"
ok a_path_that_is_too_long_is_126 says 126 'x\.\.\.: File name too long (ENAMETOOLONG)'
try env PATH="$work/not:$work" "$spawn_bpf" run passwd
ok a_path_without_it_is_127 says 127 'ENOENT'
printf 'x' >plain
chmod 644 plain
try env PATH="$work:/usr/bin" "$spawn_bpf" run plain
ok eacces_is_remembered_126 says 126 "$work/plain: Permission denied (EACCES)"

# Programs that are there and lack something
printf '#!/no/such/interpreter\n' >orphan
chmod +x orphan
try "$spawn_bpf" run ./orphan
ok a_missing_interpreter_is_126 says 126 './orphan: .*(ENOENT); the file is there, but not'
try env PATH="$work:/usr/bin" "$spawn_bpf" run orphan
ok a_missing_interpreter_in_path_is_126 says 126 "$work/orphan: .*(ENOENT); the file is there"
head -c 2000 /bin/true >stump
chmod +x stump
try "$spawn_bpf" run --trace ./stump
ok an_attempt_that_ends_the_task_is_traced says 126 'pid [0-9]*  ./stump: E'
ok an_attempt_that_ends_the_task_is_reported says 126 'report: E[A-Z]*, 1 attempts'

# ETXTBSY
cp /bin/true busy
exec 9>>busy
try "$spawn_bpf" run --retry 3 ./busy 9>&-
ok busy_for_ever_is_126 says 126 './busy: still open for writing after 3 pauses of 7 ms.*ETXTBSY'
try "$spawn_bpf" run --retry 0 ./busy 9>&-
ok retry_0_does_not_wait says 126 'after 0 pauses'
try "$spawn_bpf" run --trace --retry 100 ./busy 9>&-
ok a_hundred_attempts_are_traced test "$(grep -c './busy: ETXTBSY$' err)" = 101
ok no_attempt_is_lost says 126 'report: ETXTBSY, 101 attempts, 100 pauses, [0-9]* ms$'
exec 9>&-

# Scripts without #!
# shellcheck disable=SC2016
echo 'echo "$0 $1"' >script
chmod +x script
try "$spawn_bpf" run ./script one
ok a_script_goes_to_the_shell prints 0 './script one'
try "$spawn_bpf" run --no-shell ./script one
ok no_shell_is_126 says 126 './script: Exec format error (ENOEXEC)'

# What the program gets
try "$spawn_bpf" run printf '%s.' a 'b c' ''
ok arguments_arrive_as_they_are prints 0 'a.b c..'
try env FRUIT=apple "$spawn_bpf" run printenv FRUIT
ok the_environment_arrives prints 0 apple
echo input >in
try "$spawn_bpf" run cat <in
ok standard_input_arrives prints 0 input
try "$spawn_bpf" run sh -c 'ls /proc/self/fd | wc -l'
ok no_descriptor_leaks prints 0 4
mask=$(timeout 60 grep -e SigBlk -e SigIgn /proc/self/status)
try "$spawn_bpf" run grep -e SigBlk -e SigIgn /proc/self/status
ok signal_mask_and_ignored_signals_are_ours prints 0 "$mask"
try "$spawn_bpf" run sh -c 'ls /proc/self/task | wc -l'
ok the_program_has_one_thread prints 0 1
args=$(seq 20000)
# shellcheck disable=SC2086
try "$spawn_bpf" run sh -c 'echo $#' sh $args
ok argv_may_be_longer_than_a_region prints 0 20000

# Signals. "sleep" ends by the signal that was passed on, which spawn-bpf reports as 128 + N.
signalled() {
	: >out
	"$spawn_bpf" run sh -c 'echo up; exec sleep 60' >out 2>err &
	until [ -s out ] || ! kill -0 $! 2>/dev/null; do
		sleep 0.01
	done
	kill "-$1" $! || true
	status=0
	wait $! || status=$?
}
for signal in TERM:143 HUP:129 USR1:138 ALRM:142 PIPE:141 IO:157 RTMIN+3:165; do
	signalled "${signal%:*}"
	ok "sig${signal%%[:+]*}_is_passed_on" status_is "${signal#*:}"
done
# The terminal signals the whole group, so passing it on as well would make it two.
cat >count.py <<'EOF'
import signal
interrupt = {signal.SIGINT}
signal.pthread_sigmask(signal.SIG_BLOCK, interrupt)
print("up", flush=True)
n = 0
while signal.sigtimedwait(interrupt, 1 if n else 30):
    n += 1
print("interrupted", n, "times")
EOF
: >typescript
# Not for ever: the program may have been ended by its time limit.
wait_for() {
	for _ in $(seq 400); do
		! grep -q "$1" typescript || return 0
		sleep 0.1
	done
}
{
	wait_for '^up'
	printf '\003'
	wait_for times
} | timeout 120 script -qfec "$spawn_bpf run python3 count.py" typescript >/dev/null || true
ok ctrl_c_arrives_once grep -q 'interrupted 1 times' typescript
# When it is closed, only the leader of the session is told: that is us.
mkfifo child
script -qfec "exec $spawn_bpf run sh -c 'echo \$\$ >child; exec sleep 60'" /dev/null >/dev/null 2>&1 &
read -r program <child
kill -KILL $!
ok a_closed_terminal_ends_the_program eventually process_is_gone "$program"
try sh -c "trap '' HUP; exec $spawn_bpf run grep SigIgn /proc/self/status"
ok what_was_ignored_stays_ignored prints 0 $'SigIgn:\t0000000000000001'
exec 9>>busy
: >err
"$spawn_bpf" run --trace --retry 100 ./busy >out 2>err 9>&- &
until grep -q ETXTBSY err || ! kill -0 $! 2>/dev/null; do
	sleep 0.01
done
kill -TERM $! || true
status=0
wait $! || status=$?
exec 9>&-
ok a_signal_ends_a_spawn_under_way says 143 'ECANCELED'

# Trace
try env PATH="/nonexistent:$work:/usr/bin" "$spawn_bpf" run --trace true
ok trace_shows_every_attempt says 0 '/nonexistent/true: ENOENT'
ok trace_shows_what_runs says 0 '/usr/bin/true: runs'
ok trace_shows_the_report says 0 'report: success, 3 attempts, 0 pauses, 0 ms'
ok trace_tells_one_pid test "$(grep -o 'pid [0-9]*' err | sort -u | wc -l)" = 1

# Other policies
try "$spawn_bpf" run --policy "$once" /bin/echo once
ok another_policy_runs prints 0 once
try "$spawn_bpf" run --trace --policy "$once" /bin/true
ok another_policy_without_report_says_so says 0 'success; the policy left no report'
try env PATH=/nonexistent:/usr/bin "$spawn_bpf" run --policy "$once" true
ok another_policys_failure_is_named says 127 'true: .*(ENOENT)'
try "$spawn_bpf" run --policy "$top/build/user/selftests/bpf/script.bpf.o" true
ok another_policys_own_error_is_126 says 126 'the policy reports no attempt to run it: .*(EPROTO)'
mkdir -p directories/prog programs
cp /bin/true programs/prog
try env PATH="$work/directories:$work/programs" "$spawn_bpf" run \
	--policy "$top/build/user/examples/least_loaded.bpf.o" prog
ok a_directory_is_not_taken_for_the_program prints 0 ''
try "$spawn_bpf" run --retry 3 --policy "$once" true
ok retry_needs_the_parameter says 125 'no parameter max_busy'
try "$spawn_bpf" run --policy "$top/build/user/bpf/testing/pool.bpf.o" true
ok a_policy_for_another_region_is_refused says 125 'takes a struct pool_arg as its argument region.*see bpf/README.md'
try "$spawn_bpf" run --policy "$top/build/user/examples/least_loaded.bpf.o" echo template
ok a_policy_without_a_region_has_a_template prints 0 template
try "$spawn_bpf" run --policy no-such-file true
ok no_policy_file says 125 'no-such-file cannot be read as a BPF object: No such file.*ENOENT'
try "$spawn_bpf" run --policy /bin/true true
ok a_program_is_no_policy says 125 '/bin/true'
try "$spawn_bpf" run --policy /etc/passwd true
ok text_is_no_policy says 125 '/etc/passwd is no BPF object file'

# Usage, features, privilege
try "$spawn_bpf"
ok no_command_says_help says 125 'a command is missing'
try "$spawn_bpf" walk
ok an_unknown_command_is_named says 125 "'walk' is no command"
try "$spawn_bpf" run
ok nothing_to_run says 125 'what to run is missing'
try "$spawn_bpf" run --retry 101 true
ok too_many_retries says 125 'from 0 to 100'
try "$spawn_bpf" run --colour true
ok an_unknown_option_is_named says 125 "run: unrecognized option '--colour'"
try "$spawn_bpf" run -x true
ok an_unknown_letter_is_named says 125 "run: invalid option -- 'x'"
try "$spawn_bpf" run --policy
ok a_missing_value_is_named says 125 "option '--policy' requires an argument"
try "$spawn_bpf" run --trace=3 true
ok a_value_too_many_is_named says 125 "option '--trace' doesn't allow an argument"
try "$spawn_bpf" run -- printf %s --trace
ok what_follows_two_dashes_is_the_commands prints 0 --trace
for help in -h --help; do
	try "$spawn_bpf" run $help
	ok "run_${help##*-}_is_help" grep -q '^Exit status:' out
	try "$spawn_bpf" $help
	ok "${help##*-}_is_help" grep -q '^Usage: spawn-bpf ' out
done
for option in --help --version features; do
	try sh -c "$spawn_bpf $option >/dev/full"
	ok "${option#--}_to_a_full_device_is_125" says 125 'cannot write the answer: .*(ENOSPC)'
done
try "$spawn_bpf" features
ok features_in_words grep -q '^operations *CLONE 224, EXEC 225, TASK 226, SPAWN_BPF 227' out
try "$spawn_bpf" features -j
ok features_as_json python3 -c '
import json
f = json.load(open("out"))
assert f["abi"] == 1 and f["operations"]["exec"] == 225 and f["sysctl"] == 0
assert f["limits"]["slots"] == 16 and {"FINAL", "QUIET"} <= set(f["spawn_flags"])
assert f["policies"] == {"struct_ops": True, "may_load": True}'
# In a user namespace every capability is there, and none of them counts.
try unshare --user --map-root-user "$spawn_bpf" features -j
ok features_in_a_user_namespace grep -q '"may_load": false' out
try unshare --user --map-root-user "$spawn_bpf" run true
ok a_user_namespace_says_what_it_takes says 125 'CAP_BPF and CAP_PERFMON of the initial user'
# Without /sys nobody can tell what types the kernel has.
mkdir jail
cp "$spawn_bpf" jail/
try /usr/sbin/chroot jail /spawn-bpf features
ok features_without_sys grep -q 'unknown: /sys/kernel/btf/vmlinux cannot be read (ENOENT)' out
ok features_without_sys_is_silent test ! -s err
try /usr/sbin/chroot jail /spawn-bpf run /spawn-bpf --version
ok without_sys_the_file_is_named says 125 "the kernel's types, /sys/kernel/btf/vmlinux: .*(ENOENT)"
caps=-bpf,-perfmon,-sys_admin
try setpriv --bounding-set=$caps --inh-caps=$caps "$spawn_bpf" run true
ok without_privilege_says_what_it_takes says 125 'CAP_BPF and CAP_PERFMON'
echo 2 >/proc/sys/kernel/io_uring_spawn
try "$spawn_bpf" run true
ok the_sysctl_is_named says 125 'kernel.io_uring_spawn is 2 (off) (EPERM)'
# A filter that allows everything is one all the same: no privilege helps, whatever the sysctl says.
cat >filtered.py <<'EOF'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
class Filter(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("insns", ctypes.c_char_p)]
allow = (6).to_bytes(2, "little") + bytes(2) + (0x7fff0000).to_bytes(4, "little")
if libc.prctl(22, 2, ctypes.byref(Filter(1, allow)), 0, 0):
    sys.exit(os.strerror(ctypes.get_errno()))
os.execv(sys.argv[1], sys.argv[1:])
EOF
echo 1 >/proc/sys/kernel/io_uring_spawn
try python3 filtered.py "$spawn_bpf" run true
ok a_filter_is_named_before_the_sysctl says 125 'no task can be made under a seccomp filter (EPERM)'
echo 0 >/proc/sys/kernel/io_uring_spawn

# Limits
try sh -c "ulimit -n 8; exec $spawn_bpf run true"
ok too_few_descriptors_name_the_limit says 125 '(EMFILE); raise RLIMIT_NOFILE'
mkdir cgroup
mount -t cgroup2 none cgroup
echo +pids >cgroup/cgroup.subtree_control
mkdir cgroup/one
echo 1 >cgroup/one/pids.max
try sh -c "echo \$\$ >cgroup/one/cgroup.procs; exec $spawn_bpf run true"
ok too_few_pids_name_the_limits says 125 'no task can be made: .*(EAGAIN); see RLIMIT_NPROC'
umount cgroup

done_testing
