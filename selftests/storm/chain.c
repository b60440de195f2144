// SPDX-License-Identifier: GPL-2.0 OR MIT
/* One CLONE and its chain, drawn. */
#include <errno.h>
#include <linux/sched.h>
#include <string.h>
#include "storm.h"

static __u32 draw_clone_flags(struct dice *d)
{
	static const unsigned char modes[] = { 2, 3, 3 };
	static const __u32 mode[] = { 0, IORING_CLONE_FINAL, IORING_CLONE_DEFER };

	return mode[draw_weighted(d, modes, 3)] | (one_in(d, 4) ? IORING_CLONE_QUIET : 0);
}

static __u8 draw_link(struct dice *d, bool must)
{
	static const unsigned char kinds[] = { 7, 9, 4 };
	static const __u8 flag[] = { 0, IOSQE_IO_LINK, IOSQE_IO_HARDLINK };

	return flag[must ? 1 + draw_weighted(d, kinds + 1, 2) : draw_weighted(d, kinds, 3)];
}

/* Flags that are allowed, and now and then one that is not. */
static void draw_sqe_flags(struct dice *d, struct io_uring_sqe *sqe)
{
	if (one_in(d, 6))
		sqe->flags |= IOSQE_ASYNC;
	if (one_in(d, 12))
		sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	if (one_in(d, 60))
		sqe->flags |= one_in(d, 2) ? IOSQE_IO_DRAIN : IOSQE_BUFFER_SELECT;
	if (one_in(d, 80))
		sqe->personality = 1;
}

static void draw_sqes(struct dice *d, struct plan *p, unsigned int lane, unsigned int i)
{
	struct spawn_plan *s = &p->lane[lane].spawn[i];
	struct chain *c = &s->chain;
	unsigned int k, nr = s->has_policy ? POLICY_SUBMIT : 1 + pick(d, SQES);
	unsigned int all = s->has_policy ? SLOTS : nr;

	c->nr_submit = nr;
	for (k = 0; k < all; k++) {
		struct io_uring_sqe *sqe = chain_add(c);

		if (s->has_policy && k == 1)
			iou_prep_policy(sqe, pick(d, EMPTY_SLOT + 1), U64(s->region),
					pick(d, sizeof(s->region) / 8) * 8, roll(d));
		else if ((k == nr - 1 || k == POLICY_SUBMIT) && !one_in(d, 3))
			draw_exec(d, s, lane, i, k);
		else
			draw_op(d, p, lane, i, k);
		sqe->user_data = k;
		if (k < nr - 1)
			sqe->flags |= draw_link(d, !c->array);
		draw_sqe_flags(d, sqe);
	}
}

/* Wrong in itself, in one of several ways. The chain is harmless: it may run on the ring itself. */
static void draw_refused(struct dice *d, struct spawn_plan *s)
{
	struct chain *c = &s->chain;
	unsigned int k;

	for (k = 0; k < 3; k++)
		chain_nop(c, 0);
	chain_link(c, IOSQE_IO_LINK);
	c->nr_submit = c->nr;
	s->refused = -EINVAL;
	switch (pick(d, c->array ? 8 : 3)) {
	case 0:
		c->clone.rw_flags |= IORING_CLONE_FINAL | IORING_CLONE_DEFER;
		break;
	case 1:
		c->clone.fd = 1 + pick(d, 5);
		break;
	case 2:
		c->clone.addr3 = roll(d) | 1;
		break;
	case 3:
		c->args.flags = CLONE_THREAD;
		break;
	case 4:
		c->args.pidfd = U64(&s->pidfd);
		break;
	case 5:
		c->args.__resv[pick(d, 3)] = 1;
		break;
	case 6:
		c->args.flags = CLONE_INTO_CGROUP;
		c->args.cgroup = MARKS_FD;
		s->refused = -EBADF;
		break;
	case 7:
		s->fds[0] = (struct io_uring_clone_fd){ 999, 0 };
		c->args.fds = U64(s->fds);
		c->args.nr_fds = 1;
		s->refused = -EBADF;
		break;
	}
}

static void draw_fds(struct dice *d, struct spawn_plan *s, unsigned int lane)
{
	struct io_uring_clone_fd *fd = s->fds;

	*fd++ = (struct io_uring_clone_fd){ MARKS_FD, MARKS_FD };
	*fd++ = (struct io_uring_clone_fd){ WITNESS_FD, WITNESS_FD };
	*fd++ = (struct io_uring_clone_fd){ LANE_FD(lane, pick(d, NR_LANE_FDS)), pick(d, 16),
					    IORING_CLONE_FD_CLOEXEC };
	*fd++ = (struct io_uring_clone_fd){ LANE_FD(lane, EMPTY_R), LANE_FD(lane, EMPTY_R) };
	s->chain.args.fds = U64(s->fds);
	s->chain.args.nr_fds = fd - s->fds;
}

/* Namespaces at birth. A network takes so long to make and to end that it is rare. */
static __u64 draw_namespaces(struct dice *d)
{
	__u64 flags = 0;

	if (one_in(d, 2))
		flags |= CLONE_NEWUTS;
	if (one_in(d, 3))
		flags |= CLONE_NEWIPC;
	if (one_in(d, 3))
		flags |= CLONE_NEWNS;
	if (one_in(d, 3))
		flags |= CLONE_NEWPID;
	if (one_in(d, 3))
		flags |= CLONE_NEWUSER;
	if (one_in(d, 3))
		flags |= CLONE_NEWCGROUP;
	if (one_in(d, 20))
		flags |= CLONE_NEWNET;
	return flags;
}

static void draw_args(struct dice *d, struct spawn_plan *s, unsigned int lane)
{
	struct chain *c = &s->chain;

	if (one_in(d, 8)) {
		c->args.flags |= CLONE_PIDFD;
		c->args.pidfd = U64(&s->pidfd);
	}
	if (one_in(d, 10))
		c->args.flags |= draw_namespaces(d) & scene.offer.clone_flags;
	s->new_pid_ns = c->args.flags & CLONE_NEWPID;
	if (!(scene.offer.spawn_flags & IORING_CLONE_NO_FILES))
		return;
	if (one_in(d, 6))
		draw_fds(d, s, lane);
	if (one_in(d, 8)) {
		c->clone.rw_flags |= IORING_CLONE_NO_FILES;
		s->unsure |= !c->args.nr_fds;
	}
}

static void draw_clone_sqe(struct dice *d, struct plan *p, struct spawn_plan *s)
{
	struct chain *c = &s->chain;

	if (one_in(d, 8))
		c->clone.flags |= IOSQE_ASYNC;
	if (p->drains && one_in(d, 8))
		c->clone.flags |= IOSQE_IO_DRAIN;
	/* who waits for everything could not tell when such a one is over */
	if (p->end != ORDERLY && one_in(d, 8))
		c->clone.flags |= IOSQE_CQE_SKIP_SUCCESS;
	if (c->array && one_in(d, 6)) {
		c->clone.flags |= IOSQE_IO_LINK;
		s->tail = true;
	}
}

void draw_spawn(struct dice *d, struct plan *p, unsigned int lane, unsigned int i)
{
	struct spawn_plan *s = &p->lane[lane].spawn[i];
	struct chain *c = &s->chain;

	memset(&s->refused, 0, sizeof(*s) - offsetof(struct spawn_plan, refused));
	chain_init(c, one_in(d, 2), draw_clone_flags(d));
	c->base = base_of(i);
	s->batched = one_in(d, 3);
	if (!p->drains && one_in(d, 24)) {
		draw_refused(d, s);
		return;
	}
	s->has_policy = p->policies && !lane && c->array && one_in(d, 2);
	if (c->array)
		draw_args(d, s, lane);
	draw_clone_sqe(d, p, s);
	draw_sqes(d, p, lane, i);
}
