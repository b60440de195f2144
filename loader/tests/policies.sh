#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# spawn-bpf attach, list, show, detach and pin from the outside. TAP. Runs as root on the patched
# kernel, in the top directory; selftests/host/policies_cli.t boots a guest for it.
set -euo pipefail
. loader/tests/try.sh
. "$top/loader/tests/holder.sh"

prog=$top/build/user/bpf/spawn_prog.bpf.o
once=$top/build/user/bpf/once.bpf.o
script=$top/build/user/selftests/bpf/script.bpf.o
refused=$top/build/user/selftests/bpf/refused.bpf.o
pins=/sys/fs/bpf/spawn_bpf

# tells STATUS TEXT: that status, and TEXT on standard output.
tells() {
	status_is "$1" && grep -q -- "$2" out && [ ! -s err ]
}

# Standard output is JSON, of which the Python expressions about j are true.
json() {
	local condition
	status_is 0 && [ ! -s err ] && python3 -m json.tool <out >/dev/null || return 1
	for condition in "$@"; do
		python3 -c "import json; j = json.load(open('out')); assert $condition" 2>>err || return 1
	done
}

# The id of the link that spawn-bpf list shows for a policy of this name.
link_of() {
	"$spawn_bpf" list | awk -v name="$1" '$3 == name { print $1 }'
}

# The kernel frees a link some time after its last name has gone.
link_is_gone() {
	try "$spawn_bpf" detach "$1"
	says 125 "there is no link $1 (ENOENT)"
}

not_attached() {
	[ -z "$(link_of "$1")" ]
}

# Nothing is attached and no name is left.
nothing_left() {
	try "$spawn_bpf" list
	prints 0 'no policy is attached' && [ -z "$(ls "$pins" 2>/dev/null)" ]
}

# --- Nothing there
try "$spawn_bpf" list
ok nothing_is_listed prints 0 'no policy is attached'
try "$spawn_bpf" list -j
ok nothing_as_json json 'j == []'
try "$spawn_bpf" show spawn_prog
ok nothing_of_that_name says 125 'no policy called spawn_prog is attached: spawn-bpf list shows'
try "$spawn_bpf" show 1
ok no_link_of_that_id says 125 'there is no link 1 (ENOENT)'
try "$spawn_bpf" detach 4294967295
ok an_id_that_no_link_has says 125 'neither the id of a link nor a path'

# --- attach
hold
try "$spawn_bpf" show --pid "$holder" --ring "$ring"
ok a_ring_without_spawns tells 0 'it has had no policy and no spawn, or is too busy to tell'
try "$spawn_bpf" attach --pid "$holder" --ring "$ring" --set max_busy=100 --set first_pause_ns=2000000 \
	--set longest_pause_ns=3000000000 "$prog"
ok attach_says_what_it_did tells 0 \
	"^policy spawn_prog is attached to slot 0 of ring $ring of process $holder (ring_holder): link [0-9]*, map [0-9]*, pinned at $pins/$holder-$ring-0$"
ok the_pin_is_there test -e "$pins/$holder-$ring-0"
ok a_spawn_is_started answers started spawn 0 /bin/true
ok the_policy_outlives_spawn_bpf answers 'outcome 1' wait
map=$("$spawn_bpf" list | awk 'NR == 2 { print $4 }')
try "$spawn_bpf" attach --pid "$holder" --ring "$ring" "$once"
ok a_slot_that_is_taken_says_by_whom says 125 "slot 0 of the ring is taken by policy spawn_prog, map $map (EBUSY)"
try "$spawn_bpf" attach -j --pid "$holder" --ring "$ring" --slot 15 "$once"
ok attach_as_json json 'j["policy"] == "once" and j["slot"] == 15 and j["comm"] == "ring_holder"' \
	"j['pid'] == $holder and j['fd'] == $ring and j['pin'] == '$pins/$holder-$ring-15'" \
	'j["link"] > 0 and j["map"] > 0'
try "$spawn_bpf" attach --pid "$holder" --ring "$ring" --slot 1 --name second_ops "$script"
ok another_policy_of_the_file tells 0 '^policy second is attached to slot 1'
try "$spawn_bpf" attach --pid "$holder" --ring "$ring" --slot 2 --name third_ops "$script"
ok no_such_policy_in_the_file says 125 'has no policy third_ops: --name takes one of script_ops, second_ops'
# as a child of the process, which passes the descriptor on
ask sh "$spawn_bpf attach --ring $ring --slot 2 --pin /sys/fs/bpf/inherited $once >$work/out 2>$work/err"
status=${answer#status }
ok an_inherited_ring tells 0 "^policy once is attached to slot 2 of ring $ring of process .*, pinned at /sys/fs/bpf/inherited$"

# --- list, with two processes
ask share
sharer=${answer#shared }
try "$spawn_bpf" list
ok list_has_all_four test "$(wc -l <out)" = 5
ok list_has_both_processes tells 0 \
	"^ *[0-9]* *15 once .* fd $ring of $holder (ring_holder), fd $ring of $sharer (ring_holder); pinned at $pins/$holder-$ring-15$"
try "$spawn_bpf" list -j
ok list_as_json json 'len(j) == 4' '[p["slot"] for p in j] == [0, 15, 1, 2]' \
	'[p["policy"] for p in j] == ["spawn_prog", "once", "second", "once"]' \
	"all(p['rings'] == [{'pid': n, 'comm': 'ring_holder', 'fd': $ring} for n in sorted([$holder, $sharer])] for p in j)" \
	"[p['pins'] for p in j] == [['$pins/$holder-$ring-%d' % n] for n in (0, 15, 1)] + [['/sys/fs/bpf/inherited']]" \
	'all(p["link"] and p["map"] and p["prog"] for p in j)'

# --- show
try "$spawn_bpf" show spawn_prog
ok show_by_name tells 0 "^policy spawn_prog: link [0-9]*, map $map, slot 0$"
ok show_has_the_budgets tells 0 'max_steps 1024 (default), max_sqes 1024 (default), max_posts 64 (default)'
ok show_has_the_program tells 0 'program [0-9]*: spawn_prog_step, tag [0-9a-f]\{16\},'
ok show_says_that_steps_are_not_counted tells 0 'steps counted: none, sysctl kernel.bpf_stats_enabled is 0'
ok show_has_the_ring tells 0 "ring: descriptor $ring of process $sharer (ring_holder)"
ok show_has_the_counters tells 0 'spawns: 0 in progress, 1 issued, 1 execed, 0 ended, 0 failed, 0 cancelled'
by_name=$(cat out)
try "$spawn_bpf" show "$(link_of spawn_prog)"
ok show_by_link prints 0 "$by_name"
try "$spawn_bpf" show "$pins/$holder-$ring-0"
ok show_by_pin prints 0 "$by_name"
try "$spawn_bpf" show once
ok a_name_may_stand_for_two test "$(grep -c '^policy once: ' out)" = 2
echo 1 >/proc/sys/kernel/bpf_stats_enabled
ask spawn 0 /bin/true
ask wait
echo 0 >/proc/sys/kernel/bpf_stats_enabled
try "$spawn_bpf" show spawn_prog
ok counted_steps_are_shown tells 0 'steps counted: 1, [0-9.]* us each'
try "$spawn_bpf" show -j spawn_prog
ok show_as_json json 'len(j) == 1' 'j[0]["budgets"] == {"max_steps": 0, "max_sqes": 0, "max_posts": 0}' \
	'j[0]["program"]["name"] == "spawn_prog_step" and len(j[0]["program"]["tag"]) == 16' \
	'j[0]["program"]["run_cnt"] == 1 and j[0]["program"]["run_time_ns"] > 0' \
	'j[0]["counters"]["execed"] == 2 and j[0]["spawns"] == []'
"$spawn_bpf" run --trace sleep 60 2>trace &	# which may go on when what follows has its own err
runner=$!
until "$spawn_bpf" list | grep -q '(spawn-bpf)'; do
	sleep 0.01
done
try "$spawn_bpf" show spawn_prog
ok show_has_a_budget_that_was_set tells 0 'max_posts [0-9]*$'
kill $runner
wait $runner || true

# --- A spawn under way
cp /bin/true busy
exec 9>>busy
ok a_spawn_waits answers started spawn 0 "$work/busy"
# Between two attempts: in the midst of one, an EXEC waits beside the policy.
listed_spawn() {
	try "$spawn_bpf" show --pid "$holder" --ring "$ring"
	grep -q ' chain, policy at SQE 0 waits$' out
}
listed_as_json() {
	try "$spawn_bpf" show --pid "$holder" --ring "$ring" -j
	! grep -q '"exec": *"queued"' out
}
ok a_spawn_under_way_is_shown eventually listed_spawn
ok it_is_shown_in_full tells 0 '^    pid [0-9]*, running, user_data 4711, 1 of 2 SQEs are the chain, policy at SQE 0 waits$'
ok its_ring_has_slots tells 0 "^  slot 0: policy spawn_prog, map $map$"
ok the_same_as_json eventually listed_as_json
ok a_ring_as_json json "j['pid'] == $holder and j['fd'] == $ring and j['answered']" \
	'[s["policy"] for s in j["slots"]] == ["spawn_prog", "second", "once", "once"]' \
	'j["slots"][0]["slot"] == 0 and j["slots"][3]["slot"] == 15' \
	'len(j["spawns"]) == 1 and j["spawns"][0]["user_data"] == 4711 and j["spawns"][0]["policy"] == 0' \
	'j["spawns"][0]["exec"] is None and j["spawns"][0]["state"] == "running"' \
	'j["counters"] == {"issued": 3, "execed": 2, "ended": 0, "failed": 0, "cancelled": 0}'

# --- detach, while it runs
link=$(link_of spawn_prog)
try "$spawn_bpf" pin "$link" "$pins/second-name"
ok pin_says_what_it_did prints 0 "policy spawn_prog, link $link, is pinned at $pins/second-name"
try "$spawn_bpf" detach "$link"
ok detach_says_what_it_did tells 0 "^policy spawn_prog is detached from slot 0: link $link, map $map, "
ok detach_removes_both_names tells 0 "$pins/$holder-$ring-0 is removed"
ok the_names_are_gone test ! -e "$pins/$holder-$ring-0" -a ! -e "$pins/second-name"
try "$spawn_bpf" list
ok a_detached_policy_is_not_listed test "$(grep -c spawn_prog out)" = 0
exec 9>&-
ok a_spawn_under_way_goes_on_under_it answers 'outcome 1' wait
ask spawn 0 /bin/true
ok the_slot_is_empty answers 'outcome -2' wait
ok a_link_ends_with_its_last_name eventually link_is_gone "$link"
mkdir twice
mount --bind /sys/fs/bpf twice
try "$spawn_bpf" detach -j /sys/fs/bpf/inherited
umount twice
ok detach_by_pin_as_json json 'j["policy"] == "once" and j["slot"] == 2 and j["was_attached"]'
ok a_name_that_is_seen_twice_is_removed_once json \
	"j['removed'] == ['/sys/fs/bpf/inherited', '$work/twice/inherited']"
try "$spawn_bpf" detach /sys/fs/bpf/inherited
ok no_such_pin says 125 '/sys/fs/bpf/inherited cannot be opened as a pinned link: .*(ENOENT)'

# --- pin
link=$(link_of second)
try "$spawn_bpf" pin -j "$link" /sys/fs/bpf/keep
ok pin_as_json json "j['link'] == $link and j['policy'] == 'second' and j['pin'] == '/sys/fs/bpf/keep'"
rm "$pins/$holder-$ring-1"
ok one_name_keeps_it test "$(link_of second)" = "$link"
try "$spawn_bpf" pin "$link" /sys/fs/bpf/keep
ok a_name_that_is_taken says 125 '/sys/fs/bpf/keep is there already (EEXIST)'
try "$spawn_bpf" pin "$link" "$work/keep"
ok a_name_elsewhere says 125 "$work/keep is in no BPF file system: choose a path below /sys/fs/bpf$"
try "$spawn_bpf" pin "$link" /sys/fs/bpf/a.b
ok a_name_with_a_dot says 125 'cannot be pinned at /sys/fs/bpf/a.b: .*(EPERM); a name there has no dot'
try "$spawn_bpf" pin "$link"
ok pin_without_a_path says 125 'the path is missing'
rm /sys/fs/bpf/keep
ok no_name_lets_it_go eventually not_attached second

# A process may call itself what it likes; the terminal is ours.
cp "$spawn_bpf" $'x\e[2Jx'
./$'x\e[2Jx' run sleep 60 &
runner=$!
until [ -n "$(link_of spawn_prog)" ]; do
	sleep 0.01
done
try "$spawn_bpf" list
ok names_of_processes_are_harmless test "$(grep -c ' of [0-9]* (x?\[2Jx)' out)" = 1
try "$spawn_bpf" show --pid "$runner" --ring 999
ok so_they_are_in_sentences says 125 "process $runner (x?\[2Jx) has no descriptor 999"
kill $runner
wait $runner || true

# A policy that its owner has attached without a name, and that gets one from us.
"$spawn_bpf" run sleep 60 &
runner=$!
until [ -n "$(link_of spawn_prog)" ]; do
	sleep 0.01
done
try "$spawn_bpf" pin "$(link_of spawn_prog)" /sys/fs/bpf/foreign
ok the_link_of_another_process_is_pinned tells 0 'is pinned at /sys/fs/bpf/foreign$'
kill $runner
wait $runner || true
try "$spawn_bpf" list
ok a_link_without_its_ring_says_so tells 0 'spawn_prog .*  none seen: gone, or in no descriptor; pinned at /sys/fs/bpf/foreign$'
try "$spawn_bpf" show /sys/fs/bpf/foreign
ok show_says_so_too tells 0 '  ring: none seen: gone, or in no descriptor$'
try "$spawn_bpf" show -j /sys/fs/bpf/foreign
ok show_as_json_has_no_ring json 'j[0]["rings"] == [] and "spawns" not in j[0]'
# Its map is attached anew, by another link, to another ring under the same number.
cat >again.py <<'END'
import ctypes, os, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    ret = libc.syscall(number, *args)
    if ret < 0:
        sys.exit(os.strerror(ctypes.get_errno()))
    return ret
def bpf(command, *words):
    attr = ctypes.create_string_buffer(struct.pack("%dI" % len(words), *words), 128)
    return call(321, command, attr, 128)
ring = call(425, 4, ctypes.create_string_buffer(120))   # io_uring_setup
map_fd = os.dup2(bpf(14, int(sys.argv[1])), 100)         # BPF_MAP_GET_FD_BY_ID
for fd in range(ring, 20):
    os.dup2(ring, fd)
bpf(28, map_fd, 0, 44, 0)                                # BPF_LINK_CREATE, BPF_STRUCT_OPS
print("up", flush=True)
time.sleep(60)
END
python3 again.py "$("$spawn_bpf" list | awk '$3 == "spawn_prog" { print $4 }')" >again 2>&1 &
runner=$!
until [ -s again ]; do
	sleep 0.01
done
try "$spawn_bpf" list
ok the_new_link_has_the_ring grep -q 'spawn_prog .* of [0-9]* (python3)$' out
ok the_old_link_has_none grep -q 'spawn_prog .*  none: gone; pinned at /sys/fs/bpf/foreign$' out
kill $runner
wait $runner || true
try "$spawn_bpf" detach /sys/fs/bpf/foreign
ok a_link_without_its_ring_can_go tells 0 'removed$'

# One that is detached while its owner still has it.
"$spawn_bpf" run sleep 60 &
runner=$!
until [ -n "$(link_of spawn_prog)" ]; do
	sleep 0.01
done
link=$(link_of spawn_prog)
try "$spawn_bpf" detach "$link"
ok the_link_of_another_process_is_detached tells 0 "^policy spawn_prog is detached from slot 0: link $link, map [0-9]*$"
try "$spawn_bpf" detach "$link"
ok detached_twice prints 0 "link $link had been detached already"
try "$spawn_bpf" detach -j "$link"
ok detached_twice_as_json json "j == {'link': $link, 'was_attached': False, 'removed': []}"
try "$spawn_bpf" show "$link"
ok a_detached_link_has_nothing_to_show says 125 "link $link has been detached"
try "$spawn_bpf" pin "$link" /sys/fs/bpf/keep
ok a_detached_link_is_not_pinned says 125 "link $link has been detached (ENOLINK)"
kill $runner
wait $runner || true

# --- Parameters
exec 9>>busy
busy_outcome() {
	try "$spawn_bpf" attach --pid "$holder" --ring "$ring" "$@" "$prog"
	status_is 0 || return 1
	ask spawn 0 "$work/busy"
	ask wait
	"$spawn_bpf" detach "$pins/$holder-$ring-0" >>out
}
ok a_parameter_is_set busy_outcome --set max_busy=0
ok a_parameter_counts test "$answer" = 'outcome -26'
ok hexadecimal_is_a_number busy_outcome --set max_busy=0x2 --set first_pause_ns=1
exec 9>&-
try_set() {
	try "$spawn_bpf" attach --pid "$holder" --ring "$ring" --set "$1" "$prog"
}
try_set colour=1
ok no_such_parameter says 125 'has no parameter colour (ENOENT); it has: .*max_busy'
try_set max_busy=many
ok a_parameter_that_is_no_number says 125 "parameter max_busy of .* takes a number, not 'many' (EINVAL)"
try_set max_busy=
ok a_parameter_without_a_value says 125 "takes a number, not '' (EINVAL)"
try_set max_busy=4294967296
ok a_parameter_that_does_not_fit says 125 'parameter max_busy of .* cannot hold 4294967296 (ERANGE)'
try_set max_busy=-1
ok a_negative_parameter says 125 'cannot hold -1 (ERANGE)'
try_set first_pause_ns=18446744073709551616
ok a_parameter_of_65_bits says 125 'cannot hold 18446744073709551616 (ERANGE)'
try_set max_busy
ok a_parameter_without_equals says 125 "--set takes PARAM=VALUE, not 'max_busy'"

# --- What cannot be attached
try_at() {
	try "$spawn_bpf" attach --pid "$1" --ring "$2" "$prog"
}
try_at 4194303 3
ok no_such_process says 125 'there is no process 4194303 (ESRCH)'
try_at "$holder" 99
ok no_such_descriptor says 125 "process $holder (ring_holder) has no descriptor 99 (EBADF): ls -l /proc/$holder/fd"
try_at "$holder" 0
ok a_pipe_is_no_ring says 125 "descriptor 0 of process $holder (ring_holder) is no io_uring: it is pipe:"
python3 -c '
import threading, time
t = threading.Thread(target=time.sleep, args=(60,), daemon=True)
t.start()
print(t.native_id, flush=True)
t.join()' >thread &
until [ -s thread ]; do
	sleep 0.01
done
try_at "$(cat thread)" 3
ok a_thread_is_no_process says 125 "$(cat thread) is a thread and not a process: .*Tgid.*(EINVAL)"
kill $!
try "$spawn_bpf" attach --ring 57 "$prog"
ok a_descriptor_that_was_not_passed_on says 125 'descriptor 57 is not open (EBADF): the caller has to pass it on'
try "$spawn_bpf" attach --ring 1 "$prog"
ok a_file_is_no_ring says 125 "descriptor 1 is no io_uring: it is $work/out"
try "$spawn_bpf" attach --pid "$holder" --ring "$ring" no-such-file
ok no_such_file says 125 'no-such-file cannot be read as a BPF object: No such file.*ENOENT'
try "$spawn_bpf" attach --pid "$holder" --ring "$ring" /etc/passwd
ok no_bpf_object says 125 '/etc/passwd is no BPF object file'
try "$spawn_bpf" attach --pid "$holder" --ring "$ring" --name without_link_ops "$refused"
ok a_policy_without_a_link says 125 'without_link_ops in .* cannot be attached by a link'
try "$spawn_bpf" attach --pid "$holder" --ring "$ring" --name event_refused_ops "$refused"
ok a_policy_that_is_refused says 125 'refused.bpf.o cannot be loaded: .*; -v shows what libbpf says'
try "$spawn_bpf" attach -v --pid "$holder" --ring "$ring" --name event_refused_ops "$refused"
ok verbose_shows_the_verifier says 125 'can be written'
try "$spawn_bpf" attach --pid "$holder" --ring "$ring" --slot 3 --pin "$work/here" "$once"
ok a_pin_elsewhere says 125 "$work/here is in no BPF file system: choose a path below /sys/fs/bpf$"
try "$spawn_bpf" attach --pid "$holder" --ring "$ring" --slot 3 --pin "$pins/$holder-$ring-15" "$once"
ok a_pin_that_is_there says 125 'is there already (EEXIST)'
try "$spawn_bpf" show --pid "$holder" --ring "$ring" -j
ok what_cannot_be_pinned_is_not_attached json '[s["slot"] for s in j["slots"]] == [15]'
try unshare --mount sh -c "umount /sys/fs/bpf; $spawn_bpf attach --pid $holder --ring $ring --slot 3 $once"
ok without_bpffs_says_how_to_mount_it says 125 'and none is mounted at /sys/fs/bpf: mount -t bpf bpf /sys/fs/bpf'

# --- Rights
user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
try setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace "$spawn_bpf" list
ok what_list_cannot_see_is_told says 0 'the descriptors of [0-9]* process[es]* cannot be seen (EACCES), nor the rings'
ok but_the_policy_is_listed grep -q '^ *[0-9]* *15 once .*  none seen: gone, or in no descriptor; pinned' out
caps=-bpf,-perfmon,-sys_admin
unprivileged=(setpriv "--bounding-set=$caps" "--inh-caps=$caps")
try "${user[@]}" "$spawn_bpf" attach --pid "$holder" --ring "$ring" "$prog"
ok the_ring_of_another_user says 125 "descriptor $ring of process $holder (ring_holder) cannot be taken (EPERM): .*CAP_SYS_PTRACE.*yama.ptrace_scope"
try "${user[@]}" "$spawn_bpf" show --pid "$holder" --ring "$ring"
ok the_ring_of_another_user_is_not_shown says 125 "process $holder (ring_holder) cannot be seen (EACCES): it takes CAP_SYS_PTRACE"
for command in list 'show once' 'detach 1' 'pin 1 /sys/fs/bpf/x'; do
	# shellcheck disable=SC2086
	try "${user[@]}" "$spawn_bpf" $command
	ok "${command%% *}_takes_privilege" says 125 '(EPERM); it takes CAP_SYS_ADMIN'
done
try "${user[@]}" "$spawn_bpf" detach "$pins/$holder-$ring-15"
ok the_pin_of_another_user says 125 'cannot be opened as a pinned link: Permission denied (EACCES)'
try "${unprivileged[@]}" "$spawn_bpf" attach --ring "$ring" "$prog"
ok an_unprivileged_caller_has_no_ring says 125 'descriptor [0-9]* is not open (EBADF)'
ask sh "${unprivileged[*]} $spawn_bpf attach --ring $ring $prog 2>$work/err"
status=${answer#status }
ok to_load_takes_privilege says 125 'cannot be loaded: .*(EPERM); it takes CAP_BPF and CAP_PERFMON'
drop
# it is killed when the holder ends, and has the ring as long as it has not ended itself
ok who_shared_it_is_gone eventually process_is_gone "$sharer"

# --- When the ring is gone
try "$spawn_bpf" list -j
ok a_policy_without_a_ring_as_json json 'len(j) == 1 and j[0]["rings"] == [] and j[0]["policy"] == "once"'
try "$spawn_bpf" detach "$pins/$holder-$ring-15"
ok what_is_left_can_be_removed tells 0 'removed$'
ok nothing_is_left nothing_left
# a user's own ring needs no rights to be seen; the names are what /proc says
holder_program=$'odd "\\\xff\n'
cp "$top/build/user/selftests/targets/ring_holder" "$holder_program"
holder_program=./$holder_program
chmod 755 . "$holder_program"
hold "${user[@]}"
try "${user[@]}" "$spawn_bpf" show -j --pid "$holder" --ring "$ring"
ok ones_own_ring_can_be_shown json 'j["comm"] == "odd \"\\\ufffd\n" and j["slots"] == []'
try "$spawn_bpf" attach --pid "$holder" --ring "$ring" "$once"
ok root_attaches_to_the_ring_of_a_user tells 0 '^policy once is attached'
try "${user[@]}" "$spawn_bpf" show --pid "$holder" --ring "$ring"
ok its_owner_sees_the_policy tells 0 'slot 0: policy once, map'
try "$spawn_bpf" list -j
ok odd_names_are_json json 'j[0]["rings"][0]["comm"] == "odd \"\\\ufffd\n"'
try "$spawn_bpf" detach "$(link_of once)"
drop
ok nothing_is_left_again nothing_left

# --- Objects that are something else
bpftool=$top/build/tools/bpftool/bpftool
"$bpftool" map create /sys/fs/bpf/map type array key 4 value 4 entries 1 name map
try "$spawn_bpf" detach /sys/fs/bpf/map
ok a_map_is_no_link says 125 '/sys/fs/bpf/map is a BPF object, but no link'
rm /sys/fs/bpf/map
try "$spawn_bpf" detach /etc/passwd
ok a_file_is_no_pin says 125 '/etc/passwd is in no BPF file system'

# --- Usage
try "$spawn_bpf" attach "$prog"
ok attach_without_a_ring says 125 '--ring is missing'
try "$spawn_bpf" attach --ring 3
ok attach_without_a_policy says 125 "the policy's BPF object file is missing"
try "$spawn_bpf" attach --ring 3 "$prog" "$prog"
ok attach_with_two_policies says 125 'one policy at a time'
try "$spawn_bpf" attach --ring 3 --slot 16 "$prog"
ok a_slot_that_is_none says 125 "--slot takes a number from 0 to 15, not '16'"
try "$spawn_bpf" attach --ring x "$prog"
ok a_ring_that_is_no_number says 125 "--ring takes a number from 0 to 2147483647, not 'x'"
try "$spawn_bpf" attach --pid 0 --ring 3 "$prog"
ok a_pid_that_is_none says 125 "--pid takes a number from 1 to"
try "$spawn_bpf" list spawn_prog
ok list_takes_nothing says 125 "'spawn_prog' is too many"
try "$spawn_bpf" show
ok show_needs_something says 125 'what to show is either'
try "$spawn_bpf" show --ring 3 once
ok show_takes_one_thing says 125 'what to show is either'
try "$spawn_bpf" show --pid 1
ok show_of_a_process_needs_a_ring says 125 '--ring is missing'
try "$spawn_bpf" detach
ok detach_needs_a_link says 125 'the link is missing'
try "$spawn_bpf" detach spawn_prog
ok detach_takes_no_name says 125 "'spawn_prog' is neither the id of a link nor a path"
try "$spawn_bpf" detach 1 2
ok detach_takes_one says 125 "'2' is too many"
for command in attach list show detach pin; do
	try "$spawn_bpf" $command --help
	ok "${command}_has_help" tells 0 '^Exit status: 0; 125'
	try "$spawn_bpf" $command --colour
	ok "${command}_names_an_unknown_option" says 125 "$command: unrecognized option '--colour'"
done
try sh -c "$spawn_bpf list >/dev/full"
ok a_full_device_is_125 says 125 'cannot write the answer: .*(ENOSPC)'

done_testing
