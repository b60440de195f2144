#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# The examples, in a guest with this machine's root.
set -euo pipefail
cd "$(dirname "$0")/../.."

exec selftests/vm/guest --root host --timeout 600 -- examples/test.sh
