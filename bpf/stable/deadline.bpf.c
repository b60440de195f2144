// SPDX-License-Identifier: GPL-2.0
/*
 * deadline - run the templates one after another, and all of them in time
 *
 * When the time is up, what is in flight is cancelled and the spawn ends with -ETIMEDOUT. The first
 * template that fails ends it too. After the last one the policy completes with 0, and what is
 * linked behind it goes on, without a deadline. The time comes from the region, or from a parameter
 * where the region says 0 or is missing.
 *
 * Limits: of what docs/opcodes.md calls punted the policy hears only when it is over, since it
 * blocks the task itself: a SPLICE, a CONNECT of a unix socket, an OPENAT with O_CREAT. What is
 * polled there or waits is interrupted: POLL, FUTEX_WAIT, a READ of a pipe. An EXEC from a slow
 * file system is not, and a program that runs has no deadline any more.
 */
#include "spawn_bpf.bpf.h"
#include "stable/deadline.h"

IOU_SPAWN_PARAM __u64 default_ns = 1000000000;

struct deadline_state {
	struct deadline_report report;
	__u64	end;		/* of the time, as bpf_ktime_get_ns() counts */
	__u32	next;		/* number of the template to run */
};

static int write_report(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
			struct deadline_state *st)
{
	return iou_report(spawn, lp, struct deadline_arg, st->report);
}

static int finish(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		  struct deadline_state *st, int err)
{
	st->report.error = err;
	write_report(spawn, lp, st);	/* where it does not fit, err says so already */
	return iou_exit_with(lp, err);	/* this cancels what is in flight */
}

static int set_end(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		   struct deadline_state *st, __u64 now)
{
	__u64 limit = 0;
	int err = 0;

	if (lp->arg_len)
		err = iou_read(spawn, __builtin_offsetof(struct deadline_arg, limit_ns), &limit);
	if (!limit)
		limit = default_ns;
	st->end = limit > ~0ULL - now ? ~0ULL : now + limit;
	return err;
}

/* Waits for one more completion, as long as there is time. */
static int wait_on(struct iou_spawn_params *lp, struct deadline_state *st, __u64 now)
{
	lp->wait_nr = 1;
	lp->timeout_ns = st->end - now;
	return IOU_SPAWN_CONTINUE;
}

static int run_next(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		    struct deadline_state *st, __u64 now)
{
	int err;

	if (lp->nr_submit + st->next >= lp->nr_sqes)
		return write_report(spawn, lp, st) ? iou_exit_with(lp, -ERANGE) : IOU_SPAWN_DONE;
	st->report.step = st->next++;
	st->report.left_ns = st->end - now;
	/* before it is issued: after an EXEC that succeeds no step runs any more */
	err = write_report(spawn, lp, st) ?: iou_queue_template(spawn, lp, st->report.step);
	return err ? finish(spawn, lp, st, err) : wait_on(lp, st, now);
}

IOU_SPAWN_STEP(deadline_step, spawn, lp)
{
	struct deadline_state *st = iou_spawn_state(struct deadline_state, lp);
	struct iou_spawn_cqe cqe = {};
	bool start = lp->event == IOU_SPAWN_EV_START;
	__u64 now = bpf_ktime_get_ns();
	int err = start ? set_end(spawn, lp, st, now) : 0;

	if (err)
		return finish(spawn, lp, st, err);
	if (now >= st->end)
		return finish(spawn, lp, st, -ETIMEDOUT);
	if (start)
		return run_next(spawn, lp, st, now);
	if (iou_reap(spawn, &cqe) || cqe.idx != IOU_SPAWN_QUEUED)
		return wait_on(lp, st, now);	/* the chain's own */
	return cqe.res < 0 ? finish(spawn, lp, st, cqe.res) : run_next(spawn, lp, st, now);
}

IOU_SPAWN_REGION(struct deadline_arg)
IOU_SPAWN_OPS(deadline_ops) = {
	.step = (void *)deadline_step,
	.name = "deadline",
};

char LICENSE[] SEC("license") = "GPL";
