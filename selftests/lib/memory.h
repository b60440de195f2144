/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef SPAWN_TEST_MEMORY_H
#define SPAWN_TEST_MEMORY_H

#include "spawn_test.h"

/* KiB, and objects of slab caches. */
struct memory {
	long	unreclaimable, stacks, tables, tasks, creds, files;
};

struct memory memory_now(void);
/* Grows by less than this in the end? Slabs and per-CPU lists hold something back. */
bool memory_settles(const struct memory *before, long kb_of_its_own);

#endif
