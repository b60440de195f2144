#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# The policies of bpf/ keep the rules of the library: names, licence, tests, a section of a README.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. selftests/host/tap.sh

spdx=SPDX-License-Identifier:
mapfile -t policies < <(git ls-files -co --exclude-standard 'bpf/*.bpf.c')

# each COMMAND...: runs it with FILE and STEM for every policy, says for which it fails.
each() {
	local file stem bad=0
	for file in "${policies[@]}"; do
		stem=$(basename "$file" .bpf.c)
		"$@" "$file" "$stem" && continue
		echo "$file"
		bad=1
	done
	return "$bad"
}

# once LINE FILE: the file has exactly one such line.
once() {
	[ "$(grep -cxF -- "$1" "$2")" = 1 ]
}

says_its_name() {
	once "	.name = \"$2\"," "$1" && [ ${#2} -le 15 ]
}

names_its_ops() {
	once "IOU_SPAWN_OPS(${2}_ops) = {" "$1" && once "	.step = (void *)${2}_step," "$1" &&
		once "IOU_SPAWN_STEP(${2}_step, spawn, lp)" "$1" &&
		[ "$(grep -c IOU_SPAWN_OPS "$1")" = 1 ]
}

has_its_licence() {
	head -n 1 "$1" | grep -qxF "// $spdx GPL-2.0" &&
		once 'char LICENSE[] SEC("license") = "GPL";' "$1"
}

# The header comment begins with the name and what it does, and has its limits.
says_its_limits() {
	awk -v start=" * $2 - " '
	NR == 3 { named = index($0, start) == 1 }
	/^ \*\/$/ { exit }
	/Limits: / { limits = 1 }
	END { exit !(named && limits) }' "$1"
}

has_a_native_test() {
	grep -qxF "#include \"../../$1\"" "selftests/native/test_$2.c"
}

# Those beside the folders are spawn-bpf's own: its test runs them, one of them as the default.
has_a_guest_test() {
	case $1 in
	bpf/*/*) grep -qxF "LIBRARY_FIXTURE($2)" "selftests/library_$2.c" ;;
	*) grep -q "/$2\.bpf\.o" loader/tests/run.sh ||
		grep -q "${2}_bpf__elf_bytes(" loader/policies/policy.c ;;
	esac
}

# sections README: "NAME: HEADING HEADING..." of each section; a heading with no text is missing.
sections() {
	awk '
	/^## / { name = substr($0, 4); list[name] = list[name]; heading = "" }
	/^### / { heading = substr($0, 5); next }
	/[^ ]/ && heading { list[name] = list[name] " " heading; heading = "" }
	END { for (name in list) print name ":" list[name] }' "$1"
}

has_its_section() {
	sections "${1%/*}/README.md" | grep -qxF "$2: What When Ready?"
}

# In the last column of the table of bpf/README.md; "once" solves nothing.
is_said_to_solve_something() {
	[ "$2" = once ] || grep -qE "^\| .* \|( .*,)? $2(,.*)? \|\$" bpf/README.md
}

every_section_has_its_policy() {
	local readme name bad=0
	while read -r readme; do
		for name in $(sections "$readme" | sed 's/:.*//'); do
			[ -e "${readme%/*}/$name.bpf.c" ] && continue
			echo "$readme: $name"
			bad=1
		done
	done < <(git ls-files -co --exclude-standard 'bpf/README.md' 'bpf/*/README.md')
	return "$bad"
}

# What an application includes of the library: short, and nothing behind it.
region_headers_are_short() {
	local file bad=0
	while read -r file; do
		[ -e "${file%.h}.bpf.c" ] && [ "$(wc -l <"$file")" -le 40 ] &&
			head -n 1 "$file" | grep -qxF "/* $spdx GPL-2.0 OR MIT */" &&
			! grep -q '^ *# *include' "$file" && continue
		echo "$file"
		bad=1
	done < <(git ls-files -co --exclude-standard 'bpf/*/*.h')
	return "$bad"
}

library_is_found() {
	printf '%s\n' "${policies[@]}" | grep -qx bpf/spawn_prog.bpf.c &&
		printf '%s\n' "${policies[@]}" | grep -qx bpf/stable/path_search.bpf.c
}

expect the_script_finds_the_library library_is_found
expect names_are_those_of_the_files each says_its_name
expect ops_and_step_are_named_after_the_file each names_its_ops
expect licence_is_gpl each has_its_licence
expect header_comment_says_what_and_limits each says_its_limits
expect every_policy_has_a_native_test each has_a_native_test
expect every_policy_has_a_guest_test each has_a_guest_test
expect every_policy_has_a_section_of_three each has_its_section
expect every_policy_is_said_to_solve_something each is_said_to_solve_something
expect every_section_has_its_policy every_section_has_its_policy
expect region_headers_are_short_and_self_contained region_headers_are_short
done_testing
