// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "failure.h"
#include "signals.h"
#include "single.h"
#include "trace.h"
#include "util.h"

static void cancel_spawn(struct io_uring *ring)
{
	if (!spawn_queue_cancel(ring, 0))
		io_uring_submit(ring);
}

static int wait_for_outcome(struct io_uring *ring, struct spawn *s)
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
		done = spawn_take(s, 0, cqe);
		io_uring_cqe_seen(ring, cqe);
		if (!done)
			continue;
		if (s->out.res > 0)
			signals_pass_to(s->out.res);
		return 0;
	}
}

static int run_to_outcome(struct io_uring *ring, struct spawn *s)
{
	int err;

	signals_catch();
	err = spawn_queue(ring, s, 0, -1);
	if (!err)
		err = io_uring_submit(ring);
	if (err >= 0)
		err = wait_for_outcome(ring, s);
	if (err)
		say_error(err, NULL, "the ring failed");
	return err;
}

int single_run(struct io_uring *ring, struct spawn *s, const char *name)
{
	int status = EXIT_SELF;

	if (!run_to_outcome(ring, s)) {
		trace_outcome(s);
		if (s->out.res > 0)
			return signals_wait(s->out.res);
		if (!signals_got() || s->out.res != -ECANCELED)
			status = why_not(s, name);
	}
	signals_die();
	return status;
}
