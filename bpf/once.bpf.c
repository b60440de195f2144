// SPDX-License-Identifier: GPL-2.0
/*
 * once - run the first path of the argument region, and leave it at that
 *
 * The shortest policy for "spawn-bpf run --policy": a start for one of your own. Limits: no search,
 * no second attempt, no report.
 */
#include "spawn_bpf.bpf.h"
#include "spawn_prog.h"

IOU_SPAWN_STEP(once_step, spawn, lp)
{
	struct io_uring_sqe sqe = {};
	struct iou_spawn_cqe cqe = {};
	__u64 path = 0;
	int err;

	if (lp->event != IOU_SPAWN_EV_START) {
		if (iou_reap(spawn, &cqe))
			return iou_exit_with(lp, -EINVAL);
		if (cqe.idx != IOU_SPAWN_QUEUED)	/* the chain's own */
			return IOU_SPAWN_CONTINUE;
		return iou_exit_with(lp, cqe.res);
	}
	err = iou_read(spawn, SPAWN_PROG_VEC(0), &path);
	err = err ?: iou_template(spawn, lp->nr_submit, &sqe);
	sqe.addr = path;
	err = err ?: iou_queue(spawn, &sqe);
	return err ? iou_exit_with(lp, err) : IOU_SPAWN_CONTINUE;
}

IOU_SPAWN_REGION(struct spawn_prog_arg)
IOU_SPAWN_OPS(once_ops) = {
	.step = (void *)once_step,
	.name = "once",
};

char LICENSE[] SEC("license") = "GPL";
