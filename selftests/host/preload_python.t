#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# CPython's cases for posix_spawn() under the preload: served by io_uring, and by fallback where it is
# forbidden. They say more about Python than about the kernel, and take long: not on the debug one.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "${KERNEL:-release}" = debug ]; then
	echo "1..0 # SKIP run on the release kernel"
	exit 0
fi
exec selftests/vm/guest --root host --timeout 1800 -- selftests/preload/python.sh io_uring disabled EPERM ENOSYS KILL
