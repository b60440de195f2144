#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# What README.md tells to do works, and what it shows is what is there.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. selftests/host/tap.sh

# block REGEX: the first fenced block that has a line like that.
block() {
	awk -v regex="$1" '
		/^```/ { if (inside && found) exit; inside = !inside; text = ""; next }
		inside { text = text $0 "\n"; found = found || $0 ~ regex }
		END { printf "%s", text }' README.md
}

shows_the_example() {
	diff <(block '^#include <liburing.h>') <(tail -n +2 examples/hello.c)
}

# The command line that it gives for it.
example_runs() {
	local build
	build=$(grep -o 'gcc .* examples/hello.c -luring' README.md) || return
	build=${build/-o hello/-o /tmp/hello}
	selftests/vm/guest --root host -- sh -c "$build && TZ=UTC /tmp/hello" | grep -x '.* UTC [0-9]*'
}

lists_the_configuration() {
	diff <(block '^CONFIG_IO_URING_SPAWN=y' | sort) <(grep '^CONFIG_' kernel-patch/config/spawn.config | sort)
}

# The series in a tree as Debian ships it; only the files that it touches are needed.
patches_apply() {
	local command series=$PWD/kernel-patch
	command=$(grep -o 'cat [^`]*kernel-patch/0\*\.patch | patch -p1' README.md) || return
	command=${command/ *kernel-patch/ "$series"}
	sed -nE 's|^--- a/(.*)$|\1|p' kernel-patch/0*.patch | sort -u |
		xargs git -C build/linux ls-tree -r --name-only base -- |
		xargs git -C build/linux archive base -- | tar -x -C "$scratch" || return
	(cd "$scratch" && eval "$command") >"$scratch/log" 2>&1 || { cat "$scratch/log"; return 1; }
	grep -E 'fuzz|offset|FAILED|garbage' "$scratch/log" && return 1
	# A file that the series made.
	test -s "$scratch/io_uring/spawn.c"
}

# The walkthrough of docs/policies.md, up to its building, is the source of the example.
walkthrough_is_the_example() {
	local squeezed='/^$/d'
	diff <(sed '/^\*\*Build it/,$d' docs/policies.md | awk '/^```/ { inside = /^```c$/; next } inside' | sed "$squeezed") \
		<(sed -n '/^#include/,$p' examples/least_loaded.bpf.c | sed "$squeezed")
}

# Its commands for doing that by hand. The objects differ by the paths in their debug information.
walkthrough_builds() {
	local commands top=$PWD
	commands=$(sed -n '/^\*\*Build it/,/^(/p' docs/policies.md | sed -n '/^\$ /,/^```/p' | sed 's/^\$ //; /^```/d')
	cp examples/least_loaded.bpf.c "$scratch" || return
	commands=${commands//-Iinclude/-I$top/include}
	commands=${commands//examples\//$top/examples\/}
	(cd "$scratch" && eval "${commands//build\//$top/build/}") || return
	grep -q "least_loaded_bpf__open" "$scratch/least_loaded.skel.h"
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
expect shows_the_example shows_the_example
expect example_runs_in_a_guest example_runs
expect lists_the_configuration lists_the_configuration
expect patches_apply_with_its_command patches_apply
expect walkthrough_is_the_example walkthrough_is_the_example
expect walkthrough_builds_with_its_commands walkthrough_builds
done_testing
