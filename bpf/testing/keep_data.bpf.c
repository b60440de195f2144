// SPDX-License-Identifier: GPL-2.0
/*
 * keep_data - read from a pipe, and do not lose what was read if a later step fails
 *
 * What is read from a pipe or socket cannot be read again. So it goes into the region, and how much
 * it is into the record before anything else happens. Then come the templates one after another,
 * up to the last one. Before that, the EXEC, the bytes are written to "to", for instance the pipe
 * that is the program's standard input. Whatever fails, the application finds the bytes, their
 * count and the number of the step, and starts over with the same region.
 *
 * Limits: one read, of at most KEEP_DATA_MAX bytes. If the task is killed between the read and the
 * next step the count is not known; the record says that this is so. POLL comes before the read, so
 * waiting blocks nobody, but if somebody else empties the pipe in between the read does; O_NONBLOCK
 * helps. Room in "to" is not waited for: a pipe that is new has it. "to" should be
 * close-on-exec, or the program holds the writing end of its own standard input.
 */
#include "spawn_bpf.bpf.h"
#include "keep_data.h"

enum keep_data_phase { STARTING, POLLING, READING, SETTING_UP, HANDING, RUNNING };

struct keep_data_state {
	struct keep_data_report report;
	__u32	phase;
};

static int write_report(struct iou_spawn_ctx *spawn, struct keep_data_state *st)
{
	struct keep_data_report report = st->report;

	return iou_write(spawn, __builtin_offsetof(struct keep_data_arg, report), &report);
}

static int finish(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		  struct keep_data_state *st, int err)
{
	if (err >= 0)
		err = -EINVAL;		/* the template was no EXEC */
	st->report.error = err;
	write_report(spawn, st);	/* a region too short for it does not change the result */
	return iou_exit_with(lp, err);
}

static __u64 data_addr(const struct iou_spawn_params *lp)
{
	return lp->arg_addr + __builtin_offsetof(struct keep_data_arg, data);
}

static int await(struct iou_spawn_ctx *spawn, struct keep_data_state *st,
		const struct keep_data_want *want)
{
	struct io_uring_sqe sqe = {};

	st->phase = POLLING;
	st->report.reading = 0;
	iou_prep_poll(&sqe, want->from, POLLIN);
	return iou_queue(spawn, &sqe);
}

static int read_data(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		     struct keep_data_state *st, const struct keep_data_want *want)
{
	struct io_uring_sqe sqe = {};
	int err;

	iou_prep_read(&sqe, want->from, data_addr(lp), want->max, -1);
	err = iou_queue(spawn, &sqe);
	st->phase = READING;
	st->report.reading = !err;
	return err;
}

static int hand_on(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		   struct keep_data_state *st, const struct keep_data_want *want)
{
	struct io_uring_sqe sqe = {};

	if (want->to < 0 || st->report.handed == st->report.kept) {
		st->phase = RUNNING;
		return iou_queue_template(spawn, lp, st->report.step);
	}
	st->phase = HANDING;
	iou_prep_write(&sqe, want->to, data_addr(lp) + st->report.handed,
		       st->report.kept - st->report.handed, -1);
	return iou_queue(spawn, &sqe);
}

static int next_template(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
			 struct keep_data_state *st, const struct keep_data_want *want)
{
	if (lp->nr_submit + st->report.step + 1 >= lp->nr_sqes)
		return hand_on(spawn, lp, st, want);
	st->phase = SETTING_UP;
	return iou_queue_template(spawn, lp, st->report.step);
}

static int start(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		 struct keep_data_state *st, const struct keep_data_want *want)
{
	struct keep_data_report old = {};
	int err = iou_read(spawn, __builtin_offsetof(struct keep_data_arg, report), &old);

	if (err)
		return err;
	/* first of all: what is wrong elsewhere must not make the record forget them */
	st->report.kept = old.kept;
	st->report.handed = old.handed;
	if (!want->max || old.kept > want->max || old.handed > old.kept ||
	    lp->arg_len < __builtin_offsetof(struct keep_data_arg, data) + want->max)
		return -EINVAL;
	return old.kept ? next_template(spawn, lp, st, want) : await(spawn, st, want);
}

/* What completed said @res. */
static int go_on(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		 struct keep_data_state *st, const struct keep_data_want *want, int res)
{
	switch (st->phase) {
	case POLLING:
		return res < 0 ? res : read_data(spawn, lp, st, want);
	case READING:
		if (res == -EAGAIN || res == -EINTR)	/* somebody was faster; stopped */
			return await(spawn, st, want);
		st->report.reading = 0;
		if (res < 0)
			return res;
		st->report.kept = res;
		return next_template(spawn, lp, st, want);
	case SETTING_UP:
		if (res < 0)
			return res;
		st->report.step++;
		return next_template(spawn, lp, st, want);
	case HANDING:
		if (res < 0 && res != -EINTR)
			return res;
		st->report.handed += res < 0 ? 0 : res;
		return hand_on(spawn, lp, st, want);
	}
	return res;
}

IOU_SPAWN_STEP(keep_data_step, spawn, lp)
{
	struct keep_data_state *st = iou_spawn_state(struct keep_data_state, lp);
	struct keep_data_want want = {};
	struct iou_spawn_cqe cqe = {};
	int err;

	err = iou_read(spawn, 0, &want);
	if (err)
		return iou_exit_with(lp, err);
	if (st->phase == STARTING)
		err = start(spawn, lp, st, &want);
	else if (!iou_reap(spawn, &cqe) && cqe.idx != IOU_SPAWN_QUEUED)
		return IOU_SPAWN_CONTINUE;	/* the chain's own; none: a template that is silent */
	else if (st->phase == RUNNING)
		return finish(spawn, lp, st, cqe.res);
	else
		err = go_on(spawn, lp, st, &want, cqe.res);
	err = err ?: write_report(spawn, st);	/* before what was queued is issued */
	return err ? finish(spawn, lp, st, err) : IOU_SPAWN_CONTINUE;
}

IOU_SPAWN_REGION(struct keep_data_arg)
IOU_SPAWN_OPS(keep_data_ops) = {
	.step = (void *)keep_data_step,
	.name = "keep_data",
};

char LICENSE[] SEC("license") = "GPL";
