/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef SPAWN_H
#define SPAWN_H

#include <liburing.h>
#include <stdbool.h>
#include "region.h"
#include "spawn_bpf.h"

struct outcome {
	int		res;	/* of the outcome CQE: the pid, 0 or -errno */
	unsigned int	step;	/* which SQE of the chain a failure belongs to */
};

/* One spawn. From when it is queued to its outcome the kernel reads it, so it stays where it is. */
struct spawn {
	struct region			region;
	struct io_uring_sqe		chain[2];
	struct io_uring_clone_args	args;
	struct io_uring_clone_fd	input;
	bool				names_program;	/* in the template; spawn_prog does that itself */
	int				pid;	/* once it is born */
	struct outcome			out;
};

/* What the CQEs of spawn number n belong to: their user_data is SPAWN_DATA(n, kind), and never 0. */
enum spawn_data { OF_SPAWN = 1, OF_POLICY, OF_CANCEL, OF_EXIT, NR_OF };
#define SPAWN_DATA(n, kind)	((__u64)(n) * NR_OF + (kind))
#define SPAWN_NUMBER(data)	((data) / NR_OF)

/*
 * These queue an SQE, to be submitted by the caller. -EBUSY: there is no room for it.
 *
 * A task that the policy in slot 0 leads through the region. @fd is its standard input, or -1: it
 * keeps ours.
 */
int spawn_queue(struct io_uring *ring, struct spawn *s, __u64 n, int fd);
/* Ends the spawn, if no program runs yet. */
int spawn_queue_cancel(struct io_uring *ring, __u64 n);
/* Completes as OF_EXIT when the program has ended; it is still to be reaped. */
int spawn_queue_exit(struct io_uring *ring, const struct spawn *s, __u64 n);

/* Takes a CQE, if it is of OF_SPAWN or OF_POLICY. True: it was the outcome. */
bool spawn_take(struct spawn *s, __u64 n, const struct io_uring_cqe *cqe);

#endif
