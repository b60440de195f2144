/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A spawn without a kernel: the rules of steps, waits, budgets and the argument region, around a
 * world of the test's making, which says what an EXEC of a path does.
 */
#ifndef FAKE_H
#define FAKE_H

#include "spawn_bpf.bpf.h"

#define FAKE_SQES	8	/* chain and templates */
#define FAKE_QUEUE	8	/* SQEs of one step */
#define FAKE_CQES	64
#define FAKE_POSTS	64

/* What an EXEC of path gives the first times (0: always) it is tried. In no line: -ENOENT. */
struct fake_exec {
	const char	*path;
	int		res;
	unsigned int	times;
};

struct fake_post {
	__u64	user_data;
	__s32	res;
	__u32	flags;
};

struct fake {
	/* set by the test */
	const struct io_uring_spawn_ops *ops;
	const struct fake_exec	*world;			/* ends with a NULL path */
	struct io_uring_sqe	sqes[FAKE_SQES];	/* sqes[0]: the SPAWN_BPF */
	__u32			nr_sqes;
	__u32			nr_submit;
	unsigned int		other_cqes;		/* completions of other SQEs of the chain */
	int			queue_error;		/* what queueing gives; 0: it works */

	/* seen by the test */
	int			outcome;		/* 1: a program runs; else 0 or -errno */
	const char		*broken;		/* the rule the policy broke, or NULL */
	const char		*path;			/* of the EXEC that succeeded */
	const char *const	*argv;
	__u64			slept_ns;
	unsigned int		nr_steps;
	unsigned int		nr_execs;
	struct fake_post	posts[FAKE_POSTS];
	unsigned int		nr_posts;

	/* the fake's own */
	struct iou_spawn_params	lp;
	unsigned char		*region;		/* the copy a step works on */
	bool			dirty;
	struct io_uring_sqe	queue[FAKE_QUEUE];
	unsigned int		nr_queue, nr_queued;
	struct iou_spawn_cqe	cqes[FAKE_CQES];
	unsigned int		head, tail;
	unsigned int		tried[FAKE_CQES];	/* by line of the world */
};

void fake_run(struct fake *f);

#endif
