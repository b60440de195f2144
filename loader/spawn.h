/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef SPAWN_H
#define SPAWN_H

#include <liburing.h>
#include "region.h"

struct outcome {
	int		res;	/* of the outcome CQE: the pid, 0 or -errno */
	unsigned int	step;	/* which SQE of the chain a failure belongs to */
};

/*
 * Spawns a task that the policy in slot 0 leads through the region, and waits for the outcome. A
 * signal ends the spawn (-ECANCELED); it is passed on if the program runs already. -errno if the
 * ring fails, after a sentence.
 */
int spawn_run(struct io_uring *ring, const struct region *r, struct outcome *out);

/* Waits for the program; its exit status as shells have it. */
int spawn_wait(int pid);

#endif
