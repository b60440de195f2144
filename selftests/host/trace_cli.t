#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# "spawn-bpf trace" from the outside, in a guest with this machine's root.
set -euo pipefail
cd "$(dirname "$0")/../.."

# A trace that begins or ends switches tracepoints while chains run.
exec selftests/vm/guest --in-turn --root host --timeout 1500 -- loader/tests/trace.sh
