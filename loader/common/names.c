// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <liburing.h>
#include <stdio.h>
#include "names.h"
#include "spawn_bpf.h"

const struct names spawn_flags[NR_SPAWN_FLAGS] = {
	{ IORING_CLONE_FINAL,		"FINAL" },
	{ IORING_CLONE_DEFER,		"DEFER" },
	{ IORING_CLONE_QUIET,		"QUIET" },
	{ IORING_CLONE_NO_FILES,	"NO_FILES" },
};

const char *bit_name(__u64 bit, const struct names *names, unsigned int nr, char *buf, size_t size)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (names[i].bit == bit)
			return names[i].name;
	snprintf(buf, size, "bit %d", __builtin_ctzll(bit));
	return buf;
}
