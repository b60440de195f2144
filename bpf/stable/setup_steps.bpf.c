// SPDX-License-Identifier: GPL-2.0
/*
 * setup_steps - run the templates one after another, each failure under a code of its own
 *
 * A chain's outcome says which SQE failed by its place. Here each step carries the number that the
 * application reports: systemd's exit statuses, where 200 is chdir and 203 is exec. The first step
 * that fails ends the spawn, unless its bit of the cookie says that it is soft (the "-" in front of
 * a line of a unit): then it is noted and the next one runs. After the last step the policy
 * completes with 0, and what is linked behind it goes on.
 *
 * Limits: any result >= 0 is a success, a short write too. Only the first 64 steps can be soft. A
 * region that is too short for the report is -ERANGE before the first step; one that is too short
 * for all results gets those that fit.
 */
#include "spawn_bpf.bpf.h"
#include "stable/setup_steps.h"

struct steps_state {
	struct setup_steps_report report;
	__u32	next;		/* number of the step to run */
};

static int write_report(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
			struct steps_state *st)
{
	return iou_report(spawn, lp, struct setup_steps_arg, st->report);
}

static int finish(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		  struct steps_state *st, int err)
{
	st->report.error = err;
	write_report(spawn, lp, st);	/* where it does not fit, err says so already */
	return iou_exit_with(lp, err);
}

static int run_next(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		    struct steps_state *st)
{
	struct io_uring_sqe sqe = {};
	int err;

	if (lp->nr_submit + st->next >= lp->nr_sqes)
		return write_report(spawn, lp, st) ? iou_exit_with(lp, -ERANGE) : IOU_SPAWN_DONE;
	st->report.step = st->next++;
	err = iou_template(spawn, lp->nr_submit + st->report.step, &sqe);
	st->report.code = sqe.user_data;
	/* before the step is issued: after an EXEC that succeeds no other runs any more */
	err = err ?: write_report(spawn, lp, st);
	err = err ?: iou_queue_template(spawn, lp, st->report.step);
	return err ? finish(spawn, lp, st, err) : IOU_SPAWN_CONTINUE;
}

static void note(struct iou_spawn_ctx *spawn, __u32 step, int res)
{
	__s32 copy = res;

	iou_write(spawn, SETUP_STEPS_ARG_LEN(step), &copy);
}

IOU_SPAWN_STEP(setup_steps_step, spawn, lp)
{
	struct steps_state *st = iou_spawn_state(struct steps_state, lp);
	struct iou_spawn_cqe cqe = {};
	__u32 step = st->report.step;

	if (lp->event == IOU_SPAWN_EV_START)
		return run_next(spawn, lp, st);
	if (iou_reap(spawn, &cqe) || cqe.idx != IOU_SPAWN_QUEUED)
		return IOU_SPAWN_CONTINUE;	/* the chain's own; one a step spares a loop */
	note(spawn, step, cqe.res);
	if (cqe.res < 0) {
		if (step >= 64 || !(lp->cookie >> step & 1))
			return finish(spawn, lp, st, cqe.res);
		st->report.nr_soft++;
	}
	return run_next(spawn, lp, st);
}

IOU_SPAWN_REGION(struct setup_steps_arg)
IOU_SPAWN_OPS(setup_steps_ops) = {
	.step = (void *)setup_steps_step,
	.name = "setup_steps",
};

char LICENSE[] SEC("license") = "GPL";
