/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef NAMES_H
#define NAMES_H

#include <linux/types.h>
#include <stddef.h>

/* Bits and their names. */
struct names {
	__u64		bit;
	const char	*name;
};

#define NR_SPAWN_FLAGS	4
extern const struct names spawn_flags[NR_SPAWN_FLAGS];	/* IORING_CLONE_* */

/* The name of a bit; one that is not in @names is "bit N", in @buf. */
const char *bit_name(__u64 bit, const struct names *names, unsigned int nr, char *buf, size_t size);

#endif
