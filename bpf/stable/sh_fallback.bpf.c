// SPDX-License-Identifier: GPL-2.0
/*
 * sh_fallback - give a file that the kernel cannot run to the shell, as execvp(3) does
 *
 * Runs the first template; if that gives ENOEXEC, a script without a "#!" line for instance, the
 * second one. Every other error ends the spawn, and so does one of the second template. Works
 * without a region; if there is one it gets the report.
 *
 * Limits: the shell gets whatever is ENOEXEC, also a program for another machine. If there is no
 * shell the result is that error, and not the ENOEXEC which came first. A region that is too short
 * for the report is -ERANGE before the first attempt.
 */
#include "spawn_bpf.bpf.h"
#include "stable/sh_fallback.h"

struct sh_state {
	struct sh_fallback_report report;
};

static int write_report(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
			struct sh_state *st)
{
	return iou_report(spawn, lp, struct sh_fallback_arg, st->report);
}

static int finish(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct sh_state *st,
		  int err)
{
	st->report.error = err;
	write_report(spawn, lp, st);	/* where it does not fit, err says so already */
	return iou_exit_with(lp, err);
}

static int attempt(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct sh_state *st)
{
	/* before the EXEC is issued: after one that succeeds no step runs any more */
	int err = write_report(spawn, lp, st) ?: iou_queue_template(spawn, lp, st->report.sh);

	return err ? finish(spawn, lp, st, err) : IOU_SPAWN_CONTINUE;
}

IOU_SPAWN_STEP(sh_fallback_step, spawn, lp)
{
	struct sh_state *st = iou_spawn_state(struct sh_state, lp);
	struct iou_spawn_cqe cqe = {};

	if (lp->event == IOU_SPAWN_EV_START)
		return attempt(spawn, lp, st);
	if (!iou_reap(spawn, &cqe) && cqe.idx != IOU_SPAWN_QUEUED)
		return IOU_SPAWN_CONTINUE;	/* the chain's own; one a step spares a loop */
	if (cqe.res != -ENOEXEC || st->report.sh)
		return finish(spawn, lp, st, cqe.res < 0 ? cqe.res : -EINVAL);	/* >= 0: no EXEC */
	st->report.sh = 1;
	return attempt(spawn, lp, st);
}

IOU_SPAWN_REGION(struct sh_fallback_arg)
IOU_SPAWN_OPS(sh_fallback_ops) = {
	.step = (void *)sh_fallback_step,
	.name = "sh_fallback",
};

char LICENSE[] SEC("license") = "GPL";
