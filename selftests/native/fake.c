// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The interpreter of a spawn without a kernel. What a policy calls is in fake_kfuncs.c. */
#include <stdlib.h>
#include <string.h>
#include "fake.h"

/* ---- Completions -------------------------------------------------------------------------- */

static void complete(struct fake *f, const struct io_uring_sqe *sqe, int res)
{
	if (res >= 0 && sqe->flags & IOSQE_CQE_SKIP_SUCCESS)
		return;
	if (f->tail - f->head == FAKE_CQES) {
		f->broken = "takes no completions";
		return;
	}
	f->cqes[f->tail++ % FAKE_CQES] = (struct iou_spawn_cqe){
		.user_data = sqe->user_data, .res = res, .idx = IOU_SPAWN_QUEUED,
		.opcode = sqe->opcode,
	};
}

static bool names_path(__u8 opcode)
{
	return opcode == IORING_OP_EXEC || opcode == IORING_OP_OPENAT || opcode == IORING_OP_STATX;
}

static bool line_matches(const struct fake_line *line, const struct io_uring_sqe *sqe)
{
	const char *path = (const char *)(uintptr_t)sqe->addr;

	if ((line->opcode ?: IORING_OP_EXEC) != sqe->opcode)
		return false;
	return !line->path || (path && !strcmp(line->path, path));
}

static const struct fake_line *find_line(struct fake *f, const struct io_uring_sqe *sqe)
{
	unsigned int i;

	for (i = 0; f->world[i].path || f->world[i].opcode; i++) {
		if (i == FAKE_LINES)
			abort();
		if (!line_matches(&f->world[i], sqe))
			continue;
		if (f->world[i].times && f->tried[i] == f->world[i].times)
			continue;	/* used up: a later line takes over */
		f->tried[i]++;
		return &f->world[i];
	}
	return NULL;
}

/* ---- What is in flight -------------------------------------------------------------------- */

static void start(struct fake *f, struct fake_op *op)
{
	op->started = true;
	op->in_link = false;
	op->due = fake_now;
	if (f->nr_issued < FAKE_CQES)
		f->issued[f->nr_issued] = op->sqe;
	f->nr_issued++;
	if (op->sqe.opcode == IORING_OP_EXEC)
		return;		/* parked, see run_exec() */
	op->line = find_line(f, &op->sqe);
	if (op->line && op->line->after_ns)
		op->due = op->line->after_ns == FAKE_NEVER ? FAKE_NEVER :
			fake_now + op->line->after_ns;
}

static void remove_op(struct fake *f, unsigned int i)
{
	memmove(&f->inflight[i], &f->inflight[i + 1],
		(--f->nr_inflight - i) * sizeof(f->inflight[0]));
}

/* Op i is done: what is linked behind it starts, or fails with it. */
static void finish(struct fake *f, unsigned int i, int res)
{
	struct fake_op op = f->inflight[i];
	bool linked = op.sqe.flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK);

	remove_op(f, i);
	complete(f, &op.sqe, res);
	if (op.line && op.line->then)
		op.line->then(f, &op.sqe);
	if (!linked || i == f->nr_inflight || !f->inflight[i].in_link)
		return;
	if (res < 0 && !(op.sqe.flags & IOSQE_IO_HARDLINK))
		finish(f, i, -ECANCELED);
	else
		start(f, &f->inflight[i]);
}

static void run_cancel(struct fake *f, unsigned int i)
{
	__u64 whom = f->inflight[i].sqe.addr;
	unsigned int k;

	for (k = 0; k < f->nr_inflight; k++)
		if (k != i && f->inflight[k].sqe.user_data == whom) {
			finish(f, i, 0);
			finish(f, k > i ? k - 1 : k, -ECANCELED);
			return;
		}
	finish(f, i, -ENOENT);
}

static int result_of(const struct fake_op *op)
{
	if (op->line)
		return op->line->res;
	return names_path(op->sqe.opcode) ? -ENOENT : -EINVAL;
}

static int parked_exec(const struct fake *f)
{
	unsigned int i;

	for (i = 0; i < f->nr_inflight; i++)
		if (f->inflight[i].started && f->inflight[i].sqe.opcode == IORING_OP_EXEC)
			return i;
	return -1;
}

static bool other_than_exec(const struct fake *f, unsigned int *other)
{
	unsigned int i;

	for (i = 0; i < f->nr_inflight; i++)
		if (f->inflight[i].started && f->inflight[i].sqe.opcode != IORING_OP_EXEC) {
			if (other)
				*other = i;
			return true;
		}
	return false;
}

static bool cancels(const struct fake_op *exec)
{
	return exec->sqe.ioprio & IORING_EXEC_CANCEL;
}

/* Nothing else may be in flight when EXEC runs: that is cancelled. True: a program runs. */
static bool run_exec(struct fake *f)
{
	int i;
	struct io_uring_sqe sqe;
	const struct fake_line *line;
	unsigned int other;

	while (other_than_exec(f, &other))
		finish(f, other, -ECANCELED);
	i = parked_exec(f);
	sqe = f->inflight[i].sqe;
	f->nr_execs++;
	line = f->inflight[i].line = find_line(f, &sqe);
	if (line && !line->res) {
		f->path = (const char *)(uintptr_t)sqe.addr;
		f->argv = (const char *const *)(uintptr_t)sqe.addr2;
		f->exec = sqe;
		return true;
	}
	f->exec_error = line ? line->res : -ENOENT;
	finish(f, i, f->exec_error);
	return false;
}

/* The first that is due now, or -1. */
static int due_now(const struct fake *f)
{
	unsigned int i;

	for (i = 0; i < f->nr_inflight; i++)
		if (f->inflight[i].started && f->inflight[i].due <= fake_now &&
		    f->inflight[i].sqe.opcode != IORING_OP_EXEC)
			return i;
	return -1;
}

/* Completes what is due. True: a program runs. */
static bool run_due(struct fake *f)
{
	int i;

	for (;;) {
		i = due_now(f);
		if (i < 0)
			break;
		if (f->inflight[i].sqe.opcode == IORING_OP_ASYNC_CANCEL)
			run_cancel(f, i);
		else
			finish(f, i, result_of(&f->inflight[i]));
	}
	i = parked_exec(f);
	if (i < 0 || (other_than_exec(f, NULL) && !cancels(&f->inflight[i])))
		return false;
	/* one that fails may let a link go on */
	return run_exec(f) || run_due(f);
}

static __u64 next_due(const struct fake *f)
{
	__u64 due = FAKE_NEVER;
	unsigned int i;

	for (i = 0; i < f->nr_inflight; i++)
		if (f->inflight[i].started && f->inflight[i].sqe.opcode != IORING_OP_EXEC &&
		    f->inflight[i].due < due)
			due = f->inflight[i].due;
	return due;
}

static void issue(struct fake *f)
{
	bool in_link = false;
	unsigned int i;

	for (i = 0; i < f->nr_queue; i++) {
		struct io_uring_sqe *sqe = &f->queue[i];
		struct fake_op *op = &f->inflight[f->nr_inflight];

		if (sqe->opcode == IORING_OP_EXEC && !in_link && parked_exec(f) >= 0) {
			complete(f, sqe, -EBUSY);
			continue;
		}
		if (f->nr_inflight == FAKE_OPS) {
			f->broken = "has more in flight than the fake can hold";
			break;
		}
		f->nr_inflight++;
		*op = (struct fake_op){ .sqe = *sqe, .in_link = in_link };
		if (!in_link)
			start(f, op);
		in_link = sqe->flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK);
	}
	f->nr_queue = 0;
}

/* ---- Steps and waits ---------------------------------------------------------------------- */

static void fill_params(struct fake *f, struct iou_spawn_params *lp, __u32 event)
{
	const struct io_uring_sqe *sqe = &f->sqes[0];

	lp->user_data = sqe->user_data;
	lp->cookie = sqe->addr3;
	lp->arg_addr = sqe->addr;
	lp->arg_len = sqe->len;
	lp->event = event;
	lp->step = f->nr_steps;
	lp->nr_cqes = f->tail - f->head;
	lp->nr_inflight = f->nr_inflight;
	lp->nr_sqes = f->nr_sqes;
	lp->nr_submit = f->nr_submit;
	lp->wait_nr = 0;
	lp->timeout_ns = 0;
}

static int step(struct fake *f, __u32 event)
{
	struct iou_spawn_params *lp = &f->lp, before;
	void *arg = (void *)(uintptr_t)f->sqes[0].addr;
	size_t len = f->sqes[0].len;
	int ret;

	fill_params(f, lp, event);
	before = *lp;
	if (len)
		memcpy(f->region, arg, len);
	f->dirty = false;
	ret = f->ops->step((struct iou_spawn_ctx *)f, lp);
	f->nr_steps++;
	if (memcmp(lp, &before, offsetof(struct iou_spawn_params, wait_nr)))
		f->broken = "writes to what a step may only read";
	if (f->dirty)
		memcpy(arg, f->region, len);
	return ret;
}

enum { PROGRAM_RUNS = -1 };

/* Lets time pass until the wait is over: enum iou_spawn_event, or PROGRAM_RUNS. */
static int wait(struct fake *f)
{
	__u64 deadline = f->lp.timeout_ns ? fake_now + f->lp.timeout_ns : FAKE_NEVER, due;

	for (;;) {
		if (run_due(f))
			return PROGRAM_RUNS;
		if (f->lp.wait_nr && f->tail - f->head >= f->lp.wait_nr)
			return IOU_SPAWN_EV_CQES;
		if (f->lp.timeout_ns && fake_now >= deadline) {
			f->slept_ns += f->lp.timeout_ns;
			return IOU_SPAWN_EV_TIMEOUT;
		}
		if (!f->lp.timeout_ns && !f->nr_inflight)
			return IOU_SPAWN_EV_IDLE;
		due = next_due(f);
		if (due == FAKE_NEVER && deadline == FAKE_NEVER) {
			f->broken = "waits for what never comes";
			return IOU_SPAWN_EV_IDLE;
		}
		fake_now = due < deadline ? due : deadline;
	}
}

/* SPAWN_BPF is complete, what it has left in flight is not. */
static int outcome_after_done(struct fake *f)
{
	f->lp.wait_nr = 0;
	f->lp.timeout_ns = 0;
	f->exec_error = 0;
	f->res = f->lp.res;
	if (wait(f) == PROGRAM_RUNS)
		return 1;
	return f->exec_error ?: f->res < 0 ? f->res : 0;
}

static int interpret(struct fake *f)
{
	int event = IOU_SPAWN_EV_START;

	while (f->nr_steps < (f->ops->max_steps ?: 1024) && !f->broken) {
		int ret = step(f, event);

		f->res = f->lp.res;
		if (ret == IOU_SPAWN_EXIT)
			return f->lp.res < 0 ? f->lp.res : 0;
		if (ret != IOU_SPAWN_CONTINUE && ret != IOU_SPAWN_DONE)
			return -EINVAL;
		issue(f);
		if (ret == IOU_SPAWN_DONE)
			return outcome_after_done(f);
		event = wait(f);
		if (event == PROGRAM_RUNS)
			return 1;
	}
	return -ELOOP;
}

void fake_run(struct fake *f)
{
	unsigned int i;

	for (i = 0; i < f->nr_before; i++)
		f->cqes[f->tail++ % FAKE_CQES] = f->before[i];
	f->region = malloc(f->sqes[0].len ?: 1);	/* so long, for ASan to see its end */
	if (!f->region)
		abort();
	f->outcome = interpret(f);
	free(f->region);
}
