// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What happens to chains while they run. */
#include <linux/futex.h>
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "storm.h"

static void send_to(struct lane *l, unsigned int which, int sig)
{
	struct seen *s;

	if (!l->nr_submitted)
		return;
	s = &l->seen[which % l->nr_submitted];
	/* taken for alive until its program was waited for: nobody has this pid anew so soon */
	if (s->pid && !kill(s->pid, sig) && sig == SIGKILL)
		s->killed = true;
}

static void may_be_cancelled(struct lane *l, unsigned int i)
{
	l->seen[i].cancelled = true;
}

static void cancel_by_request(struct lane *l, const struct action *a)
{
	struct io_uring_sqe *sqe;
	unsigned int i;

	if (!l->nr_submitted)
		return;
	sqe = get_sqe(&l->ring);
	i = a->a % l->nr_submitted;
	iou_prep(sqe, IORING_OP_ASYNC_CANCEL, -1, base_of(i) + UD_CLONE, 0, 0);
	sqe->user_data = UD_OTHER;
	may_be_cancelled(l, i);
	if (a->what == CANCEL_ANY) {
		sqe->cancel_flags = IORING_ASYNC_CANCEL_ANY;
		if (a->b & 1)
			sqe->cancel_flags |= IORING_ASYNC_CANCEL_ALL;
		/* later ones too: behind a drain it waits */
		for (i = 0; i < CHAINS; i++)
			may_be_cancelled(l, i);
	}
	io_uring_submit(&l->ring);
}

static void drain_nop(struct lane *l)
{
	struct io_uring_sqe *sqe = get_sqe(&l->ring);

	iou_prep(sqe, IORING_OP_NOP, -1, 0, 0, 0);
	sqe->flags = IOSQE_IO_DRAIN;
	sqe->user_data = UD_OTHER;
	io_uring_submit(&l->ring);
}

static void wake_pipe(struct lane *l, unsigned int nr)
{
	static const char data[16] = "storm";

	/* never full: each round has new ones */
	if (write(LANE_FD(l->idx, EMPTY_W), data, 1 + nr % sizeof(data)) < 0 && errno != EPIPE)
		complain(l->p, "writing to a pipe: errno %d", errno);
}

static void wake_futex(struct lane *l, unsigned int which, unsigned int nr)
{
	syscall(SYS_futex, &storm_futex[l->idx][which % 4], FUTEX_WAKE_PRIVATE, nr, NULL, NULL, 0);
}

void disturb(struct lane *l, const struct action *a)
{
	switch (a->what) {
	case NAP:
		usleep(a->a % 1500);
		break;
	case WAKE_PIPE:
		wake_pipe(l, a->a);
		break;
	case WAKE_FUTEX:
		wake_futex(l, a->a, 1 + a->b % 2);
		break;
	case KILL:
		send_to(l, a->a, SIGKILL);
		break;
	case STOP:
		send_to(l, a->a, SIGSTOP);
		break;
	case CONT:
		send_to(l, a->a, SIGCONT);
		break;
	case CANCEL:
	case CANCEL_ANY:
		cancel_by_request(l, a);
		break;
	case DRAIN_NOP:
		if (l->p->drains)
			drain_nop(l);
		break;
	default:
		break;
	}
}

/* Whoever waits for something that can be had. */
void wake_all(struct lane *l)
{
	unsigned int i;

	for (i = 0; i < l->nr_submitted; i++)
		send_to(l, i, SIGCONT);
	for (i = 0; i < 4; i++)
		wake_futex(l, i, 100);
	if (l->nr_submitted)
		wake_pipe(l, 8);
}

/*
 * By a signal or a cancellation, whichever reaches it. Not by a request: that could stand behind a
 * drain that waits for this very spawn.
 */
void end_spawn(struct lane *l, unsigned int i)
{
	struct io_uring_sync_cancel_reg reg = {
		.addr = base_of(i) + UD_CLONE, .fd = -1, .timeout = { .tv_nsec = 1000000 },
	};

	if (l->seen[i].pid) {
		send_to(l, i, SIGKILL);
		return;
	}
	may_be_cancelled(l, i);
	io_uring_register_sync_cancel(&l->ring, &reg);
}
