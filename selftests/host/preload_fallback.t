#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# The preload on this machine's own kernel, which has no io_uring spawn: nothing changes, and nothing
# is served by io_uring.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. selftests/host/tap.sh

if build/user/loader/spawn-bpf features >/dev/null 2>&1; then
	echo "1..0 # SKIP the kernel of this machine is a patched one"
	exit 0
fi
expect programs_see_the_behaviour_of_the_C_library selftests/preload/behaviour.sh fallback
expect cpython_passes selftests/preload/python.sh unpatched
done_testing
