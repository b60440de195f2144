#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# What spawn-bpf does, with the programs of an ordinary Debian. Runs as root on the patched kernel,
# in the top directory; "make run" boots one for it. Every result is checked: a wrong one is named,
# and the exit status is 1.
set -euo pipefail

top=$PWD
PATH=$top/build/user/loader:$top/build/tools/bpftool:$top/build/user/examples:/nonexistent:/dev/null
PATH+=:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

title() {
	printf '\n=== %s\n\n' "$1"
}

# Shows a command and runs it; its output stays in ./output, its status in $status.
show() {
	printf '$ %s\n' "$*"
	status=0
	"$@" >output 2>&1 || status=$?
	cat output
}

wrong() {
	failed=1
	printf 'WRONG: %s\n' "$1"
}

expect_status() {
	[ "$status" -eq "$1" ] || wrong "exit status $status instead of $1"
}

expect() {
	grep -q -- "$1" output || wrong "the output does not have '$1'"
}

# All attempts were made by one task, the one that then ran the program.
expect_one_pid() {
	local pids
	pids=$(grep -o 'pid [0-9]\+' output | sort -u)
	[ "$(wc -l <<<"$pids")" -eq 1 ] || wrong "more than one task: ${pids//$'\n'/, }"
}

title "What this kernel offers"
show spawn-bpf features
expect_status 0
expect 'SPAWN_BPF'

title "A compiler, found by PATH search"
cat >hello.c <<'EOF'
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	printf("hello, this is pid %d\n", getpid());
	return 0;
}
EOF
show printenv PATH
show spawn-bpf run --trace gcc -O2 -o hello hello.c
expect_status 0
expect '/nonexistent/gcc: ENOENT'
expect '/dev/null/gcc: ENOTDIR'
expect '/usr/bin/gcc: runs'
expect_one_pid
show spawn-bpf run ./hello
expect_status 0
expect 'hello, this is pid'

title "A program that is still open for writing: the task waits and tries again"
printf '$ exec 9>>hello\n$ spawn-bpf run --trace --retry 100 ./hello &\n'
exec 9>>hello
: >output
spawn-bpf run --trace --retry 100 ./hello >output 2>&1 9>&- &
until [ "$(grep -c ETXTBSY output)" -ge 3 ] || ! kill -0 $! 2>/dev/null; do
	sleep 0.01
done
printf '$ exec 9>&-\n$ wait\n'
exec 9>&-
status=0
wait $! || status=$?
cat output
expect_status 0
expect './hello: ETXTBSY'
expect './hello: runs'
expect 'hello, this is pid'
expect_one_pid

title "A script without #!: the policy gives it to /bin/sh"
# shellcheck disable=SC2016  # the script's own variables
echo 'echo "a script, run by $(readlink /proc/$$/exe), with the argument $1"' >script
chmod +x script
show spawn-bpf run --trace ./script apples
expect_status 0
expect './script: ENOEXEC'
expect 'with the argument apples'
show spawn-bpf run --no-shell ./script apples
expect_status 126
expect './script: Exec format error (ENOEXEC)'

title "A name that exists nowhere"
show spawn-bpf run no-such-program
expect_status 127
expect 'no-such-program.*ENOENT'

title "The policy, while a program runs under it"
# shellcheck disable=SC2016  # the shell's own variable
command='echo "pid $$ runs"; exec sleep 60'
printf "\$ spawn-bpf run sh -c '%s' &\n" "$command"
spawn-bpf run sh -c "$command" >running &
until [ -s running ] || ! kill -0 $! 2>/dev/null; do
	sleep 0.01
done
cat running
show bpftool struct_ops list
expect_status 0
expect 'spawn_prog_ops.*io_uring_spawn_ops'
show bpftool link list
expect_status 0
expect 'struct_ops'
printf '$ kill %%1; wait %%1\n'
kill $!
status=0
wait $! || status=$?
printf 'exit status %d\n' "$status"
expect_status 143
show bpftool struct_ops list
expect_status 0
! grep -q spawn_prog output || wrong "the policy is still there"

title "An application whose policy picks the least loaded of three programs, traced"
show spawn-bpf trace least_loaded 3 /bin/true /bin/sync /bin/echo
expect_status 0
for program in /bin/true /bin/sync /bin/echo; do
	expect "runs $program"
done
expect 'step      1, START: CONTINUE'
expect 'queue     EXEC, policy'

title "A policy for the ring of a server that is running"
cp "$top/build/user/bpf/stable/busy_retry.bpf.o" .
server "$work/socket" /bin/cat &
until [ -S socket ]; do
	sleep 0.01
done
ring=$(basename "$(find "/proc/$!/fd" -lname 'anon_inode:*io_uring*' | head -n 1)")
show spawn-bpf attach --pid $! --ring "$ring" --set max_busy=20 busy_retry.bpf.o
expect_status 0
expect 'policy busy_retry is attached to slot 0'
show spawn-bpf list
expect "busy_retry .*$! (server)"
show spawn-bpf show busy_retry
expect 'max_steps 1024 (default)'
show bpftool map dump name busy_ret.rodata
expect '"max_busy": 20'
show spawn-bpf detach "/sys/fs/bpf/spawn_bpf/$!-$ring-0"
expect_status 0
kill $!
wait $! || wrong "the server ended with status $?"

files=200
[ "${KERNEL:-release}" != debug ] || files=20		# ten times as slow
title "$files C files, compiled by spawn-bpf run -f and by xargs -P"
cd "$top"
status=0
loader/compile.sh "$files" || status=$?
expect_status 0

if [ $failed -eq 0 ]; then
	printf '\nEverything went as it should.\n'
else
	printf '\nSomething went wrong, see WRONG above.\n'
fi
exit $failed
