#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# hazards.t [KERNEL TREE]: docs/hazards.md names no test, function or file that does not exist, and
# each of its rows says which test would notice, or why there is nothing to notice.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. selftests/host/tap.sh

doc=docs/hazards.md
tree=${1:-build/linux}
least=100	# rows; a document that the script cannot read has none

# What is between backticks.
quoted() {
	awk -F '\x60' '{ for (i = 2; i <= NF; i += 2) print $i }' "$doc" | sort -u
}

# "PROGRAM.TEST"; names of files have other endings.
tests() {
	quoted | grep -xE '[a-z0-9_]+\.[a-z0-9_]{3,}'
}

functions() {
	quoted | sed -n 's/^\([a-z_][a-z0-9_]*\)()$/\1/p'
}

files() {
	quoted | grep -xE '[a-z_]+(/[A-Za-z0-9_.-]+)+' | grep -v '^selftests/'
}

tests_exist() {
	local name missing=0
	for name in $(tests); do
		grep -qE "^TEST[A-Z_]*\(([a-z0-9_]+, )?${name#*.}[,)]" "selftests/${name%%.*}.c" ||
			{ echo "no test $name"; missing=1; }
	done
	return "$missing"
}

# What occurs as NAME( in the kernel's C files.
functions_exist() {
	local any known
	any=$(functions | paste -sd '|')
	known=$(cd "$tree" && grep -rhoE "\<($any)\(" --include='*.[ch]' \
		arch/x86/kernel block drivers/tty fs include io_uring kernel mm security |
		tr -d '(' | sort -u)
	diff <(functions) <(echo "$known") | sed -n 's/^< /no function /p' | fails_if_any
}

files_exist() {
	local file
	for file in $(files); do
		[ -e "$tree/$file" ] || echo "no file $file"
	done | fails_if_any
}

fails_if_any() {
	! grep .
}

rows() {
	grep '^|' "$doc" | grep -vxE '\|[-|]*\|' | grep -v '^| what could happen |'
}

all_rows_are_there() {
	[ "$(rows | wc -l)" -ge "$least" ] && [ "$(tests | wc -l)" -ge "$least" ] &&
		[ "$(functions | wc -l)" -ge 50 ]
}

# The three columns are not empty, and the last two hold what they should.
rows_are_whole() {
	rows | awk -F ' *[|] *' '
	NF != 5 || $2 == "" || $3 == "" || $4 == "" { print "not three columns:", $0; next }
	$3 ~ /^cannot happen: because / { next }
	$4 !~ /\x60[a-z0-9_]+\.[a-z0-9_]+\x60/ { print "no test:", $2 }' | fails_if_any
}

expect the_script_finds_the_rows_ok all_rows_are_there
expect every_row_has_a_test_or_a_reason rows_are_whole
expect tests_named_exist tests_exist
expect kernel_functions_named_exist functions_exist
expect kernel_files_named_exist files_exist
done_testing
