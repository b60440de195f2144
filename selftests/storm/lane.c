// SPDX-License-Identifier: GPL-2.0 OR MIT
/* One ring: its chains are put on it, and waited for. */
#include <errno.h>
#include <time.h>
#include <unistd.h>
#include "storm.h"

#define SQ_ENTRIES	64
#define LONGEST		(SQES + 3)	/* SQEs of one spawn */
#define PATIENCE	16		/* rounds of waking before something is ended */

static const struct lane_plan *plan_of(const struct lane *l)
{
	return &l->p->lane[l->idx];
}

static bool attach(struct lane *l, struct script *script)
{
	int tries;

	script_write(script, l->p->script, SCRIPT_LEN);
	draw_raws(script, l->p);
	/* a map is attached until the last copy of the last link's descriptor is gone */
	for (tries = 0; script_link(script); tries++) {
		if (errno != EBUSY || tries > 1000)
			return complain(l->p, "attaching the first policy: errno %d", errno);
		usleep(1000);
	}
	/* of this one it may go later */
	for (tries = 0; !bpf_map__attach_struct_ops(script->skel->maps.second_ops); tries++) {
		if (errno != EBUSY || tries > 1000)
			return complain(l->p, "attaching the second policy: errno %d", errno);
		usleep(1000);
	}
	return true;
}

bool lane_open(struct lane *l, struct script *script)
{
	const struct lane_plan *lp = plan_of(l);
	int files[NR_LANE_FDS], ret, i;

	ret = ring_init_sized(&l->ring, lp->ring_flags, SQ_ENTRIES, lp->cq_entries);
	if (ret)
		return complain(l->p, "lane %u: a ring: %d", l->idx, ret);
	l->ring_open = true;
	if (!l->idx && ring_move(&l->ring, RING_FD))
		return complain(l->p, "moving a ring");
	if (!l->idx && l->p->policies && !attach(l, script))
		return false;
	for (i = 0; i < NR_LANE_FDS; i++)
		files[i] = i == LISTENER || i == OTHER_RING ? -1 : LANE_FD(l->idx, i);
	ret = io_uring_register_files(&l->ring, files, NR_LANE_FDS);
	if (!ret && lp->registered_ring)
		ret = io_uring_register_ring_fd(&l->ring) == 1 ? 0 : -EIO;
	return !ret || complain(l->p, "lane %u: registering: %d", l->idx, ret);
}

/* A refused SQE ends a call early on rings without SUBMIT_ALL. */
static bool submit(struct lane *l)
{
	int ret;

	while (io_uring_sq_ready(&l->ring)) {
		ret = io_uring_submit(&l->ring);
		if (ret == -EBUSY || ret == -EINTR) {
			if (!take_cqes(l))
				return false;
		} else if (ret <= 0) {
			return complain(l->p, "lane %u: submitting: %d", l->idx, ret);
		}
	}
	return true;
}

static void queue(struct lane *l, struct spawn_plan *sp)
{
	static struct __kernel_timespec soon = { .tv_nsec = 400000 }, never = { .tv_sec = 100000 };
	struct io_uring_sqe *sqe;

	chain_queue(&l->ring, &sp->chain);
	if (!sp->tail)
		return;
	sqe = get_sqe(&l->ring);
	iou_prep(sqe, IORING_OP_LINK_TIMEOUT, -1, U64(sp->after.b % 2 ? &soon : &never), 1, 0);
	sqe->user_data = sp->chain.base + UD_TAIL;
}

bool lane_submit(struct lane *l)
{
	struct lane_plan *lp = &l->p->lane[l->idx];
	unsigned int i;

	for (i = 0; i < lp->nr; i++) {
		struct spawn_plan *sp = &lp->spawn[i];

		queue(l, sp);
		l->nr_submitted = i + 1;
		l->seen[i].cancelled |= sp->tail && sp->after.b % 2;
		if (sp->batched && io_uring_sq_space_left(&l->ring) >= LONGEST)
			continue;
		if (!submit(l))
			return false;
		disturb(l, &sp->after);
		if (sp->after.what == TAKE && !take_cqes(l))
			return false;
	}
	if (lp->linger_us)
		usleep(lp->linger_us);
	return submit(l);
}

static unsigned int nr_incomplete(const struct lane *l)
{
	unsigned int i, nr = 0;

	for (i = 0; i < l->nr_submitted; i++)
		nr += !spawn_complete(l, i);
	return nr;
}

static void end_some(struct lane *l)
{
	unsigned int i;

	for (i = 0; i < l->nr_submitted; i++)
		if (!spawn_complete(l, i))
			end_spawn(l, i);
}

static bool hang(struct lane *l)
{
	unsigned int i;

	complain(l->p, "lane %u: %u spawns do not end", l->idx, nr_incomplete(l));
	/* also those that are through: a drain counts them */
	for (i = 0; i < l->nr_submitted; i++)
		tell_spawn(l->p, l->idx, i, &l->seen[i]);
	tell_tasks();
	l->broken = true;
	return false;
}

/* Who has no outcome may be complete and still be there. */
static void end_untold(struct lane *l)
{
	unsigned int i;

	for (i = 0; i < l->nr_submitted; i++)
		if (l->seen[i].pid && !(plan_of(l)->spawn[i].chain.clone.rw_flags &
					IORING_CLONE_FINAL))
			end_spawn(l, i);
}

bool lane_drain(struct lane *l)
{
	struct __kernel_timespec nap = { .tv_nsec = 1000000 };
	struct io_uring_cqe *cqe;
	time_t end = time(NULL) + 2 * WAIT_MS / 1000;
	unsigned int n;

	for (n = 0;; n++) {
		if (!take_cqes(l))
			return false;
		if (!nr_incomplete(l))
			break;
		if (time(NULL) > end)
			return hang(l);
		/* a pipe holds what some thousand rounds write */
		if (n < 1000 || n % 64 == 0)
			wake_all(l);
		if (n >= PATIENCE)
			end_some(l);
		io_uring_wait_cqe_timeout(&l->ring, &cqe, &nap);
	}
	end_untold(l);
	wake_all(l);
	return true;
}

/* All tasks have gone: what comes now is too much. And then everything is known. */
bool lane_sweep(struct lane *l)
{
	unsigned int i;

	if (!take_cqes(l))
		return false;
	for (i = 0; i < l->nr_submitted; i++)
		if (!judge_spawn(l->p, l->idx, i, &l->seen[i]))
			return false;
	return true;
}
