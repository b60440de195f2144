#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
# compile.sh [FILES [JOBS]]: compiles so many generated C files with gcc, once by "spawn-bpf run -f"
# and once by "xargs -P", from the same list. Runs as root on the patched kernel, in the top directory.
# Says how long both took; fails if an object file is missing, or not the same in both.
set -euo pipefail

files=${1:-240}
jobs=${2:-$(nproc)}
spawn_bpf=$PWD/build/user/loader/spawn-bpf
compiler=(gcc -c -O1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir source spawn xargs

# A bounded queue of numbers, of another size and with another way to mix them in each file.
queue() {
	cat <<-EOF
	#include <stdlib.h>

	#define ROOM $((4 + $1 % 60))

	struct queue$1 {
	 	unsigned int first, nr;
	 	long item[ROOM];
	};

	struct queue$1 *queue$1_make(void)
	{
	 	return calloc(1, sizeof(struct queue$1));
	}

	int queue$1_put(struct queue$1 *q, long item)
	{
	 	if (q->nr == ROOM)
	 		return -1;
	 	q->item[(q->first + q->nr++) % ROOM] = item * $((2 * $1 + 1));
	 	return 0;
	}

	int queue$1_get(struct queue$1 *q, long *item)
	{
	 	if (!q->nr--)
	 		return q->nr = 0, -1;
	 	*item = q->item[q->first];
	 	q->first = (q->first + 1) % ROOM;
	 	return 0;
	}
	EOF
}

# Counts words and finds the longest; the set of separators differs.
words() {
	cat <<-EOF
	#include <ctype.h>
	#include <stdio.h>
	#include <string.h>

	static int separates(int c)
	{
	 	return isspace(c) || c == '$((1 + $1 % 9))' || strchr("${2:0:1}.,;", c);
	}

	unsigned int words$1_count(const char *text)
	{
	 	unsigned int nr = 0;
	 	int inside = 0;

	 	for (; *text; text++) {
	 		nr += !inside && !separates((unsigned char)*text);
	 		inside = !separates((unsigned char)*text);
	 	}
	 	return nr;
	}

	void words$1_print(const char *text)
	{
	 	char line[$((64 + $1))];

	 	snprintf(line, sizeof(line), "$2 %u of %zu", words$1_count(text), strlen(text));
	 	puts(line);
	}
	EOF
}

# Sorts and searches records by a key of its own.
records() {
	cat <<-EOF
	#include <stdint.h>
	#include <stdlib.h>
	#include <string.h>

	struct record$1 {
	 	char name[$((8 + $1 % 24))];
	 	uint32_t size, time;
	};

	static uint32_t key(const struct record$1 *r)
	{
	 	return r->size * ${1}U + (r->time >> $(($1 % 16)));
	}

	static int compare(const void *a, const void *b)
	{
	 	uint32_t x = key(a), y = key(b);

	 	return x < y ? -1 : x > y;
	}

	void record$1_sort(struct record$1 *r, size_t nr)
	{
	 	qsort(r, nr, sizeof(*r), compare);
	}

	struct record$1 *record$1_find(struct record$1 *r, size_t nr, const char *name)
	{
	 	for (; nr--; r++)
	 		if (!strncmp(r->name, name, sizeof(r->name)))
	 			return r;
	 	return NULL;
	}
	EOF
}

write_sources() {
	local kinds=(queue words records) i name
	for i in $(seq "$files"); do
		printf -v name 'part%03d' "$i"
		"${kinds[i % 3]}" "$i" "$name" >"source/$name.c"
		echo "../source/$name.c -o $name.o"
	done >list
}

# timed DIRECTORY COMMAND...: runs it there and leaves its seconds in $seconds.
timed() {
	local dir=$1 start=${EPOCHREALTIME/[.,]/} tenths
	shift
	(cd "$dir" && "$@") || exit
	tenths=$(((${EPOCHREALTIME/[.,]/} - start) / 100000))
	seconds=$((tenths / 10)).$((tenths % 10))
}

# An object for every file, and the same ones in both runs.
check() {
	local source objects=(spawn/*.o)
	[ ${#objects[@]} -eq "$files" ] || { echo "there are ${#objects[@]} objects" >&2; exit 1; }
	for source in source/*.c; do
		source=${source##*/}
		[ -s "spawn/${source%.c}.o" ] || { echo "spawn/${source%.c}.o is missing" >&2; exit 1; }
	done
	diff -r spawn xargs
}

write_sources
"${compiler[@]}" source/part001.c -o warm.o	# neither run is to read the compiler from the disk
timed spawn "$spawn_bpf" run -f ../list -j "$jobs" "${compiler[@]}"
by_spawn=$seconds
timed xargs xargs -a ../list -P "$jobs" -L 1 "${compiler[@]}"
by_xargs=$seconds
check
printf 'spawn-bpf run -f list -j %d %s: %d files, %s s\n' "$jobs" "${compiler[*]}" "$files" "$by_spawn"
printf 'xargs -a list -P %d -L 1 %s: %d files, %s s\n' "$jobs" "${compiler[*]}" "$files" "$by_xargs"
