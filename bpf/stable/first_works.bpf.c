// SPDX-License-Identifier: GPL-2.0
/*
 * first_works - run the first of several programs that can be run, as execline's tryexec does
 *
 * The templates are the alternatives, each an EXEC with its own argv. They are tried in order until
 * one runs. Any error lets the next one be tried; that of the last is the result. Works without a
 * region; if there is one it gets the report.
 *
 * Limits: "works" means that exec succeeds, not that the program is content. The errors of all but
 * the last alternative are lost. A region that is too short for the report is -ERANGE before the
 * first attempt.
 */
#include "spawn_bpf.bpf.h"
#include "stable/first_works.h"

struct works_state {
	struct first_works_report report;
};

static int write_report(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
			struct works_state *st)
{
	return iou_report(spawn, lp, struct first_works_arg, st->report);
}

static int finish(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		  struct works_state *st, int err)
{
	st->report.error = err;
	write_report(spawn, lp, st);	/* where it does not fit, err says so already */
	return iou_exit_with(lp, err);
}

static int attempt(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		   struct works_state *st)
{
	int err;

	/* before the EXEC is issued: after one that succeeds no step runs any more */
	st->report.tried++;
	err = write_report(spawn, lp, st) ?: iou_queue_template(spawn, lp, st->report.tried - 1);
	if (!err)
		return IOU_SPAWN_CONTINUE;
	st->report.tried--;
	return finish(spawn, lp, st, err);
}

IOU_SPAWN_STEP(first_works_step, spawn, lp)
{
	struct works_state *st = iou_spawn_state(struct works_state, lp);
	struct iou_spawn_cqe cqe = {};

	if (lp->event == IOU_SPAWN_EV_START)
		return attempt(spawn, lp, st);
	if (!iou_reap(spawn, &cqe) && cqe.idx != IOU_SPAWN_QUEUED)
		return IOU_SPAWN_CONTINUE;	/* the chain's own; one a step spares a loop */
	if (cqe.res >= 0)			/* this one is no EXEC */
		return finish(spawn, lp, st, -EINVAL);
	if (lp->nr_submit + st->report.tried >= lp->nr_sqes)
		return finish(spawn, lp, st, cqe.res);
	return attempt(spawn, lp, st);
}

IOU_SPAWN_REGION(struct first_works_arg)
IOU_SPAWN_OPS(first_works_ops) = {
	.step = (void *)first_works_step,
	.name = "first_works",
};

char LICENSE[] SEC("license") = "GPL";
