#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# The policies' decisions, without a kernel: builds selftests/native and runs what is there.
set -euo pipefail
cd "$(dirname "$0")/../.."

out=build/user/selftests/native
if ! log=$(make -s -C selftests/native 2>&1); then
	echo "1..1"
	echo "not ok 1 - native_tests_build"
	echo "# ${log//$'\n'/$'\n'# }"
	exit 1
fi
exec "$out/test_spawn_prog"
