# SPDX-License-Identifier: GPL-2.0 OR MIT
# shellcheck shell=bash
# Completion of spawn-bpf in bash: commands, options as --help names them, links, files.

_spawn_bpf_help() {
	"${COMP_WORDS[0]}" "$@" --help 2>/dev/null
}

_spawn_bpf_options() {
	_spawn_bpf_help "$1" | grep -oE '^ +(-[^-], +)?--[a-z-]+=?' | grep -oE -- '--[a-z-]+=?'
}

_spawn_bpf_commands() {
	_spawn_bpf_help | sed -nE 's/^(Usage:|  or:) +[^ ]+ \[OPTION\.\.\.\] ([a-z]+).*/\2/p' | sort -u
}

_spawn_bpf_links() {
	"${COMP_WORDS[0]}" list --json 2>/dev/null | grep -oE '"(link|id)": *[0-9]+' | grep -oE '[0-9]+$' | sort -un
}

# Does $1, a short option of the command, take the next word as its value?
_spawn_bpf_takes_value() {
	_spawn_bpf_help "$2" | grep -qE -- "^ +$1, --[a-z-]+="
}

# Is the word to complete one of the command line that run and trace only hand on?
_spawn_bpf_hands_on() {
	local i
	case $1 in run | trace) ;; *) return 1 ;; esac
	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--*) [ "${COMP_WORDS[i + 1]-}" != = ] || i=$((i + 2)) ;;
		-?) ! _spawn_bpf_takes_value "${COMP_WORDS[i]}" "$1" || i=$((i + 1)) ;;
		-*) ;;
		*) return 0 ;;
		esac
	done
	[ "$i" = "$COMP_CWORD" ] && [[ ${COMP_WORDS[i]} != -* ]]
}

_spawn_bpf() {
	local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]}
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_spawn_bpf_commands)" -- "$word")
		return
	fi
	if _spawn_bpf_hands_on "$command"; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -c -f -- "$word" | sort -u)
		return
	fi
	case $command:$word in
	*:-*)
		mapfile -t COMPREPLY < <(compgen -W "$(_spawn_bpf_options "$command")" -- "$word")
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
		;;
	show:* | detach:* | pin:*)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -W "$(_spawn_bpf_links)" -- "$word")
		;;
	*)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	esac
}

complete -F _spawn_bpf spawn-bpf
