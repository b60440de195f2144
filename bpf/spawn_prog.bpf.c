// SPDX-License-Identifier: GPL-2.0
/*
 * spawn_prog - run a program as execvp(3) does, and sit out ETXTBSY
 *
 * Tries the paths of the argument region one after another, all in one task. A path that is not
 * there lets the search go on; EACCES too, and is the result if nothing better comes. A program
 * that is open for writing is tried again after a pause, each pause twice the one before. One that
 * the kernel does not know how to run (ENOEXEC) goes to the shell, if the region names one. Every
 * other error ends the search. What happened is left in the region as a struct spawn_prog_report.
 *
 * Limits: SPAWN_PROG_MAX_PATHS paths; max_busy pauses for the whole spawn, not for each path. If
 * the shell itself cannot be run the search ends, also if a later path would be a program.
 */
#include "spawn_bpf.bpf.h"
#include "spawn_prog.h"

IOU_SPAWN_PARAM __u32 max_busy = 10;			/* pauses */
IOU_SPAWN_PARAM __u64 first_pause_ns = 1000000;
IOU_SPAWN_PARAM __u64 longest_pause_ns = 64000000;	/* with these, 319 ms in all */

struct prog_state {
	struct spawn_prog_report report;
	__u64	pause_ns;	/* the next one */
	__u32	denied;		/* 1 + number of the last path that gave EACCES */
};

struct prog_head {		/* what a step reads of the region */
	__u32	nr_paths;
	__u32	flags;
	__u64	sh;
};

static int write_report(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
			struct prog_state *st)
{
	return iou_report(spawn, lp, struct spawn_prog_arg, st->report);
}

static int finish(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct prog_state *st,
		  int err)
{
	st->report.error = err;
	write_report(spawn, lp, st);	/* a region too short for it does not change the result */
	return iou_exit_with(lp, err);
}

/* argv becomes { "sh", path, argv[1], ... }: there is a free place in front of argv. */
static int give_to_shell(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
			 struct prog_head *head, struct io_uring_sqe *sqe)
{
	__u64 path = sqe->addr;

	sqe->addr = head->sh;
	sqe->addr2 = lp->arg_addr + SPAWN_PROG_VEC(head->nr_paths);
	return iou_write(spawn, SPAWN_PROG_VEC(head->nr_paths + 1), &path);
}

static int attempt(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct prog_state *st,
		   struct prog_head *head)
{
	struct io_uring_sqe sqe = {};
	__u64 path = 0;
	int err;

	if (st->report.path >= head->nr_paths)
		return finish(spawn, lp, st, -ENOENT);
	err = iou_template(spawn, lp->nr_submit, &sqe);
	err = err ?: iou_read(spawn, SPAWN_PROG_VEC(st->report.path), &path);
	sqe.addr = path;
	if (!err && st->report.sh)
		err = give_to_shell(spawn, lp, head, &sqe);
	if (err)
		return finish(spawn, lp, st, err);

	/* before the EXEC is issued: after one that succeeds no step runs any more */
	st->report.attempts++;
	err = write_report(spawn, lp, st);
	err = err ?: iou_queue(spawn, &sqe);
	return err ? finish(spawn, lp, st, err) : IOU_SPAWN_CONTINUE;
}

static int next_path(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		     struct prog_state *st, struct prog_head *head, int why)
{
	if (st->report.path + 1 < head->nr_paths) {
		st->report.path++;
		return attempt(spawn, lp, st, head);
	}
	if (!st->denied)
		return finish(spawn, lp, st, why);
	st->report.path = st->denied - 1;
	return finish(spawn, lp, st, -EACCES);
}

static int sit_out(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct prog_state *st)
{
	if (st->report.busy >= max_busy)
		return finish(spawn, lp, st, -ETXTBSY);
	if (st->pause_ns > longest_pause_ns)
		st->pause_ns = longest_pause_ns;
	lp->timeout_ns = st->pause_ns;
	st->report.busy++;
	st->report.paused_ns += st->pause_ns;
	st->pause_ns *= 2;
	return IOU_SPAWN_CONTINUE;
}

static void trace(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct prog_state *st,
		  int res)
{
	__u32 path = st->report.path | (st->report.sh ? SPAWN_PROG_TRACE_SH : 0);

	if (bpf_io_uring_spawn_post_cqe(spawn, lp->user_data, res, IORING_CQE_F_MORE | path << 16))
		st->report.lost++;
}

IOU_SPAWN_STEP(spawn_prog_step, spawn, lp)
{
	struct prog_state *st = iou_spawn_state(struct prog_state, lp);
	struct iou_spawn_cqe cqe = {};
	struct prog_head head = {};
	int res, err;

	err = iou_read(spawn, 0, &head);
	if (err)
		return iou_exit_with(lp, err);
	if (lp->event == IOU_SPAWN_EV_START)
		st->pause_ns = first_pause_ns;
	/* with nothing to take a pause of no length is over */
	if (lp->event == IOU_SPAWN_EV_START || lp->event == IOU_SPAWN_EV_TIMEOUT ||
	    iou_reap(spawn, &cqe))
		return attempt(spawn, lp, st, &head);
	if (cqe.idx != IOU_SPAWN_QUEUED)	/* the chain's own; one a step spares a loop */
		return IOU_SPAWN_CONTINUE;
	res = cqe.res;
	if (head.flags & SPAWN_PROG_TRACE)
		trace(spawn, lp, st, res);

	if (res == -ETXTBSY)
		return sit_out(spawn, lp, st);
	if (st->report.sh)
		return finish(spawn, lp, st, res);
	if (res == -ENOEXEC && head.sh) {
		st->report.sh = 1;
		return attempt(spawn, lp, st, &head);
	}
	if (!iou_not_here(res))	/* the program was found, and this is what is wrong with it */
		return finish(spawn, lp, st, res);
	if (res == -EACCES)
		st->denied = st->report.path + 1;
	return next_path(spawn, lp, st, &head, res);
}

IOU_SPAWN_REGION(struct spawn_prog_arg)
IOU_SPAWN_OPS(spawn_prog_ops) = {
	.step = (void *)spawn_prog_step,
	.name = "spawn_prog",
};

char LICENSE[] SEC("license") = "GPL";
