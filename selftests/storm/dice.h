/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Random numbers that are the same for the same seed, on every machine. */
#ifndef SPAWN_STORM_DICE_H
#define SPAWN_STORM_DICE_H

#include <stdbool.h>
#include <linux/types.h>

struct dice {
	__u64	state;
};

/* splitmix64 */
static inline __u64 roll(struct dice *d)
{
	__u64 z = d->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* 0 .. n - 1 */
static inline unsigned int pick(struct dice *d, unsigned int n)
{
	return roll(d) % n;
}

static inline bool one_in(struct dice *d, unsigned int n)
{
	return !pick(d, n);
}

static inline struct dice dice_for(__u64 seed, __u64 what)
{
	struct dice d = { seed };

	d.state = roll(&d) ^ what * 0xd6e8feb86659fd93ULL;
	return d;
}

#endif
