// SPDX-License-Identifier: GPL-2.0
/*
 * least_loaded - run the one of three programs of which the fewest run
 *
 * Templates 0 to 2 are EXECs. Which one was taken is the result of SPAWN_BPF; the application counts
 * it down again in running[] when the program has ended. Limits: spawns that choose at the same moment
 * may choose the same program, and one that is killed after it has chosen stays counted.
 */
#include "spawn_bpf.bpf.h"

#define PROGRAMS	3

__u32 running[PROGRAMS];

static __u32 least(void)
{
	__u32 i, best = 0;

	for (i = 1; i < PROGRAMS; i++)
		if (running[i] < running[best])
			best = i;
	return best;
}

static void count(__u32 program, int n)
{
	if (program < PROGRAMS)		/* the verifier has to see it */
		__sync_fetch_and_add(&running[program], n);
}

IOU_SPAWN_STEP(least_loaded_step, spawn, lp)
{
	struct iou_spawn_cqe cqe = {};
	int err;

	if (lp->event == IOU_SPAWN_EV_START) {
		lp->res = least();
		count(lp->res, 1);
		err = iou_queue_template(spawn, lp, lp->res);
	} else {			/* after an EXEC that succeeds there is no step */
		err = iou_reap(spawn, &cqe);
		if (!err && cqe.idx != IOU_SPAWN_QUEUED)	/* of the chain, not our EXEC */
			return IOU_SPAWN_CONTINUE;
		err = err ?: cqe.res;
	}
	if (!err)
		return IOU_SPAWN_CONTINUE;
	count(lp->res, -1);
	return iou_exit_with(lp, err);
}

IOU_SPAWN_OPS(least_loaded_ops) = {
	.step = (void *)least_loaded_step,
	.name = "least_loaded",
};

char LICENSE[] SEC("license") = "GPL";
