#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# include/spawn_bpf.h compiles in C and C++, behind liburing's header and behind the kernel's, and
# the list that holds it against the kernel (selftests/native/abi.h) leaves nothing out.
set -euo pipefail
cd "$(dirname "$0")/../.."

nr=0
failed=0

# compiles NAME HEADER COMPILER [FLAG...]
compiles() {
	local name=$1 header=$2 log
	shift 2
	nr=$((nr + 1))
	# -Ulinux: in GNU modes it is a macro and would change the header's name
	if log=$("$@" -Ulinux -Wall -Wextra -Werror -fsyntax-only -Iinclude "-DBEFORE=$header" \
		selftests/native/headers.c 2>&1); then
		echo "ok $nr - $name"
	else
		failed=1
		echo "not ok $nr - $name"
		echo "# ${log//$'\n'/$'\n'# }"
	fi
}

for header in '<liburing.h>' '<linux/io_uring.h>'; do
	word=${header//[<>]/}
	word=${word%.h}
	word=${word//\//_}
	compiles "c_behind_${word}_ok" "$header" gcc
	compiles "c99_behind_${word}_ok" "$header" gcc -std=c99 -D_GNU_SOURCE
	compiles "cxx_behind_${word}_ok" "$header" g++ -x c++
	compiles "cxx11_behind_${word}_ok" "$header" g++ -x c++ -std=c++11 -D_GNU_SOURCE
	compiles "clang_behind_${word}_ok" "$header" clang-19
done

# Prints what the kernel's header declares and the list does not name.
unlisted() {
	local name
	sed -nE 's/^#define (\w+)\s.*/\1/p; s/^(struct \w+) \{/\1/p; s/^\t(IORING_\w+),.*/\1/p' \
		build/linux/include/uapi/linux/io_uring/spawn.h |
		while read -r name; do
			grep -qE "\($name\W" selftests/native/abi.h || echo "# not in abi.h: $name"
		done
}
nr=$((nr + 1))
missing=$(unlisted)
if [ -z "$missing" ]; then
	echo "ok $nr - the_list_of_the_interface_is_whole"
else
	failed=1
	echo "not ok $nr - the_list_of_the_interface_is_whole"
	echo "$missing"
fi
echo "1..$nr"
exit $failed
