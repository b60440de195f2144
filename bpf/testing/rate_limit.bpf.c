// SPDX-License-Identifier: GPL-2.0
/*
 * rate_limit - no more than so many spawns in a time, and a count of what went wrong
 *
 * Every spawn reserves the next free start time and sleeps until then: one per interval_ns in the
 * long run, burst of them at once after a rest. Who would have to sleep longer than longest_wait_ns
 * is refused at once with -EAGAIN. Then template 0 runs; if that fails its errno is counted in the
 * map "errors" (bpftool map dump name errors).
 *
 * Shared by everything that is loaded from one object: counters, map and limit. To serve a second
 * ring with them use rate_limit_second_ops, which is not made unless it is asked for
 * (bpf_map__set_autocreate), or load again and reuse the maps of the first (bpf_map__reuse_fd).
 *
 * Limits: a successful EXEC ends the policy, so programs that ran are started - failed. A spawn
 * that is killed while it sleeps has used up its turn. Turns are given in the order of arrival, but
 * tasks may wake in another one.
 */
#include "spawn_bpf.bpf.h"
#include "rate_limit.h"

#define ERRORS	256	/* different ones */
#define TRIES	16	/* to reserve a turn, in one step */

IOU_SPAWN_PARAM __u64 interval_ns = 10000000;
IOU_SPAWN_PARAM __u32 burst = 1;
IOU_SPAWN_PARAM __u64 longest_wait_ns = 0;	/* 0: no limit */

struct rate_limit_stats rate_limit;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ERRORS);
	__type(key, __u32);
	__type(value, __u64);
} errors SEC(".maps");

enum rate_limit_phase { RESERVING, SLEEPING, RUNNING };

struct rate_limit_state {
	__u32	phase;
};

static void count_error(int err)
{
	__u64 zero = 0, *nr;
	__u32 key = -err;

	__sync_fetch_and_add(&rate_limit.failed, 1);
	/* if another spawn was first with this errno, its entry stays */
	bpf_map_update_elem(&errors, &key, &zero, BPF_NOEXIST);
	nr = bpf_map_lookup_elem(&errors, &key);
	if (nr)
		__sync_fetch_and_add(nr, 1);
}

/* 0 and how long to sleep; -EAGAIN; -EBUSY others were faster TRIES times. */
static int reserve(__u64 *sleep_ns)
{
	__u64 ahead, due, free_ns, now = bpf_ktime_get_ns();
	__u64 at_once = burst > 1 ? (burst - 1) * interval_ns : 0;
	__u32 i;

	for (i = 0; i < TRIES; i++) {
		due = *(volatile __u64 *)&rate_limit.due_ns;
		free_ns = due > now ? due : now;
		ahead = free_ns - now;
		*sleep_ns = ahead > at_once ? ahead - at_once : 0;
		if (longest_wait_ns && *sleep_ns > longest_wait_ns)
			return -EAGAIN;
		if (__sync_val_compare_and_swap(&rate_limit.due_ns, due, free_ns + interval_ns) ==
		    due)
			return 0;
	}
	return -EBUSY;
}

static int run(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
	       struct rate_limit_state *st)
{
	int err = iou_queue_template(spawn, lp, 0);

	if (err)
		return iou_exit_with(lp, err);
	st->phase = RUNNING;
	__sync_fetch_and_add(&rate_limit.started, 1);
	return IOU_SPAWN_CONTINUE;
}

static int take_turn(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		     struct rate_limit_state *st)
{
	__u64 sleep_ns = 0;

	switch (reserve(&sleep_ns)) {
	case -EAGAIN:
		__sync_fetch_and_add(&rate_limit.refused, 1);
		return iou_exit_with(lp, -EAGAIN);
	case -EBUSY:
		lp->timeout_ns = 1;
		return IOU_SPAWN_CONTINUE;
	}
	if (!sleep_ns)
		return run(spawn, lp, st);
	st->phase = SLEEPING;
	__sync_fetch_and_add(&rate_limit.waited, 1);
	__sync_fetch_and_add(&rate_limit.waited_ns, sleep_ns);
	lp->timeout_ns = sleep_ns;
	return IOU_SPAWN_CONTINUE;
}

IOU_SPAWN_STEP(rate_limit_step, spawn, lp)
{
	struct rate_limit_state *st = iou_spawn_state(struct rate_limit_state, lp);
	struct iou_spawn_cqe cqe = {};

	if (st->phase == RESERVING)
		return take_turn(spawn, lp, st);
	if (st->phase == SLEEPING)
		return run(spawn, lp, st);
	if (iou_reap(spawn, &cqe) || (cqe.idx == IOU_SPAWN_QUEUED && cqe.res >= 0))
		return iou_exit_with(lp, -EINVAL);		/* the template was no EXEC */
	if (cqe.idx != IOU_SPAWN_QUEUED)	/* the chain's own */
		return IOU_SPAWN_CONTINUE;
	count_error(cqe.res);
	return iou_exit_with(lp, cqe.res);
}

IOU_SPAWN_REGION(struct rate_limit_arg)
IOU_SPAWN_OPS(rate_limit_ops) = {
	.step = (void *)rate_limit_step,
	.name = "rate_limit",
};

SEC("?.struct_ops.link") struct io_uring_spawn_ops rate_limit_second_ops = {
	.step = (void *)rate_limit_step, .name = "rate_limit_2",
};

char LICENSE[] SEC("license") = "GPL";
