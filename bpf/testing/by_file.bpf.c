// SPDX-License-Identifier: GPL-2.0
/*
 * by_file - run one of two programs, by how a file begins
 *
 * Template 0 runs if the file of the region begins with the region's prefix, template 1 if it is
 * missing (ENOENT, ENOTDIR), shorter or different. Any other error of open and read ends the spawn.
 * The descriptor is closed before the program runs.
 *
 * Limits: one prefix of at most BY_FILE_MAX bytes. One read: what a pipe or a device gives in
 * pieces may look shorter than it is, and one that has nothing to give is -EAGAIN, or empty. The
 * file may have changed by the time the program runs.
 */
#include "spawn_bpf.bpf.h"
#include "by_file.h"

enum by_file_phase { OPENING, READING, CLOSING, RUNNING };

struct by_file_state {
	struct by_file_report report;
	__s32	fd;
	__u32	phase;
	__u32	same;
};

static int write_report(struct iou_spawn_ctx *spawn, struct by_file_state *st)
{
	struct by_file_report report = st->report;

	return iou_write(spawn, __builtin_offsetof(struct by_file_arg, report), &report);
}

static int finish(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		  struct by_file_state *st, int err)
{
	if (err >= 0)
		err = -EINVAL;		/* the template was no EXEC */
	st->report.error = err;
	write_report(spawn, st);	/* a region too short for it does not change the result */
	return iou_exit_with(lp, err);
}

/* O_NONBLOCK: the open of a FIFO would wait for its writer, and with it the whole task. */
static int open_file(struct iou_spawn_ctx *spawn, const struct by_file_want *want)
{
	struct io_uring_sqe sqe = {};

	iou_prep_openat(&sqe, want->dfd, want->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
	return iou_queue(spawn, &sqe);
}

static int read_file(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, __s32 fd, __u32 len)
{
	struct io_uring_sqe sqe = {};

	iou_prep_read(&sqe, fd, lp->arg_addr + __builtin_offsetof(struct by_file_arg, data), len,
		      -1);
	return iou_queue(spawn, &sqe);
}

static int close_file(struct iou_spawn_ctx *spawn, __s32 fd)
{
	struct io_uring_sqe sqe = {};

	iou_prep_close(&sqe, fd);
	return iou_queue(spawn, &sqe);
}

static int compare(struct iou_spawn_ctx *spawn, struct by_file_state *st, __u32 len)
{
	__u8 prefix[BY_FILE_MAX] = {}, data[BY_FILE_MAX] = {};
	__u32 i;
	int err;

	err = iou_read(spawn, __builtin_offsetof(struct by_file_arg, prefix), &prefix);
	err = err ?: iou_read(spawn, __builtin_offsetof(struct by_file_arg, data), &data);
	st->same = st->report.res == (__s32)len;
	for (i = 0; i < BY_FILE_MAX; i++)
		if (i < len && prefix[i] != data[i])
			st->same = 0;
	return err;
}

static int run(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct by_file_state *st)
{
	int err;

	st->phase = RUNNING;
	st->report.chosen = st->same ? 1 : 2;
	err = write_report(spawn, st);
	return err ?: iou_queue_template(spawn, lp, st->report.chosen - 1);
}

static int opened(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		  struct by_file_state *st, __u32 len, int res)
{
	if (res == -ENOENT || res == -ENOTDIR) {
		st->report.res = res;
		return run(spawn, lp, st);
	}
	st->report.res = res < 0 ? res : 0;
	if (res < 0)
		return res;
	st->phase = READING;
	st->fd = res;
	return read_file(spawn, lp, res, len);
}

static int was_read(struct iou_spawn_ctx *spawn, struct by_file_state *st, __u32 len, int res)
{
	int err = 0;

	st->report.res = res;
	st->phase = CLOSING;
	if (res >= 0)
		err = compare(spawn, st, len);
	return err ?: close_file(spawn, st->fd);
}

IOU_SPAWN_STEP(by_file_step, spawn, lp)
{
	struct by_file_state *st = iou_spawn_state(struct by_file_state, lp);
	struct by_file_want want = {};
	struct iou_spawn_cqe cqe = {};
	int err;

	err = iou_read(spawn, 0, &want);
	if (lp->arg_len < sizeof(struct by_file_arg))	/* READ would write behind it */
		err = -ERANGE;
	else if (want.len > BY_FILE_MAX)
		err = -EINVAL;
	if (err)
		return finish(spawn, lp, st, err);
	if (lp->event == IOU_SPAWN_EV_START) {
		err = open_file(spawn, &want);
		return err ? finish(spawn, lp, st, err) : IOU_SPAWN_CONTINUE;
	}
	if (iou_reap(spawn, &cqe))		/* it has completed without a CQE */
		return finish(spawn, lp, st, -EINVAL);
	if (cqe.idx != IOU_SPAWN_QUEUED)	/* the chain's own */
		return IOU_SPAWN_CONTINUE;
	if (st->phase == RUNNING)
		return finish(spawn, lp, st, cqe.res);

	if (st->phase == OPENING)
		err = opened(spawn, lp, st, want.len, cqe.res);
	else if (st->phase == READING)
		err = was_read(spawn, st, want.len, cqe.res);
	else
		err = st->report.res < 0 ? st->report.res : run(spawn, lp, st);
	return err ? finish(spawn, lp, st, err) : IOU_SPAWN_CONTINUE;
}

IOU_SPAWN_REGION(struct by_file_arg)
IOU_SPAWN_OPS(by_file_ops) = {
	.step = (void *)by_file_step,
	.name = "by_file",
};

char LICENSE[] SEC("license") = "GPL";
