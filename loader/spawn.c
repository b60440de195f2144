// SPDX-License-Identifier: GPL-2.0 OR MIT
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "signals.h"
#include "spawn.h"
#include "trace.h"
#include "util.h"

/* user_data of our SQEs */
enum { OF_SPAWN = 1, OF_POLICY, OF_CANCEL };

/* One CLONE: SPAWN_BPF runs, the EXEC is the policy's template. */
static int submit_spawn(struct io_uring *ring, const struct region *r)
{
	struct io_uring_sqe chain[2], *sqe = io_uring_get_sqe(ring);
	struct io_uring_clone_args args = { .sqes = U64(chain), .nr_sqes = 2, .nr_submit = 1 };
	int ret;

	if (!sqe)
		return -EBUSY;
	iou_prep_policy(&chain[0], 0, U64(r->arg), r->len, 0);
	chain[0].user_data = OF_POLICY;
	iou_prep_exec(&chain[1], AT_FDCWD, 0, region_argv(r), U64(environ), 0, 0);
	iou_prep_clone(sqe, U64(&args), sizeof(args), IORING_CLONE_FINAL | IORING_CLONE_QUIET);
	sqe->user_data = OF_SPAWN;
	ret = io_uring_submit(ring);
	return ret < 0 ? ret : 0;
}

static void cancel_spawn(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		return;
	io_uring_prep_cancel64(sqe, OF_SPAWN, 0);
	sqe->user_data = OF_CANCEL;
	io_uring_submit(ring);
}

/* True: it was the outcome. */
static bool take(const struct io_uring_cqe *cqe, const struct region *r, struct outcome *out)
{
	switch (cqe->user_data) {
	case OF_POLICY:
		trace_attempt(r, cqe->res, cqe->flags >> 16);
		return false;
	case OF_SPAWN:
		if (cqe->flags & IORING_CQE_F_MORE) {
			trace_born(cqe->res);
			return false;
		}
		out->res = cqe->res;
		out->step = IORING_CQE_STEP(cqe);
		return true;
	default:
		return false;
	}
}

static int wait_for_outcome(struct io_uring *ring, const struct region *r, struct outcome *out)
{
	const sigset_t *waiting = NULL;
	bool cancelled = false;

	for (;;) {
		struct io_uring_cqe *cqe;
		bool done;
		int err;

		if (waiting && signals_got() && !cancelled) {
			cancel_spawn(ring);
			cancelled = true;
		}
		err = io_uring_wait_cqes(ring, &cqe, 1, NULL, (sigset_t *)waiting);
		if (err == -EINTR)
			continue;
		if (err)
			return err;
		if (!waiting)		/* not earlier: the program starts with our mask at CLONE */
			waiting = signals_hold();
		done = take(cqe, r, out);
		io_uring_cqe_seen(ring, cqe);
		if (!done)
			continue;
		if (out->res > 0)
			signals_pass_to(out->res);
		return 0;
	}
}

int spawn_run(struct io_uring *ring, const struct region *r, struct outcome *out)
{
	int err;

	signals_catch();
	err = submit_spawn(ring, r);
	if (!err)
		err = wait_for_outcome(ring, r, out);
	if (err)
		say_error(err, NULL, "the ring failed");
	return err;
}

int spawn_wait(int pid)
{
	siginfo_t info;
	int status;

	while (waitid(P_PID, pid, &info, WEXITED | WNOWAIT)) {
		if (errno == EINTR)
			continue;
		say_error(errno, NULL, "cannot wait for pid %d", pid);
		return EXIT_SELF;
	}
	signals_pass_nothing();
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
