# SPDX-License-Identifier: GPL-2.0 OR MIT
# shellcheck shell=bash
# A process with a ring, selftests/targets/ring_holder, for the tests that source this and try.sh.
# It is process $holder, the ring is its descriptor $ring; one at a time.

# hold [COMMAND...]: starts one, under the command if there is one.
hold() {
	coproc HOLDER { exec "$@" "${holder_program:-$top/build/user/selftests/targets/ring_holder}"; }
	to_holder=${HOLDER[1]} from_holder=${HOLDER[0]}
	# shellcheck disable=SC2034  # for those who source this
	read -r -t 60 _ holder ring <&"$from_holder"
}

# ask COMMAND...: its answer is in $answer.
ask() {
	answer=
	echo "$*" >&"$to_holder"
	read -r -t 60 answer <&"$from_holder" || answer="no answer"
}

# answers TEXT COMMAND...
answers() {
	ask "${@:2}"
	echo "$answer" >out
	[ "$answer" = "$1" ]
}

# Ends it, and with it the ring.
drop() {
	kill "$holder"
	wait "$holder" 2>/dev/null || true
}
