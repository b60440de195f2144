// SPDX-License-Identifier: GPL-2.0
/*
 * wait_ready - run a program when what it depends on is ready
 *
 * Waits, in the task that is to become the program, until a descriptor can be read or written,
 * somebody accepts on a socket, or another process has ended; then runs template 0. A time limit
 * covers the wait as a whole (-ETIMEDOUT). A descriptor that only hangs up is -EPIPE: the other
 * side went away before it was ready. A connect that is refused, or finds nobody, is made again
 * after a pause, each twice as long as the one before; other errors end the spawn.
 *
 * Limits: one thing to wait for. Connects are polling, and a policy has 65536 steps: after 32767 of
 * them, close to an hour, the spawn ends with -ELOOP. The connection stays with the socket, which
 * the application has too: who only asks for readiness closes it or makes it close-on-exec. Without
 * O_NONBLOCK a connect to a unix socket whose backlog is full blocks the task, and no time limit
 * helps. A process is waited for by pidfd, since those that have a parent in common cannot wait for
 * each other by WAITID.
 */
#include "spawn_bpf.bpf.h"
#include "wait_ready.h"

IOU_SPAWN_PARAM __u64 first_pause_ns = 1000000;		/* between two connects */
IOU_SPAWN_PARAM __u64 longest_pause_ns = 100000000;

enum wait_ready_phase { LOOKING, PAUSING, RUNNING };

struct wait_ready_state {
	struct wait_ready_report report;
	__u64	since_ns;
	__u64	pause_ns;	/* the next one */
	__u32	phase;
};

static int write_report(struct iou_spawn_ctx *spawn, struct wait_ready_state *st)
{
	struct wait_ready_report report = st->report;

	return iou_write(spawn, __builtin_offsetof(struct wait_ready_arg, report), &report);
}

static int finish(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		  struct wait_ready_state *st, int err)
{
	if (err >= 0)
		err = -EINVAL;		/* the template was no EXEC */
	st->report.error = err;
	write_report(spawn, st);	/* a region too short for it does not change the result */
	return iou_exit_with(lp, err);
}

/* The next wait ends with the time limit, or after a pause of @pause if that is not 0. */
static int set_timeout(struct iou_spawn_params *lp, struct wait_ready_state *st,
		       const struct wait_ready_want *want, __u64 pause)
{
	__u64 passed = bpf_ktime_get_ns() - st->since_ns;

	st->report.waited_ns = passed;
	lp->timeout_ns = pause;
	if (!want->timeout_ns)
		return 0;
	if (passed >= want->timeout_ns)
		return -ETIMEDOUT;
	if (!pause || pause > want->timeout_ns - passed)
		lp->timeout_ns = want->timeout_ns - passed;
	return 0;
}

static int wait_for_it(struct iou_spawn_params *lp, struct wait_ready_state *st,
		       const struct wait_ready_want *want)
{
	lp->wait_nr = 1;
	return set_timeout(lp, st, want, 0);
}

static int look(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		struct wait_ready_state *st, const struct wait_ready_want *want)
{
	struct io_uring_sqe sqe = {};
	int err;

	switch (want->kind) {
	case WAIT_READY_POLL:
		iou_prep_poll(&sqe, want->fd, want->events);
		break;
	case WAIT_READY_CONNECT:
		iou_prep_connect(&sqe, want->fd, want->addr, want->addr_len);
		break;
	case WAIT_READY_EXIT:
		iou_prep_poll(&sqe, want->fd, POLLIN);
		break;
	default:
		return -EINVAL;
	}
	err = wait_for_it(lp, st, want);
	if (err)
		return err;
	st->phase = LOOKING;
	st->report.attempts++;
	/* now: nobody reports if the spawn is cancelled while it waits */
	err = write_report(spawn, st);
	return err ?: iou_queue(spawn, &sqe);
}

static bool try_again(int res)
{
	switch (res) {
	case -ENOENT:			/* nobody has bound the path yet */
	case -ECONNREFUSED:
	case -ECONNRESET:
	case -ECONNABORTED:
	case -EHOSTUNREACH:
	case -ENETUNREACH:
	case -ETIMEDOUT:
	case -EAGAIN:			/* the backlog is full */
	case -EALREADY:
	case -EINPROGRESS:
	case -EINTR:
		return true;
	}
	return false;
}

static int sit_out(struct iou_spawn_params *lp, struct wait_ready_state *st,
		   const struct wait_ready_want *want)
{
	__u64 pause = st->pause_ns < longest_pause_ns ? st->pause_ns : longest_pause_ns;

	st->phase = PAUSING;
	st->pause_ns = pause * 2;
	return set_timeout(lp, st, want, pause);
}

static int run(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
	       struct wait_ready_state *st)
{
	int err;

	st->phase = RUNNING;
	st->report.ready = 1;
	st->report.waited_ns = bpf_ktime_get_ns() - st->since_ns;
	err = write_report(spawn, st);
	return err ?: iou_queue_template(spawn, lp, 0);
}

static int looked(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		  struct wait_ready_state *st, const struct wait_ready_want *want, int res)
{
	st->report.last = res;
	if (want->kind == WAIT_READY_CONNECT) {
		if (!res || res == -EISCONN)
			return run(spawn, lp, st);
		if (!try_again(res))
			return res;
		return sit_out(lp, st, want);
	}
	if (res < 0)
		return res;
	return res & (want->kind == WAIT_READY_EXIT ? POLLIN : want->events) ?
		run(spawn, lp, st) : -EPIPE;
}

static int advance(struct iou_spawn_ctx *spawn, struct iou_spawn_params *lp,
		   struct wait_ready_state *st)
{
	struct wait_ready_want want = {};
	struct iou_spawn_cqe cqe = {};
	int err;

	if (lp->event == IOU_SPAWN_EV_START) {
		st->since_ns = bpf_ktime_get_ns();
		st->pause_ns = first_pause_ns;
	}
	err = iou_read(spawn, 0, &want);
	if (err)
		return err;
	if (lp->event == IOU_SPAWN_EV_START || st->phase == PAUSING)
		return look(spawn, lp, st, &want);
	if (iou_reap(spawn, &cqe) || cqe.idx != IOU_SPAWN_QUEUED)
		return wait_for_it(lp, st, &want);	/* the chain's own, or time is up */
	return looked(spawn, lp, st, &want, cqe.res);
}

IOU_SPAWN_STEP(wait_ready_step, spawn, lp)
{
	struct wait_ready_state *st = iou_spawn_state(struct wait_ready_state, lp);
	struct iou_spawn_cqe cqe = {};
	int err;

	if (st->phase != RUNNING) {
		err = advance(spawn, lp, st);
		return err ? finish(spawn, lp, st, err) : IOU_SPAWN_CONTINUE;
	}
	if (iou_reap(spawn, &cqe))		/* it has completed without a CQE */
		return finish(spawn, lp, st, -EINVAL);
	if (cqe.idx != IOU_SPAWN_QUEUED)	/* the chain's own */
		return IOU_SPAWN_CONTINUE;
	return finish(spawn, lp, st, cqe.res);
}

IOU_SPAWN_REGION(struct wait_ready_arg)
IOU_SPAWN_OPS(wait_ready_ops) = {
	.step = (void *)wait_ready_step,
	.name = "wait_ready",
	.max_steps = 65536,
	.max_sqes = 65536,
};

char LICENSE[] SEC("license") = "GPL";
