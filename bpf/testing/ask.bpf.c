// SPDX-License-Identifier: GPL-2.0
/*
 * ask - put a question to the application and act on the answer
 *
 * The half-made task posts a CQE and waits on a futex in the region. The answer is the number of a
 * template, which runs, or an errno, which ends the spawn. After a silence of patience_ns the
 * answer is default_answer. If the program cannot be run the error may be put as the next question,
 * up to max_questions: the application decides with the task, and what it holds, still there.
 *
 * Limits: no CQE is lost, but one for which there is no room in the completion queue is no question
 * either: the spawn ends with -ENOSPC. An answer that comes after the silence is ignored. Silence
 * stands for an answer, it does not end the spawn by itself.
 */
#include "spawn_bpf.bpf.h"
#include "ask.h"

IOU_SPAWN_PARAM __u64 patience_ns = 5000000000;		/* for each question; 0: for ever */
IOU_SPAWN_PARAM __s32 default_answer = -ETIMEDOUT;
IOU_SPAWN_PARAM __u32 max_questions = 1;

enum ask_phase { ASKING, WAITING, RUNNING };
enum { UD_FUTEX = 1, UD_EXEC };

struct ask_state {
	struct ask_report report;
	__u64	until_ns;
	__u32	phase;
};

static int finish(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct ask_state *st,
		  int err)
{
	struct ask_report report;

	if (err >= 0)
		err = -EINVAL;		/* the template was no EXEC */
	st->report.error = err;
	report = st->report;
	/* a region too short for it does not change the result */
	iou_write(spawn, __builtin_offsetof(struct ask_arg, report), &report);
	return iou_exit_with(lp, err);
}

/* Runs template @answer, or says why not. */
static int act(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct ask_state *st,
	       int answer)
{
	struct io_uring_sqe sqe = {};
	struct ask_report report;
	int err;

	st->phase = RUNNING;
	st->report.answer = answer;
	report = st->report;
	if (answer < 0)
		return answer;
	err = iou_template(spawn, lp->nr_submit + answer, &sqe);
	err = err ?: iou_write(spawn, __builtin_offsetof(struct ask_arg, report), &report);
	sqe.user_data = UD_EXEC;
	sqe.ioprio |= IORING_EXEC_CANCEL;	/* after a silence the futex wait is in flight */
	return err ?: iou_queue(spawn, &sqe);
}

/* 0: it waits, or act() has queued the program. */
static int wait_on(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct ask_state *st)
{
	__u64 now = bpf_ktime_get_ns();

	lp->wait_nr = 1;
	if (!patience_ns)
		return 0;
	if (now < st->until_ns) {
		lp->timeout_ns = st->until_ns - now;
		return 0;
	}
	lp->wait_nr = 0;
	st->report.silent++;
	return act(spawn, lp, st, default_answer);
}

static int futex_wait(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		      struct ask_state *st)
{
	struct io_uring_sqe sqe = {};
	int err;

	iou_prep_futex_wait(&sqe, lp->arg_addr + __builtin_offsetof(struct ask_arg, word),
			    st->report.questions - 1);
	sqe.user_data = UD_FUTEX;
	err = iou_queue(spawn, &sqe);
	return err ?: wait_on(spawn, lp, st);
}

static int ask(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct ask_state *st,
	       int res)
{
	__u32 nr = st->report.questions + 1;
	int err;

	err = bpf_io_uring_spawn_post_cqe(spawn, lp->user_data, res, IORING_CQE_F_MORE | nr << 16);
	if (err)
		return err;
	st->phase = WAITING;
	st->report.questions = nr;
	st->until_ns = bpf_ktime_get_ns() + patience_ns;
	return futex_wait(spawn, lp, st);
}

/* @res: of the futex wait; -EAGAIN if the answer was there before it. */
static int woken(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct ask_state *st,
		 int res)
{
	__u32 word = 0;
	__s32 answer = 0;
	int err;

	if (res && res != -EAGAIN && res != -EINTR)
		return res;
	err = iou_read(spawn, __builtin_offsetof(struct ask_arg, word), &word);
	err = err ?: iou_read(spawn, __builtin_offsetof(struct ask_arg, answer), &answer);
	if (err)
		return err;
	if (word == st->report.questions)
		return act(spawn, lp, st, answer);
	if (word == st->report.questions - 1)	/* woken for nothing */
		return futex_wait(spawn, lp, st);
	return -EINVAL;
}

IOU_SPAWN_STEP(ask_step, spawn, lp)
{
	struct ask_state *st = iou_spawn_state(struct ask_state, lp);
	struct iou_spawn_cqe cqe = {};
	bool none, mine;
	int err = 0;

	none = st->phase == ASKING || iou_reap(spawn, &cqe);
	mine = !none && cqe.idx == IOU_SPAWN_QUEUED;
	if (st->phase == ASKING)
		err = lp->arg_len < sizeof(struct ask_arg) ? -ERANGE : ask(spawn, lp, st, 0);
	else if (st->phase == WAITING && mine && cqe.user_data == UD_FUTEX)
		err = woken(spawn, lp, st, cqe.res);
	else if (st->phase == WAITING)		/* the chain's own, or time is up */
		err = wait_on(spawn, lp, st);
	else if (none)				/* it has completed without a CQE */
		err = -EINVAL;
	else if (!mine || cqe.user_data != UD_EXEC)
		return IOU_SPAWN_CONTINUE;
	else if (st->report.questions < max_questions && cqe.res < 0)
		err = ask(spawn, lp, st, cqe.res);
	else
		return finish(spawn, lp, st, cqe.res);
	return err ? finish(spawn, lp, st, err) : IOU_SPAWN_CONTINUE;
}

IOU_SPAWN_OPS(ask_ops) = {
	.step = (void *)ask_step,
	.name = "ask",
};

char LICENSE[] SEC("license") = "GPL";
