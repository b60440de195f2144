# SPDX-License-Identifier: GPL-2.0 OR MIT
# shellcheck shell=bash

# eventually COMMAND...: succeeds when the command does, within two minutes. For what somebody else
# does, a program or the kernel behind the back of who has asked for it.
eventually() {
	local end=$((SECONDS + 120))
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return
		sleep 0.1
	done
}
