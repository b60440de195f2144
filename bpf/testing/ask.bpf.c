// SPDX-License-Identifier: GPL-2.0
/*
 * ask - put a question to the application and act on the answer
 *
 * The half-made task posts a CQE and waits on a futex in the region. The answer is the number of a
 * template, which runs, or an errno, which ends the spawn. After a silence of patience_ns the
 * answer is default_answer. If the program cannot be run the error may be put as the next question,
 * up to max_questions: the application decides with the task, and what it holds, still there.
 *
 * Limits: 64 questions, then -E2BIG (max_posts). An answer that comes after the silence is ignored.
 * Silence stands for an answer, it does not end the spawn by itself.
 */
#include "spawn_bpf.bpf.h"
#include "ask.h"

IOU_SPAWN_PARAM __u64 patience_ns = 5000000000;		/* for each question; 0: for ever */
IOU_SPAWN_PARAM __s32 default_answer = -ETIMEDOUT;
IOU_SPAWN_PARAM __u32 max_questions = 1;

enum ask_phase { ASKING, WAITING, RUNNING };

#define UD_EXEC	0	/* a futex wait has the number of its question */

struct ask_head {
	__u32	word;
	__s32	answer;
};

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

	if (!patience_ns || now < st->until_ns) {
		lp->wait_nr = 1;
		lp->timeout_ns = patience_ns ? st->until_ns - now : 0;
		return 0;
	}
	st->report.silent++;
	return act(spawn, lp, st, default_answer);
}

/* Acts on the answer, or waits for it: on a word that may still be that of an older question. */
static int consider(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct ask_state *st)
{
	struct io_uring_sqe sqe = {};
	struct ask_head head = {};
	int err;

	err = iou_read(spawn, 0, &head);
	if (err)
		return err;
	if (head.word == st->report.questions)
		return act(spawn, lp, st, head.answer);
	if (head.word > st->report.questions)
		return -EINVAL;
	iou_prep_futex_wait(&sqe, lp->arg_addr + __builtin_offsetof(struct ask_arg, word),
			    head.word);
	sqe.user_data = st->report.questions;
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
	return consider(spawn, lp, st);
}

/* While it waits. -EAGAIN: the word was another one before it slept. */
static int woken(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp, struct ask_state *st,
		 const struct iou_spawn_cqe *cqe)
{
	if (cqe->idx != IOU_SPAWN_QUEUED || cqe->user_data != st->report.questions)
		return wait_on(spawn, lp, st);
	if (cqe->res && cqe->res != -EAGAIN && cqe->res != -EINTR)
		return cqe->res;
	return consider(spawn, lp, st);
}

IOU_SPAWN_STEP(ask_step, spawn, lp)
{
	struct ask_state *st = iou_spawn_state(struct ask_state, lp);
	struct iou_spawn_cqe cqe = {};
	bool none;
	int err;

	none = st->phase == ASKING || iou_reap(spawn, &cqe);
	if (st->phase == ASKING)
		err = lp->arg_len < sizeof(struct ask_arg) ? -ERANGE : ask(spawn, lp, st, 0);
	else if (st->phase == WAITING)
		err = none ? wait_on(spawn, lp, st) : woken(spawn, lp, st, &cqe);
	else if (none)				/* it has completed without a CQE */
		err = -EINVAL;
	else if (cqe.idx != IOU_SPAWN_QUEUED || cqe.user_data != UD_EXEC)
		return IOU_SPAWN_CONTINUE;	/* the chain's own, or a futex wait */
	else if (st->report.questions < max_questions && cqe.res < 0)
		err = ask(spawn, lp, st, cqe.res);
	else
		return finish(spawn, lp, st, cqe.res);
	return err ? finish(spawn, lp, st, err) : IOU_SPAWN_CONTINUE;
}

IOU_SPAWN_REGION(struct ask_arg)
IOU_SPAWN_OPS(ask_ops) = {
	.step = (void *)ask_step,
	.name = "ask",
};

char LICENSE[] SEC("license") = "GPL";
