#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# Programs of Debian that start others by posix_spawn(), and what comes out. "programs.sh record DIR"
# runs them as they are, "programs.sh compare DIR" under the preload: the same has to come out, and
# io_uring to serve all calls. TAP.
set -uo pipefail
. selftests/preload/preload.sh

files=300
with="env"
export LC_ALL=C

# C sources f1.c ... and what ninja and make are to do with them
make_tree() {
	local i
	mkdir -p "$1" && cd "$1" || return 1
	# shellcheck disable=SC2016  # for ninja
	printf 'rule cc\n  command = tcc -c $in -o $out\n' >build.ninja
	# shellcheck disable=SC2016  # for make
	printf 'objects := $(patsubst %%.c,%%.o,$(wildcard *.c))\nall: $(objects)\n%%.o: %%.c\n\ttcc -c $< -o $@\n' >Makefile
	for ((i = 1; i <= files; i++)); do
		echo "int f$i(int x) { static int sum; return sum += x * $i; }" >"f$i.c"
		echo "build f$i.o: cc f$i.c" >>build.ninja
	done
}

objects() {
	sha256sum ./*.o | sort -k2
}

# Each prints what came out, in an order that does not depend on chance.
by_ninja() {
	"$with" ninja -j2 --quiet && objects
}

by_make() {
	"$with" make -j2 -r | sort && objects
}

by_fd() {
	"$with" fdfind --extension c --exec busybox md5sum {} | sort -k2
}

by_forx() {
	# shellcheck disable=SC2016  # for execline
	"$with" execlineb -c "forx -E i { $(seq -s' ' $files) } busybox echo number \${i}"
}

# The driver starts one compiler for each of these.
by_clang() {
	"$with" clang-19 -fno-integrated-cc1 -O1 -c f1.c f2.c f3.c f4.c f5.c && objects
}

# outcome NAME: of a tree of its own
outcome() {
	(make_tree "$work/$1" && "by_$1" 2>&1) || echo "status $?"
}

compare() {
	local name=$1 least=$2
	with=preloaded
	if ! outcome "$name" >"$work/$name.out" || ! diff -U 3 "$dir/$name" "$work/$name.out" >"$work/diff"; then
		result 1 "$name" "$(cat "$work/diff")"
		return
	fi
	count
	[ "$io_uring" -ge "$least" ] && [ "$fallback" = 0 ]
	result $? "$name: io_uring $io_uring, fallback $fallback" "$(cat "$stats")"
}

dir=${2:?}
case $1 in
record)
	mkdir -p "$dir"
	for name in ninja make fd forx clang; do
		outcome "$name" >"$dir/$name"
		! grep '^status' "$dir/$name" || exit 1
	done
	;;
compare)
	compare ninja $files
	compare make $files
	compare fd $files
	compare forx $files
	compare clang 5
	done_testing
	;;
*) echo "usage: programs.sh record|compare DIR" >&2; exit 2 ;;
esac
