// SPDX-License-Identifier: GPL-2.0
/*
 * path_search - try the paths of the region one after another, as execvp(3) does
 *
 * Where a path is not there the search goes on. EACCES lets it go on too, and is the result if
 * nothing better comes. Every other error ends it: the program was found, and that is what is wrong
 * with it. The region says which path it was and how many were tried.
 *
 * Limits: PATH_SEARCH_MAX_PATHS paths. No second attempt after ETXTBSY, no shell after ENOEXEC:
 * spawn_prog has all three.
 */
#include "spawn_bpf.bpf.h"
#include "stable/path_search.h"

struct search_state {
	struct path_search_report report;
	__u32	denied;		/* 1 + number of the last path that gave EACCES */
};

static int write_report(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
			struct search_state *st)
{
	return iou_report(spawn, lp, struct path_search_arg, st->report);
}

static int finish(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		  struct search_state *st, int err)
{
	st->report.error = err;
	write_report(spawn, lp, st);	/* a region too short for it does not change the result */
	return iou_exit_with(lp, err);
}

/* Tries path number report.tried; why: the result if there is none. */
static int attempt(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		   struct search_state *st, int why)
{
	__u32 nr_paths = 0, path = st->report.tried;
	struct io_uring_sqe sqe = {};
	__u64 addr = 0;
	int err;

	err = iou_read(spawn, __builtin_offsetof(struct path_search_arg, nr_paths), &nr_paths);
	if (!err && path >= nr_paths) {
		if (st->denied)
			st->report.path = st->denied - 1;
		return finish(spawn, lp, st, st->denied ? -EACCES : why);
	}
	err = err ?: iou_read(spawn, PATH_SEARCH_ARG_LEN(path), &addr);
	err = err ?: iou_template(spawn, lp->nr_submit, &sqe);
	if (err)
		return finish(spawn, lp, st, err);

	/* before the EXEC is issued: after one that succeeds no step runs any more */
	st->report.path = path;
	st->report.tried++;
	sqe.addr = addr;
	err = write_report(spawn, lp, st) ?: iou_queue(spawn, &sqe);
	return err ? finish(spawn, lp, st, err) : IOU_SPAWN_CONTINUE;
}

IOU_SPAWN_STEP(path_search_step, spawn, lp)
{
	struct search_state *st = iou_spawn_state(struct search_state, lp);
	struct iou_spawn_cqe cqe = {};

	if (lp->event == IOU_SPAWN_EV_START)
		return attempt(spawn, lp, st, -ENOENT);
	if (!iou_reap(spawn, &cqe) && cqe.idx != IOU_SPAWN_QUEUED)
		return IOU_SPAWN_CONTINUE;	/* the chain's own; one a step spares a loop */
	if (!iou_not_here(cqe.res))
		return finish(spawn, lp, st, cqe.res < 0 ? cqe.res : -EINVAL);	/* >= 0: no EXEC */
	if (cqe.res == -EACCES)
		st->denied = st->report.path + 1;
	return attempt(spawn, lp, st, cqe.res);
}

IOU_SPAWN_REGION(struct path_search_arg)
IOU_SPAWN_OPS(path_search_ops) = {
	.step = (void *)path_search_step,
	.name = "path_search",
};

char LICENSE[] SEC("license") = "GPL";
