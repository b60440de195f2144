# SPDX-License-Identifier: GPL-2.0 OR MIT
# shellcheck shell=bash
# Completion of spawn-bpf in bash: commands, options as --help names them, links, files.

_spawn_bpf_options() {
	"${COMP_WORDS[0]}" "$@" --help 2>/dev/null | grep -oE '^ +(-[^-], +)?--[a-z-]+=?' | grep -oE -- '--[a-z-]+=?'
}

_spawn_bpf_commands() {
	"${COMP_WORDS[0]}" --help 2>/dev/null | sed -nE 's/^(Usage:|  or:) +[^ ]+ \[OPTION\.\.\.\] ([a-z]+).*/\2/p' | sort -u
}

_spawn_bpf_links() {
	"${COMP_WORDS[0]}" list --json 2>/dev/null | grep -oE '"(link|id)": *[0-9]+' | grep -oE '[0-9]+$' | sort -un
}

# The words of a command line that spawn-bpf only hands on are completed as one of their own.
_spawn_bpf_hands_on() {
	local i
	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-f | -j | -p | -r | -d | -c | -s | -o | -b) [ "${COMP_WORDS[1]} ${COMP_WORDS[i]}" = "run -s" ] || i=$((i + 1)) ;;
		= | --*=*) ;;
		-*) ;;
		*) [ "${COMP_WORDS[i - 1]}" = = ] || return 0 ;;
		esac
	done
	return 1
}

_spawn_bpf() {
	local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]}
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_spawn_bpf_commands)" -- "$word")
		return
	fi
	case $command in
	run | trace) _spawn_bpf_hands_on && { mapfile -t COMPREPLY < <(compgen -c -f -- "$word"); return; } ;;
	esac
	case $word in
	-*)
		mapfile -t COMPREPLY < <(compgen -W "$(_spawn_bpf_options "$command")" -- "$word")
		[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
		return
		;;
	esac
	case $command in
	run | trace) mapfile -t COMPREPLY < <(compgen -c -f -- "$word") ;;
	show | detach | pin) mapfile -t COMPREPLY < <(compgen -f -W "$(_spawn_bpf_links)" -- "$word") ;;
	*) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	esac
}

complete -F _spawn_bpf spawn-bpf
