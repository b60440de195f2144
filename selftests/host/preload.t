#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# posix_spawn() through the preload does what users of glibc's rely on.
set -euo pipefail
cd "$(dirname "$0")/../.."

exec selftests/vm/guest --root host --timeout 1800 -- selftests/preload/behaviour.sh io_uring
