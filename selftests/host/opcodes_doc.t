#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# docs/opcodes.md says what the table of selftests/opcodes.c says, row by row.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. selftests/host/tap.sh

documented() {
	sed -nE 's/^\| ([0-9]+) \| ([A-Z0-9_]+) \| (runs|-E[A-Z0-9]+) \|.*/\1 \2 \3/p' docs/opcodes.md |
		sed 's/ -E/ E/'
}

rows_agree() {
	diff <(documented) <(build/user/selftests/opcodes --table)
}

# A table that is empty on both sides would agree.
all_are_there() {
	[ "$(documented | wc -l)" -ge 62 ]
}

expect the_table_has_all_rows all_are_there
expect every_row_is_what_the_test_checks rows_agree
done_testing
