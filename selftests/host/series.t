#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# kernel-patch/ is what build/linux says, and reads as kernel patches should.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. selftests/host/tap.sh

# Standard input, because checkpatch takes a file that git tracks for source. It asks for an entry in
# MAINTAINERS with every new file.
checkpatch() {
	perl build/linux/scripts/checkpatch.pl --no-tree --strict --terse --no-summary - <"$1"
}

signed_off() {
	local author
	author=$(sed -n 's/^From: //p' "$1" | head -n 1)
	grep -qxF "Signed-off-by: $author" "$1" || {
		echo "no Signed-off-by line of its author, $author"
		return 1
	}
}

expect applying_and_exporting_changes_nothing mk/kernel-tree check
for patch in kernel-patch/0*.patch; do
	case $patch in */0000-* | *'*'*) continue ;; esac
	name=${patch##*/}
	expect "${name%.patch}_checkpatch_ok" checkpatch "$patch"
	expect "${name%.patch}_signed_off" signed_off "$patch"
done
done_testing
