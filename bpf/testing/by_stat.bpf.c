// SPDX-License-Identifier: GPL-2.0
/*
 * by_stat - run one of two programs, by what a stat says
 *
 * Template 0 runs if the file of the region is there and of the wanted type, mode and size,
 * template 1 if it is missing (ENOENT, ENOTDIR) or different. Any other error of the stat ends the
 * spawn: what cannot be seen is not taken for missing.
 *
 * Limits: the mode is compared as it is, ids and ACLs are not looked at. The file may have changed
 * by the time the program runs.
 */
#include "spawn_bpf.bpf.h"
#include "by_stat.h"

static int write_report(struct iou_spawn_ctx *spawn, struct by_stat_report *st)
{
	struct by_stat_report report = *st;

	return iou_write(spawn, __builtin_offsetof(struct by_stat_arg, report), &report);
}

static int finish(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		  struct by_stat_report *st, int err)
{
	if (err >= 0)
		err = -EINVAL;		/* the template was no EXEC */
	st->error = err;
	write_report(spawn, st);	/* a region too short for it does not change the result */
	return iou_exit_with(lp, err);
}

static int look(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		struct by_stat_report *st)
{
	struct by_stat_want want = {};
	struct io_uring_sqe sqe = {};
	int err = 0;

	if (lp->arg_len < sizeof(struct by_stat_arg))	/* STATX would write behind it */
		err = -ERANGE;
	err = err ?: iou_read(spawn, 0, &want);
	iou_prep_statx(&sqe, want.dfd, want.path, want.at_flags, STATX_BASIC_STATS,
		       lp->arg_addr + __builtin_offsetof(struct by_stat_arg, statx));
	err = err ?: iou_queue(spawn, &sqe);
	return err ? finish(spawn, lp, st, err) : IOU_SPAWN_CONTINUE;
}

static int read_stat(struct iou_spawn_ctx *spawn, struct by_stat_report *st)
{
	__u32 base = __builtin_offsetof(struct by_stat_arg, statx);
	__u16 mode = 0;
	__u64 size = 0;
	int err;

	err = iou_read(spawn, base + __builtin_offsetof(struct statx, stx_mode), &mode);
	err = err ?: iou_read(spawn, base + __builtin_offsetof(struct statx, stx_size), &size);
	st->mode = mode;
	st->size = size;
	return err;
}

static bool as_wanted(const struct by_stat_want *want, const struct by_stat_report *st)
{
	if (want->type && (st->mode & S_IFMT) != want->type)
		return false;
	return (st->mode & want->perm) == want->perm && st->size >= want->min_size;
}

static int choose(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		  struct by_stat_report *st, int res)
{
	struct by_stat_want want = {};
	int err = iou_read(spawn, 0, &want);

	st->stat = res;
	if (res < 0 && res != -ENOENT && res != -ENOTDIR)
		return finish(spawn, lp, st, res);
	if (!res)
		err = err ?: read_stat(spawn, st);
	st->chosen = !res && as_wanted(&want, st) ? 1 : 2;
	err = err ?: write_report(spawn, st);
	err = err ?: iou_queue_template(spawn, lp, st->chosen - 1);
	return err ? finish(spawn, lp, st, err) : IOU_SPAWN_CONTINUE;
}

IOU_SPAWN_STEP(by_stat_step, spawn, lp)
{
	struct by_stat_report *st = iou_spawn_state(struct by_stat_report, lp);
	struct iou_spawn_cqe cqe = {};

	if (lp->event == IOU_SPAWN_EV_START)
		return look(spawn, lp, st);
	if (iou_reap(spawn, &cqe))		/* it has completed without a CQE */
		return finish(spawn, lp, st, -EINVAL);
	if (cqe.idx != IOU_SPAWN_QUEUED)	/* the chain's own */
		return IOU_SPAWN_CONTINUE;
	if (!st->chosen)
		return choose(spawn, lp, st, cqe.res);
	return finish(spawn, lp, st, cqe.res);
}

IOU_SPAWN_REGION(struct by_stat_arg)
IOU_SPAWN_OPS(by_stat_ops) = {
	.step = (void *)by_stat_step,
	.name = "by_stat",
};

char LICENSE[] SEC("license") = "GPL";
