# SPDX-License-Identifier: GPL-2.0 OR MIT
# shellcheck shell=bash
# What the scripts of this directory print their results with.

tap_count=0
tap_failed=0

# result STATUS NAME [EXPLANATION]: one line of TAP; the explanation follows a failure as comments.
result() {
	tap_count=$((tap_count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_count - $2"
		return
	fi
	tap_failed=1
	echo "not ok $tap_count - $2"
	local explanation=${3-}
	echo "# ${explanation//$'\n'/$'\n'# }"
}

# expect NAME COMMAND...: passes if the command succeeds. Of a command that writes TAP itself, a failure
# is explained from its first failing test on.
expect() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then
		result 0 "$name"
	else
		result 1 "$name" "$(sed -n '/^not ok/,$p' <<<"$output" | grep . || echo "$output")"
	fi
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

done_testing() {
	echo "1..$tap_count"
	exit "$tap_failed"
}
