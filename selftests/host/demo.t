#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# What "make run" shows is what it should be.
set -euo pipefail
cd "$(dirname "$0")/../.."

echo "1..1"
if log=$(selftests/vm/guest --root host --timeout 1800 -- loader/demo.sh 2>&1); then
	echo "ok 1 - demonstration_goes_as_it_should"
	grep -E '^(spawn-bpf run -f|xargs) .* files, ' <<<"$log" | sed 's/^/# /'
	exit 0
fi
echo "not ok 1 - demonstration_goes_as_it_should"
echo "# ${log//$'\n'/$'\n'# }"
exit 1
