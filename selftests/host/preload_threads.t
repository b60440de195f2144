#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# 20 000 spawns through the preload by 16 threads at once; a fifth of that on the debug kernel.
set -euo pipefail
cd "$(dirname "$0")/../.."

spawns=20000
[ "${KERNEL:-release}" != debug ] || spawns=4000
exec selftests/vm/guest --root host --timeout 1200 -- selftests/preload/threads.sh "$spawns"
