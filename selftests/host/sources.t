#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# Every source file says its licence; every shell script passes shellcheck.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. selftests/host/tap.sh

sources() {
	git ls-files | grep -E '(\.[ch]|\.sh|\.t|\.mk|\.config|/Makefile|^Makefile|^mk/[a-z-]+|/run|/guest)$'
}

scripts() {
	git ls-files | while read -r file; do
		head -n 1 "$file" | grep -qE '^#!.*(ba)?sh' && echo "$file"
	done
}

every_file_has_spdx() {
	local file bad=0
	for file in $(sources); do
		head -n 2 "$file" | grep -q 'SPDX-License-Identifier: ' && continue
		echo "$file has no SPDX line"
		bad=1
	done
	return "$bad"
}

lint() {
	mapfile -t files < <(scripts)
	shellcheck -x "${files[@]}"
}

expect every_source_has_its_licence every_file_has_spdx
expect shellcheck_ok lint
done_testing
