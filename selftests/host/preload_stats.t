#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# The file of SPAWN_BPF_STATS: what is in it, and that no file is a reason to do anything else.
# shellcheck disable=SC2317  # the cases are called through expect
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. selftests/preload/preload.sh

python=/usr/bin/python3

# spawns NAME FILE: a program of this name spawns twice, once in vain, and says what came of it.
spawns() {
	SPAWN_BPF_STATS=$2 LD_PRELOAD=$preload bash -c 'exec -a "$0" "$@"' "$1" "$python" -c '
import os
print(os.waitstatus_to_exitcode(os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", "exit 7"], {}), 0)[1]))
try:
    os.posix_spawn("/no/such", ["such"], {})
except FileNotFoundError:
    print("not found")
'
}

spawns_undisturbed() {
	[ "$(timeout 20 cat <(spawns "$@"))" = $'7\nnot found' ]
}

has_lines() {
	cat -A "$stats"
	[ "$(wc -l <"$stats")" = "$1" ] &&
		! grep -qvE "^pid [0-9]+ $2: io_uring [02], fallback [02](, [A-Z]+ 2)? *$" "$stats"
}

line_of_each_process() {
	: >"$stats"
	spawns_undisturbed one "$stats" && spawns_undisturbed two "$stats" && has_lines 2 '(one|two)'
}

name_is_one_word() {
	: >"$stats"
	spawns_undisturbed $'a name\nof two' "$stats" && has_lines 1 'a\?name\?of\?two'
}

file_that_is_created() {
	rm "$stats"
	spawns_undisturbed one "$stats" && has_lines 1 one
}

fifo_without_a_reader() {
	mkfifo "$work/fifo" && spawns_undisturbed one "$work/fifo"
}

beyond_the_file_size_limit() {
	: >"$stats"
	(ulimit -f 0 && spawns_undisturbed one "$stats") && has_lines 0 none
}

# In the midst of a process: what others have written into the new file stays.
replaced_file() {
	printf 'first line\n' >"$work/new"
	SPAWN_BPF_STATS=$stats LD_PRELOAD=$preload "$python" -c '
import os, sys
def spawn():
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
spawn()
os.rename(sys.argv[1], sys.argv[2])
spawn()
spawn()
' "$work/new" "$stats" || return 1
	cat -A "$stats"
	[ "$(head -n 1 "$stats")" = 'first line' ] && [ "$(wc -l <"$stats")" = 2 ] &&
		tail -n 1 "$stats" | grep -qE '(io_uring|fallback) 3'
}

expect line_of_each_process line_of_each_process
expect name_is_one_word name_is_one_word
expect file_that_is_created file_that_is_created
expect replaced_file replaced_file
expect fifo_without_a_reader fifo_without_a_reader
expect full_device spawns_undisturbed one /dev/full
expect directory spawns_undisturbed one /tmp
expect no_such_directory spawns_undisturbed one /no/such/directory/stats
expect empty_name spawns_undisturbed one ''
expect beyond_the_file_size_limit beyond_the_file_size_limit
done_testing
