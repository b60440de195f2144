/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * One spawn for the policy under test: the chain is a SPAWN_BPF, the templates behind it are the
 * test's. Nothing here knows the region's layout.
 */
#ifndef NATIVE_SPAWN_H
#define NATIVE_SPAWN_H

#include <string.h>
#include "fake.h"
#include "tap.h"

#define U64(p)		((__u64)(uintptr_t)(p))
#define MS		1000000ULL
#define USER_DATA	0x5eed

static inline void spawn_init(struct fake *f, const struct io_uring_spawn_ops *ops,
			      const struct fake_line *world, void *region, __u32 len)
{
	memset(f, 0, sizeof(*f));
	f->ops = ops;
	f->world = world;
	f->nr_sqes = 1;
	f->nr_submit = 1;
	iou_prep_policy(&f->sqes[0], 0, U64(region), len, 0);
	f->sqes[0].user_data = USER_DATA;
}

/* The next template, an opcode the world knows. */
static inline struct io_uring_sqe *spawn_template(struct fake *f, __u8 opcode)
{
	struct io_uring_sqe *sqe = &f->sqes[f->nr_sqes++];

	iou_prep(sqe, opcode, 0, 0, 0, 0);
	return sqe;
}

static inline struct io_uring_sqe *spawn_exec(struct fake *f, const char *path, const void *argv)
{
	struct io_uring_sqe *sqe = spawn_template(f, IORING_OP_EXEC);

	iou_prep_exec(sqe, AT_FDCWD, U64(path), U64(argv), 0, 0, 0);
	return sqe;
}

static inline bool spawn_runs(const struct fake *f, const char *path)
{
	return f->outcome == 1 && !strcmp(f->path, path);
}

/* One result; a policy that broke a rule of the fake has failed. */
static inline void spawn_ok(const struct fake *f, bool good, const char *name)
{
	if (tap_ok(good && !f->broken, name))
		return;
	printf("# outcome %d res %d path %s slept %llu steps %u execs %u issued %u posts %u%s%s\n",
	       f->outcome, f->res, f->path ?: "-", (unsigned long long)f->slept_ns, f->nr_steps,
	       f->nr_execs, f->nr_issued, f->nr_posts, f->broken ? " broken: " : "",
	       f->broken ?: "");
}

/* Completions of the chain itself, for f->before: a policy passes over them. */
static inline void spawn_chain_completes(struct fake *f, struct iou_spawn_cqe *cqes,
					 unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		cqes[i] = (struct iou_spawn_cqe){ .res = -EBADF };
	f->before = cqes;
	f->nr_before = nr;
}

#endif
