#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# Programs of Debian under the preload, in a guest: the same comes out as from this machine, where
# they run without it.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "${KERNEL:-release}" = debug ]; then
	echo "1..0 # SKIP run on the release kernel"
	exit 0
fi
mkdir -p build/check
recorded=$(mktemp -d -p build/check)
trap 'rm -rf "$recorded"' EXIT
selftests/preload/programs.sh record "$PWD/$recorded" >&2
selftests/vm/guest --root host --timeout 1800 -- selftests/preload/programs.sh compare "$PWD/$recorded"
