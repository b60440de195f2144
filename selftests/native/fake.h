/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A spawn without a kernel: the rules of steps, waits, links, budgets and the argument region, around
 * a world of the test's making, which says what an SQE gives, and after what time of a clock that
 * moves only when everybody waits.
 */
#ifndef FAKE_H
#define FAKE_H

#include "spawn_bpf.bpf.h"

#define FAKE_SQES	16	/* chain and templates */
#define FAKE_QUEUE	16	/* SQEs of one step */
#define FAKE_OPS	32	/* in flight */
#define FAKE_CQES	64
#define FAKE_POSTS	64
#define FAKE_LINES	32	/* of a world */
#define FAKE_NEVER	(~0ULL)
#define FAKE_ANY	NULL	/* as a path: whatever the SQE names */

struct fake;

/*
 * A line of the world: what an SQE completes with, the first times (0: always) it meets the line.
 * An SQE of which no line is left is -ENOENT if it names a path, else -EINVAL. A line without a path
 * and without an opcode ends the world.
 */
struct fake_line {
	const char	*path;		/* of EXEC, OPENAT, STATX; else FAKE_ANY */
	int		res;		/* of an EXEC: 0, it runs */
	unsigned int	times;
	__u8		opcode;		/* 0: EXEC */
	__u64		after_ns;	/* FAKE_NEVER: only a cancel completes it */
	/* what else happens when it completes: buffers are filled, the application answers */
	void		(*then)(struct fake *f, const struct io_uring_sqe *sqe);
};

struct fake_post {
	__u64	user_data;
	__s32	res;
	__u32	flags;
};

/* An SQE that was queued and has not completed. */
struct fake_op {
	struct io_uring_sqe		sqe;
	const struct fake_line		*line;
	__u64				due;
	bool				started, in_link;	/* in_link: waits for the one before */
};

struct fake {
	/* set by the test */
	const struct io_uring_spawn_ops *ops;
	const struct fake_line	*world;
	struct io_uring_sqe	sqes[FAKE_SQES];	/* sqes[0]: the SPAWN_BPF */
	__u32			nr_sqes;
	__u32			nr_submit;
	const struct iou_spawn_cqe *before;		/* completions that are there at START */
	unsigned int		nr_before;
	int			queue_error;		/* what queueing gives; 0: it works */

	/* seen by the test */
	int			outcome;		/* 1: a program runs; else 0 or -errno */
	int			res;			/* what SPAWN_BPF completed with */
	const char		*broken;		/* the rule the policy broke, or NULL */
	const char		*path;			/* of the EXEC that succeeded */
	const char *const	*argv;
	struct io_uring_sqe	exec;			/* all of it */
	__u64			slept_ns;		/* in waits that ended by timeout */
	unsigned int		nr_steps;
	unsigned int		nr_execs;
	unsigned int		nr_issued;		/* SQEs, EXECs included */
	struct io_uring_sqe	issued[FAKE_CQES];	/* the first of them */
	struct fake_post	posts[FAKE_POSTS];
	unsigned int		nr_posts;

	/* the fake's own */
	struct iou_spawn_params	lp;
	unsigned char		*region;		/* the copy a step works on */
	bool			dirty;
	struct io_uring_sqe	queue[FAKE_QUEUE];
	unsigned int		nr_queue, nr_queued;
	struct fake_op		inflight[FAKE_OPS];
	unsigned int		nr_inflight;
	struct iou_spawn_cqe	cqes[FAKE_CQES];
	unsigned int		head, tail;
	unsigned int		tried[FAKE_LINES];
	int			exec_error;		/* of the last EXEC that failed */
};

/* The clock, also bpf_ktime_get_ns(): the test may set it between spawns. */
extern __u64 fake_now;

/* Runs the policy of f->ops from START to the outcome. */
void fake_run(struct fake *f);

/* Empties every BPF map. Globals of a policy are the test's to reset. */
void fake_maps_reset(void);

#endif
