#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# docs/attributes.md, the interface and the tests speak of the same attributes, fields and errors.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. selftests/host/tap.sh

doc=docs/attributes.md
header=include/spawn_bpf.h
refused=selftests/task_refused.c
cases=(selftests/task_{files,signals,session,sched,limits,ids}.c)

# "NUMBER NAME" of each enumerator, as the header counts them.
attributes() {
	sed -n '/^enum io_uring_task_attr {/,/^}/s/^\tIORING_TASK_\(\w*\),.*/\1/p' "$header" |
		grep -v '^LAST$' | awk '{ print NR - 1, $1 }'
}

# rows COLUMN...: "NAME VALUE", empty columns as -.
column() {
	awk -F ' *[|] *' -v column="$1" \
		'$2 ~ /^[0-9]+$/ { print $3, $column == "" ? "-" : $column }' "$doc"
}

refused_ones() {
	column 10 | awk '$2 == "refused" { print $1 }'
}

# "NAME ERROR..." by the cases of the tests: of each the result, and the last attribute.
errors_of_tests() {
	awk -v names=" $(attributes | awk '{ printf "%s ", $2 }')" '
	BEGIN { RS = "{ \"" }
	NR > 1 {
		sub(/^[^"]*", /, "")
		error = $0
		sub(/,.*/, "", error)
		last = ""
		while (match($0, /[A-Z_]+\(/)) {
			name = substr($0, RSTART, RLENGTH - 1)
			if (index(names, " " name " "))
				last = name
			$0 = substr($0, RSTART + RLENGTH)
		}
		if (last)
			print last, error ~ /^-E/ ? substr(error, 2) : "-"
	}' "${cases[@]}" | sort -u | collect
}

errors_of_docs() {
	column 11 | while read -r name errors; do
		refused_ones | grep -qx "$name" && continue
		echo "$name -"
		for error in ${errors/-/}; do echo "$name $error"; done
	done | sort -u | collect
}

# One line per name. A "-" says there is a case that succeeds: without one a name is missing.
collect() {
	awk '{ list[$1] = list[$1] " " $2 } END { for (name in list) print name list[name] }' | sort
}

# "NAME FIELDS" of the columns fd, addr, len, rw_flags, addr3.
fields_of_docs() {
	awk -F ' *[|] *' '
	BEGIN { split("FD ADDR LEN FLAGS ADDR3", field, " ") }
	$2 ~ /^[0-9]+$/ && $10 != "refused" {
		line = $3
		for (i = 1; i <= 5; i++)
			if ($(i + 4) != "")
				line = line " " field[i]
		print line
	}' "$doc" | sort
}

fields_of_tests() {
	sed -nE 's/^\t\{ ([A-Z_]+)\(.*\), ([A-Z03 |]+)(, \.fails = true)? \},$/\1 \2/p' "$refused" |
		sed -E 's/ \|//g; s/ 0$//' | sort
}

refused_by_tests() {
	sed -nE 's/^\tATTR\(([A-Z_]+)[,)].*/\1/p' "$refused" | sort
}

same() {
	diff <("$1") <("$2")
}

numbers_of_docs() {
	sed -nE 's/^\| ([0-9]+) \| ([A-Z_]+) .*/\1 \2/p' "$doc"
}

sorted_refused_ones() {
	refused_ones | sort
}

some_attributes() {
	[ "$(attributes | wc -l)" -ge 26 ] && [ "$(fields_of_tests | wc -l)" -ge 22 ]
}

expect the_scripts_find_the_tables_ok some_attributes
expect every_attribute_has_its_row_under_its_number same attributes numbers_of_docs
expect errors_are_those_of_the_tests same errors_of_tests errors_of_docs
expect fields_are_those_of_the_tests same fields_of_tests fields_of_docs
expect refused_ones_are_those_of_the_tests same refused_by_tests sorted_refused_ones
done_testing
