# SPDX-License-Identifier: GPL-2.0 OR MIT
# shellcheck shell=bash
# What the tests of spawn-bpf have in common. They are started in the top directory and run in one
# of their own, $work.

. selftests/host/eventually.sh

top=$PWD
# shellcheck disable=SC2034  # for those who source this
spawn_bpf=$top/build/user/loader/spawn-bpf
nr=0
failed=0
status=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit

# Runs it; standard output and error in ./out and ./err, the status in $status. After $patience
# seconds it is killed.
patience=60
try() {
	status=0
	timeout "$patience" "$@" >out 2>err || status=$?
}

# ok NAME CONDITION...
ok() {
	local name=$1
	shift
	nr=$((nr + 1))
	if "$@" >why 2>&1; then
		echo "ok $nr - $name"
		return
	fi
	failed=1
	echo "not ok $nr - $name"
	echo "# status $status"
	tail -n 100 why out err | cut -c 1-300 | sed 's/^/# /'
}

process_is_gone() {
	! kill -0 "$1" 2>/dev/null
}

status_is() {
	[ "$status" -eq "$1" ]
}

# says STATUS TEXT...: that status, and each TEXT in a line of standard error.
says() {
	local text
	status_is "$1" || return
	shift
	for text; do
		grep -q -- "$text" err || return
	done
}

# prints STATUS TEXT: that status, TEXT on standard output and nothing on standard error.
prints() {
	status_is "$1" && [ "$(cat out)" = "$2" ] && [ ! -s err ]
}

done_testing() {
	echo "1..$nr"
	exit $failed
}
