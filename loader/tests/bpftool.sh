#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# What bpftool says of attached policies, their programs, links and maps. TAP. Runs as root on the
# patched kernel, in the top directory; selftests/host/bpftool.t boots a guest for it.
set -euo pipefail
. loader/tests/try.sh
. "$top/loader/tests/holder.sh"

bpftool=$top/build/tools/bpftool/bpftool
prog=$top/build/user/bpf/spawn_prog.bpf.o
script=$top/build/user/selftests/bpf/script.bpf.o

# has REGEX...: status 0, nothing on standard error, and a line of the output for each.
has() {
	local line
	status_is 0 && [ ! -s err ] || return 1
	for line in "$@"; do
		grep -qE -- "$line" out || return 1
	done
}

# Standard output is JSON, of which the Python expressions about j are true.
json() {
	local condition
	status_is 0 || return 1
	for condition in "$@"; do
		python3 -c "import json; j = json.load(open('out')); assert $condition" 2>>err || return 1
	done
}

# attach SLOT OPTIONS... FILE: $link, $map and $program are those of the policy.
attach() {
	try "$spawn_bpf" attach -j --pid "$holder" --ring "$ring" --slot "$@"
	read -r link map <<<"$(python3 -c 'import json; j = json.load(open("out")); print(j["link"], j["map"])')"
	program=$("$spawn_bpf" list | awk -v link="$link" '$1 == link { print $5 }')
}

# shellcheck disable=SC2119
hold

# --- Every policy that is built
for object in $(find "$top/build/user/bpf" -name '*.bpf.o' | sort); do
	name=$(basename "$object" .bpf.o)
	ops=${name}_ops step=${name}_step	# the kernel keeps 15 characters of a map's name
	attach 5 "$object"
	try "$bpftool" struct_ops list
	ok "struct_ops_list_has_$name" has "^$map: ${ops:0:15} +io_uring_spawn_ops *$"
	try "$bpftool" prog list
	ok "prog_list_has_$name" has "^$program: struct_ops  name $step  tag [0-9a-f]{16}  gpl$"
	try "$bpftool" link list
	ok "link_list_has_$name" has "^$link: struct_ops  map $map *$"
	try "$bpftool" gen skeleton "$object" name "${name}_bpf"
	ok "skeleton_of_${name}_is_as_built" cmp -s out "${object%.bpf.o}.skel.h"
	"$bpftool" link detach id "$link" >/dev/null
	try "$spawn_bpf" list
	ok "bpftool_detaches_$name" prints 0 'no policy is attached'
	try "$spawn_bpf" detach "/sys/fs/bpf/spawn_bpf/$holder-$ring-5"
	ok "the_pin_of_${name}_is_left" prints 0 \
		"link $link had been detached already, /sys/fs/bpf/spawn_bpf/$holder-$ring-5 is removed"
done

# --- One in detail
attach 2 --set max_busy=7 "$prog"
try "$bpftool" struct_ops dump name spawn_prog_ops
ok dump_has_the_members json 'j[0]["bpf_map_info"]["name"] == "spawn_prog_ops"' \
	'j[1]["bpf_struct_ops_io_uring_spawn_ops"]["data"]["name"] == "spawn_prog"' \
	'j[1]["bpf_struct_ops_io_uring_spawn_ops"]["data"]["slot"] == 2' \
	'j[1]["bpf_struct_ops_io_uring_spawn_ops"]["data"]["max_steps"] == 0' \
	"j[1]['bpf_struct_ops_io_uring_spawn_ops']['data']['step'].endswith(' spawn_prog_step/prog_id:$program')"
try "$bpftool" -j struct_ops list
ok struct_ops_list_as_json json "j == [{'id': $map, 'name': 'spawn_prog_ops', 'kernel_struct_ops': 'io_uring_spawn_ops'}]"
try "$bpftool" -j prog show id "$program"
ok prog_as_json json 'j["type"] == "struct_ops" and j["name"] == "spawn_prog_step" and j["gpl_compatible"]'
rodata=$(python3 -c 'import json; print(json.load(open("out"))["map_ids"][0])')
try "$bpftool" map dump id "$rodata"
ok rodata_has_the_parameters json \
	'j[0]["value"][".rodata"] == [{"max_busy": 7}, {"first_pause_ns": 1000000}, {"longest_pause_ns": 64000000}]'
try "$bpftool" map dump name spawn_pr.rodata
ok rodata_has_a_name_too json 'j[0]["value"][".rodata"][0] == {"max_busy": 7}'
# shellcheck disable=SC2046
try "$bpftool" map update id "$rodata" key 0 0 0 0 value $(printf '0 %.0s' $(seq 24))
ok rodata_is_frozen says 255 'Operation not permitted'
try "$bpftool" -j link list
ok link_list_as_json json "j == [{'id': $link, 'type': 'struct_ops', 'prog_id': 0, 'map_id': $map}]"
try "$bpftool" -f link list
ok link_list_has_the_pin has "pinned /sys/fs/bpf/spawn_bpf/$holder-$ring-2$"
try "$bpftool" prog dump xlated id "$program"
ok the_programs_code_calls_our_kfuncs has 'call.*bpf_io_uring_spawn_queue_sqe' 'call.*bpf_io_uring_spawn_get_cqe'
try "$bpftool" gen skeleton "$prog" name mine
ok a_skeleton_has_ops_and_parameters has '^struct mine \{$' 'struct mine__spawn_prog_ops__io_uring_spawn_ops \{' \
	'unsigned int ring_fd;' 'unsigned int slot;' '__u32 max_busy;' '__u64 first_pause_ns;'
try "$bpftool" struct_ops unregister id "$map"
ok a_policy_with_a_link_is_not_unregistered says 255 'Operation not supported'

# --- State of a policy, while it is attached
attach 3 "$script"
ask spawn 3 /bin/true	# which is a script of 64 steps that do nothing
ok a_script_comes_to_its_end answers 'outcome -71' wait
try "$bpftool" map dump name script.bss
ok bss_has_what_the_policy_counted json '{"nr_steps": 65} in j[0]["value"][".bss"]'
try "$bpftool" struct_ops list
ok struct_ops_list_has_both test "$(grep -c io_uring_spawn_ops out)" = 2

# nothing_in COMMAND...: the kernel frees what nobody has any more when grace periods are over.
nothing_in() {
	try "$bpftool" "$@"
	prints 0 ''
}

# --- And nothing is left of them
for link in $("$spawn_bpf" list | awk 'NR > 1 { print $1 }'); do
	"$spawn_bpf" detach "$link" >/dev/null
done
drop
for what in 'struct_ops list' 'link list' 'prog list'; do
	# shellcheck disable=SC2086
	ok "${what// /_}_is_empty_again" eventually nothing_in $what
done

done_testing
