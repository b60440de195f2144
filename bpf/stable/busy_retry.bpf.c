// SPDX-License-Identifier: GPL-2.0
/*
 * busy_retry - sit out ETXTBSY: somebody still has the program open for writing
 *
 * Runs the first template. While that gives ETXTBSY it is tried again after a pause, each pause
 * twice the one before. Every other error ends the spawn at once. Works without a region; if there
 * is one it gets the report.
 *
 * Limits: polls, since nothing tells when the last writer is gone: with pauses of 64 ms it may
 * come 64 ms late. If the submitter itself is a writer the task has a copy of its descriptor, and
 * waits in vain unless CLONE has NO_FILES. A region that is too short for the report is -ERANGE
 * before the first attempt.
 */
#include "spawn_bpf.bpf.h"
#include "stable/busy_retry.h"

IOU_SPAWN_PARAM __u32 max_busy = 10;			/* pauses */
IOU_SPAWN_PARAM __u64 first_pause_ns = 1000000;
IOU_SPAWN_PARAM __u64 longest_pause_ns = 64000000;	/* with these, 319 ms in all */

struct busy_state {
	struct busy_retry_report report;
	__u64	pause_ns;	/* the next one */
};

static int write_report(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
			struct busy_state *st)
{
	return iou_report(spawn, lp, struct busy_retry_arg, st->report);
}

static int finish(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct busy_state *st,
		  int err)
{
	st->report.error = err;
	write_report(spawn, lp, st);	/* where it does not fit, err says so already */
	return iou_exit_with(lp, err);
}

static int attempt(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct busy_state *st)
{
	int err;

	/* before the EXEC is issued: after one that succeeds no step runs any more */
	st->report.attempts++;
	err = write_report(spawn, lp, st) ?: iou_queue_template(spawn, lp, 0);
	if (!err)
		return IOU_SPAWN_CONTINUE;
	st->report.attempts--;
	return finish(spawn, lp, st, err);
}

static int sit_out(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct busy_state *st)
{
	if (st->report.attempts > max_busy)
		return finish(spawn, lp, st, -ETXTBSY);
	if (st->pause_ns > longest_pause_ns)
		st->pause_ns = longest_pause_ns;
	lp->timeout_ns = st->pause_ns;
	st->report.paused_ns += st->pause_ns;
	st->pause_ns *= 2;
	return IOU_SPAWN_CONTINUE;
}

IOU_SPAWN_STEP(busy_retry_step, spawn, lp)
{
	struct busy_state *st = iou_spawn_state(struct busy_state, lp);
	struct iou_spawn_cqe cqe = {};

	if (lp->event == IOU_SPAWN_EV_START) {
		st->pause_ns = first_pause_ns;
		return attempt(spawn, lp, st);
	}
	if (iou_reap(spawn, &cqe))	/* nothing to take: a pause is over, of no length perhaps */
		return attempt(spawn, lp, st);
	if (cqe.idx != IOU_SPAWN_QUEUED)	/* the chain's own; one a step spares a loop */
		return IOU_SPAWN_CONTINUE;
	if (cqe.res == -ETXTBSY)
		return sit_out(spawn, lp, st);
	return finish(spawn, lp, st, cqe.res < 0 ? cqe.res : -EINVAL);	/* >= 0: no EXEC */
}

IOU_SPAWN_REGION(struct busy_retry_arg)
IOU_SPAWN_OPS(busy_retry_ops) = {
	.step = (void *)busy_retry_step,
	.name = "busy_retry",
};

char LICENSE[] SEC("license") = "GPL";
