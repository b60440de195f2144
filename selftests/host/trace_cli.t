#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# "spawn-bpf trace" from the outside, in a guest with this machine's root.
set -euo pipefail
cd "$(dirname "$0")/../.."

exec selftests/vm/guest --root host --timeout 1500 -- loader/tests/trace.sh
