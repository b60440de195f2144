#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# Many commands from one ring: spawn-bpf run -f, in a guest with this machine's root.
set -euo pipefail
cd "$(dirname "$0")/../.."

exec selftests/vm/guest --root host --timeout 3000 -- loader/tests/batch.sh
