#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# The manual page and the completion of spawn-bpf know what --help knows.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. selftests/host/tap.sh
. loader/spawn-bpf.bash
tool=build/user/loader/spawn-bpf
page=loader/spawn-bpf.1

commands() {
	$tool --help | sed -nE 's/^(Usage:|  or:) +[^ ]+ \[OPTION\.\.\.\] ([a-z]+).*/\2/p' | sort -u
}

page_is_clean() {
	local warnings
	warnings=$(groff -man -ww -Tutf8 "$page" 2>&1 >/dev/null)
	echo "$warnings"
	[ -z "$warnings" ]
}

page_has_commands() {
	local command missing=0
	for command in $(commands); do
		grep -qx "\.B $command" "$page" && continue
		echo "$command is not in the manual"
		missing=1
	done
	return "$missing"
}

page_has_options() {
	local command option missing=0
	for command in $(commands); do
		while read -r option; do
			option=${option#--}
			grep -qE -- "\\\\-\\\\-${option//-/\\\\-}([^a-z\\]|\\\\f|$)" "$page" && continue
			echo "$command --$option is not in the manual"
			missing=1
		done < <($tool "$command" --help | grep -oE -- '^ +(-[^-], +)?--[a-z-]+' | grep -oE -- '--[a-z-]+')
	done
	return "$missing"
}

# completes WORD... => RESULT...: what is offered for the last word of a command line.
completes() {
	COMP_WORDS=("$tool")
	while [ "$1" != "=>" ]; do
		COMP_WORDS+=("$1")
		shift
	done
	shift
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_spawn_bpf
	echo "offered: ${COMPREPLY[*]}"
	[ "$(printf '%s\n' "${COMPREPLY[@]}" | sort)" = "$(printf '%s\n' "$@" | sort)" ]
}

expect manual_has_no_warnings page_is_clean
expect manual_has_every_command page_has_commands
expect manual_has_every_option page_has_options
# shellcheck disable=SC2046 # one word for each
expect every_command_is_completed completes "" "=>" $(commands)
expect command_is_completed completes fe "=>" features
expect option_is_completed completes run --pol "=>" --policy=
expect option_behind_an_option_is_completed completes trace --json --chr "=>" --chrome=
expect value_is_no_command completes attach --ring = 5 --sl "=>" --slot=
expect file_is_completed completes attach bpf/stable/dead "=>" bpf/stable/deadline.bpf.c bpf/stable/deadline.h
expect what_is_run_is_a_command completes run groff "=>" groff
done_testing
