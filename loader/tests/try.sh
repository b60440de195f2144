# SPDX-License-Identifier: GPL-2.0 OR MIT
# shellcheck shell=bash
# What the tests of spawn-bpf have in common. They are started in the top directory and run in one
# of their own, $work.

top=$PWD
# shellcheck disable=SC2034  # for those who source this
spawn_bpf=$top/build/user/loader/spawn-bpf
nr=0
failed=0
status=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit

# Runs it; standard output and error in ./out and ./err, the status in $status.
try() {
	status=0
	timeout 60 "$@" >out 2>err || status=$?
}

# ok NAME CONDITION...
ok() {
	local name=$1
	shift
	nr=$((nr + 1))
	if "$@"; then
		echo "ok $nr - $name"
		return
	fi
	failed=1
	echo "not ok $nr - $name"
	echo "# status $status"
	sed 's/^/# /' out err
}

status_is() {
	[ "$status" -eq "$1" ]
}

# says STATUS TEXT: that status, and TEXT on standard error.
says() {
	status_is "$1" && grep -q -- "$2" err
}

prints() {
	status_is "$1" && [ "$(cat out)" = "$2" ] && [ ! -s err ]
}

done_testing() {
	echo "1..$nr"
	exit $failed
}
