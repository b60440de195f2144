/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef SINGLE_H
#define SINGLE_H

#include <liburing.h>
#include "spawn.h"

/*
 * Spawns what the region of @s says and waits for it; signals go to the program as if it were
 * ourselves. The exit status as shells have it, or our own after a sentence. Does not return if a
 * signal came before a program ran.
 */
int single_run(struct io_uring *ring, struct spawn *s, const char *name);

#endif
