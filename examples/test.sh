#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# shellcheck disable=SC2016 # what is in single quotes is for the workers' shell
# The examples on real programs. Runs as root on the patched kernel, in the top directory;
# selftests/host/examples.t boots one for it. TAP.
set -uo pipefail
top=$PWD
. selftests/host/tap.sh
. selftests/host/eventually.sh
bin=$top/build/user/examples
work=$(mktemp -d)
server=
trap 'rm -rf "$work"' EXIT
cd "$work" || exit

for name in a b c; do
	printf '#!/bin/sh\nread -r line <"%s/gate"\n' "$work" >$name
	chmod +x $name
done
mkfifo gate

# has_spawned PROCESS EXECED FAILED: so many, from a ring of its.
has_spawned() {
	grep -qsx "SpawnsExeced:[[:space:]]*$2" "/proc/$1"/fdinfo/* &&
		grep -qsx "SpawnsFailed:[[:space:]]*$3" "/proc/$1"/fdinfo/*
}

# at_the_gate EXECED FAILED ARGUMENT...: runs least_loaded with these. Nobody has ended when the
# last one is chosen: the programs wait at the gate.
at_the_gate() {
	local missing=0
	"$bin/least_loaded" "${@:3}" >out &
	eventually has_spawned $! "$1" "$2" || missing=1
	# more than enough, for those too that have not come to the gate yet
	exec 7<>gate
	seq 100 >&7
	wait $! || return
	cat out
	return "$missing"
}

spreads_jobs_evenly() {
	local name
	at_the_gate 9 0 9 "$work/a" "$work/b" "$work/c" || return
	for name in a b c; do
		[ "$(grep -c "/$name\$" out)" = 3 ] || return
	done
}

passes_failures_on() {
	at_the_gate 2 1 3 "$work/a" "$work/b" /nonexistent || return
	grep -q '^job [0-2]: SQE 0: No such file or directory$' out && [ "$(grep -c runs out)" = 2 ]
}

says_who_may_load() {
	! setpriv --reuid=65534 --clear-groups "$bin/least_loaded" 1 a b c >out 2>&1
	cat out
	grep -q 'cannot be attached: Operation not permitted' out
}

start_server() {
	"$bin/server" "$work/sock" "$@" >server.out 2>&1 &
	server=$!
	until [ -S sock ]; do sleep 0.1; done
}

has_no_worker() {
	! pgrep -P "$server" >/dev/null
}

# It counts a worker when it has reaped it, which is some time after the answer.
stop_server() {
	eventually has_no_worker || return
	kill -TERM "$server" && wait "$server" || return
	cat server.out
	grep -qx "$1" server.out
}

# ask LINE...: a connection for each line, all at once; prints the answers in this order.
ask() {
	timeout 60 python3 - "$work/sock" "$@" <<-'END'
	import socket, sys
	clients = []
	for line in sys.argv[2:]:
	    s = socket.socket(socket.AF_UNIX)
	    s.connect(sys.argv[1])
	    s.send(line.encode() + b"\n")
	    clients.append(s)
	for s in clients:
	    print(s.makefile().read(), end="")
	END
}

answers_everybody() {
	local names
	mapfile -t names < <(seq 50)
	start_server /bin/sh -c 'read -r name; echo "hello, $name"'
	ask "${names[@]}" >out || return
	diff out <(seq 50 | sed 's/^/hello, /') && stop_server "50 workers served, 0 could not be started"
}

# One that says nothing, and one that only computes, hold nobody up.
waits_for_nobody() {
	local idle
	start_server /bin/sh -c 'read -r what; case $what in busy) while :; do :; done ;; esac; echo "$what"'
	sleep 1000 | python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); sys.stdin.read()' "$work/sock" &
	idle=$!
	ask busy now >out
	cat out
	pkill -x sleep
	wait "$idle"
	# the busy one is killed when its second of processor time is over
	[ "$(cat out)" = now ] && stop_server "[23] workers served, 0 could not be started"
}

# "ls" itself has the directory open.
gives_workers_three_descriptors() {
	start_server /bin/sh -c 'read -r line; ls /proc/self/fd | tr "\n" " "'
	exec 7</dev/null
	[ "$(ask x)" = "0 1 2 3 " ] && stop_server "1 workers served, 0 could not be started"
}

survives_a_worker_that_cannot_be_started() {
	start_server /nonexistent
	[ -z "$(ask x)" ] || return
	eventually grep -q '^/nonexistent: No such file or directory$' server.out || {
		cat server.out
		return 1
	}
	stop_server "0 workers served, 1 could not be started"
}

expect least_loaded_spreads_jobs_evenly spreads_jobs_evenly
expect least_loaded_passes_failures_on passes_failures_on
expect least_loaded_says_who_may_load_policies says_who_may_load
expect server_answers_fifty_clients_at_once answers_everybody
expect server_waits_for_nobody waits_for_nobody
expect server_gives_workers_three_descriptors gives_workers_three_descriptors
expect server_survives_a_worker_that_cannot_be_started survives_a_worker_that_cannot_be_started
done_testing
