#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# libspawn_bpf as others find it: its names, its header, what is installed, its man pages. The program
# lib_user.c runs on the kernel of this machine, which has no io_uring spawn: by the other backend, also
# under sanitizers and in valgrind.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. selftests/host/tap.sh

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
lib=build/user/lib
user=selftests/host/lib_user.c
strict=(-Wall -Wextra -Werror -Wno-unused-parameter)

# Prints what the object defines for others and the header does not declare, and the other way round.
differs() {
	diff <("$@" | awk 'NF == 3 && $2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort) \
		<(gcc -E -P -Ilib lib/libspawn_bpf.h | grep -oE '\bspawn_bpf(_cmd|_queue)?__\w+\(' |
			tr -d '(' | sort)
}

soname() {
	readelf -d "$lib/libspawn_bpf.so" | grep -qF 'soname: [libspawn_bpf.so.0]'
}

needs_only_libc() {
	[ "$(readelf -d "$lib/libspawn_bpf.so" | grep -c NEEDED)" = 1 ]
}

# compiles COMPILER [FLAG...]: the header alone, with nothing before it.
compiles() {
	echo '#include "libspawn_bpf.h"' | "$@" "${strict[@]}" -Ilib -fsyntax-only -
}

# Of this prefix, whatever was installed before.
pc_file_has_its_prefix() {
	local prefix
	for prefix in /opt/a /opt/b; do
		make -o kernel-release -o kernel-debug -o kernel-tree -o deps install "DESTDIR=$dir/other" "PREFIX=$prefix" &&
			grep -qx "prefix=$prefix" "$dir/other$prefix/lib/pkgconfig/libspawn_bpf.pc" || return 1
	done
}

install_tree() {
	make -o kernel-release -o kernel-debug -o kernel-tree -o deps install "DESTDIR=$dir/tree" PREFIX=/usr
}

flags() {
	PKG_CONFIG_PATH=$dir/tree/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dir/tree \
		pkg-config --define-variable=prefix="$dir/tree/usr" "$@" libspawn_bpf |
		sed "s|$dir/tree$dir/tree|$dir/tree|g"
}

# Outside, with what was installed only.
builds_and_runs() {
	local words
	read -ra words < <(flags --cflags --libs "$@")
	(cd "$dir" && gcc "${strict[@]}" ${1:+"$1"} -o user "$OLDPWD/$user" "${words[@]}") &&
		LD_LIBRARY_PATH=$dir/tree/usr/lib "$dir/user"
}

# example PAGE [FLAG...]: compiles what the page shows, as it is.
example() {
	local page=$1
	shift
	sed -n '/^\.Bd -literal/,/^\.Ed/ { /^\./d; s/\\e/\\/g; p }' "lib/man/$page" |
		sed -n '/^#define _GNU_SOURCE/,$p' >"$dir/example.c"
	gcc "${strict[@]}" -Ilib -o "$dir/example" "$dir/example.c" "$lib/libspawn_bpf.a" "$@"
}

example_of_a_command() {
	printf '%s\n' b a >"$dir/names"
	example libspawn_bpf.3 && [ "$(cd "$dir" && ./example)" = $'a\nb' ]
}

# Not here: its last words are those of a kernel that cannot spawn.
example_of_a_ring() {
	example spawn_bpf_cmd__spawn.3 -luring || return
	"$dir/example"
	[ $? = 1 ]
}

example_of_a_queue() {
	example spawn_bpf_queue__new.3 && [ "$("$dir/example" | grep -c '^hello$')" = 10 ]
}

sanitized() {
	gcc "${strict[@]}" -g -fsanitize=address,undefined -fno-sanitize-recover=all \
		-Iinclude -Ilib -o "$dir/sanitized" "$user" lib/*.c && "$dir/sanitized"
}

in_valgrind() {
	gcc -g -Ilib -o "$dir/plain" "$user" "$lib/libspawn_bpf.a" &&
		valgrind --quiet --error-exitcode=9 --leak-check=full --track-fds=no "$dir/plain"
}

# Every function has a page, and a page has no fault.
pages() {
	local page name faults bad=0
	for page in lib/man/*.[37]; do
		faults=$(LC_ALL=C.UTF-8 man -l --warnings "$page" 2>&1 >/dev/null)
		[ -z "$faults" ] && continue
		echo "$page: $faults"
		bad=1
	done
	for name in $(nm -D --defined-only "$lib/libspawn_bpf.so" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }'); do
		[ -n "$(MANPATH=$dir/tree/usr/share/man man 3 "$name" 2>/dev/null)" ] && continue
		echo "$name has no page"
		bad=1
	done
	return "$bad"
}

expect shared_object_exports_the_interface differs nm -D --defined-only "$lib/libspawn_bpf.so"
expect archive_exports_the_interface differs nm -g --defined-only "$lib/libspawn_bpf.a"
expect soname_ok soname
expect needs_only_the_c_library needs_only_libc
expect header_c99_ok compiles gcc -x c -std=c99 -D_GNU_SOURCE
expect header_c11_ok compiles gcc -x c -std=c11 -D_GNU_SOURCE
expect header_cxx11_ok compiles g++ -x c++ -std=c++11
expect header_clang_ok compiles clang-19 -x c
expect install_ok install_tree
expect pc_file_has_its_prefix_ok pc_file_has_its_prefix
expect program_with_the_shared_object_ok builds_and_runs
expect program_with_the_archive_ok builds_and_runs -static
expect example_of_a_command_ok example_of_a_command
expect example_of_a_ring_ok example_of_a_ring
expect example_of_a_queue_ok example_of_a_queue
expect sanitizers_ok sanitized
expect valgrind_ok in_valgrind
expect man_pages_ok pages
done_testing
