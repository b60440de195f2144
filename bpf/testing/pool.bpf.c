// SPDX-License-Identifier: GPL-2.0
/*
 * pool - a task that is made now and told later what to run
 *
 * Waits on a futex in the region until the application has written path, argv and envp there, then
 * runs them with template 0. What a task costs is paid before the program is known. There is no
 * time limit. The application ends a task with POOL_STOP (-ECANCELED), by cancelling its CLONE or
 * by closing the ring.
 *
 * Limits: one region, so one futex, per task: the application says which one runs what. Descriptors
 * and attributes are those the task got when it was made. A program that cannot be run ends the
 * task. While it waits the task holds its copies of the application's descriptors open.
 */
#include "spawn_bpf.bpf.h"
#include "pool.h"

struct pool_state {
	struct pool_report report;
};

struct pool_head {		/* what a step reads of the region */
	__u32	word;
	__u32	resv;
	__u64	path;
	__u64	argv;
	__u64	envp;
};

static int write_report(struct iou_spawn_ctx *spawn, struct pool_state *st)
{
	struct pool_report report = st->report;

	return iou_write(spawn, __builtin_offsetof(struct pool_arg, report), &report);
}

static int finish(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct pool_state *st,
		  int err)
{
	if (err >= 0)
		err = -EINVAL;		/* the template was no EXEC */
	st->report.error = err;
	write_report(spawn, st);	/* a region too short for it does not change the result */
	return iou_exit_with(lp, err);
}

static int wait_on(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp)
{
	struct io_uring_sqe sqe = {};

	iou_prep_futex_wait(&sqe, lp->arg_addr + __builtin_offsetof(struct pool_arg, word),
			    POOL_WAIT);
	return iou_queue(spawn, &sqe);
}

static int run(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct pool_state *st,
	       const struct pool_head *head)
{
	struct io_uring_sqe sqe = {};
	int err;

	st->report.named = 1;
	err = iou_template(spawn, lp->nr_submit, &sqe);
	sqe.addr = head->path;
	sqe.addr2 = head->argv;
	sqe.addr3 = head->envp;
	err = err ?: write_report(spawn, st);
	return err ?: iou_queue(spawn, &sqe);
}

/* @res: of the futex wait; -EAGAIN if the program was named before it. */
static int woken(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct pool_state *st,
		 int res)
{
	struct pool_head head = {};
	int err;

	if (res && res != -EAGAIN && res != -EINTR)
		return res;
	err = iou_read(spawn, 0, &head);
	if (err)
		return err;
	switch (head.word) {
	case POOL_WAIT:		/* woken for nothing */
		return wait_on(spawn, lp);
	case POOL_RUN:
		return run(spawn, lp, st, &head);
	case POOL_STOP:
		return -ECANCELED;
	}
	return -EINVAL;
}

IOU_SPAWN_STEP(pool_step, spawn, lp)
{
	struct pool_state *st = iou_spawn_state(struct pool_state, lp);
	struct iou_spawn_cqe cqe = {};
	int err;

	if (lp->event == IOU_SPAWN_EV_START)
		err = lp->arg_len < sizeof(struct pool_arg) ? -ERANGE : wait_on(spawn, lp);
	else if (iou_reap(spawn, &cqe))		/* it has completed without a CQE */
		err = -EINVAL;
	else if (cqe.idx != IOU_SPAWN_QUEUED)	/* the chain's own */
		return IOU_SPAWN_CONTINUE;
	else if (st->report.named)
		return finish(spawn, lp, st, cqe.res);
	else
		err = woken(spawn, lp, st, cqe.res);
	return err ? finish(spawn, lp, st, err) : IOU_SPAWN_CONTINUE;
}

IOU_SPAWN_REGION(struct pool_arg)
IOU_SPAWN_OPS(pool_ops) = {
	.step = (void *)pool_step,
	.name = "pool",
};

char LICENSE[] SEC("license") = "GPL";
