// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Completions of a lane: may this one come, and may it come now? */
#include <errno.h>
#include "storm.h"

#define OUTCOME_FLAGS	(IORING_CLONE_FINAL | IORING_CLONE_DEFER)

static bool is_captured(const struct spawn_plan *sp)
{
	return !sp->chain.array;
}

static bool clone_cqe(struct lane *l, unsigned int i, const struct io_uring_cqe *cqe)
{
	const struct spawn_plan *sp = &l->p->lane[l->idx].spawn[i];
	__u32 flags = sp->chain.clone.rw_flags;
	struct seen *s = &l->seen[i];
	bool birth = !(flags & IORING_CLONE_DEFER) && !s->cloned && cqe->res > 0;

	if (s->over)
		return complain(l->p, "lane %u chain %u: CLONE once more, res %d flags %#x",
				l->idx, i, cqe->res, cqe->flags);
	s->cloned = true;
	if (birth && cqe->flags != (flags & IORING_CLONE_FINAL ? IORING_CQE_F_MORE : 0))
		return complain(l->p, "lane %u chain %u: born with flags %#x", l->idx, i,
				cqe->flags);
	if (birth) {
		s->pid = cqe->res;
		s->over = !(flags & OUTCOME_FLAGS);
		return true;
	}
	if (cqe->flags & IORING_CQE_F_MORE)
		return complain(l->p, "lane %u chain %u: outcome %d and more to come", l->idx, i,
				cqe->res);
	s->over = true;
	s->outcome = cqe->res;
	s->step = IORING_CQE_STEP(cqe);
	return true;
}

static bool chain_cqe(struct lane *l, unsigned int i, unsigned int k,
		      const struct io_uring_cqe *cqe)
{
	const struct spawn_plan *sp = &l->p->lane[l->idx].spawn[i];
	const struct chain *c = &sp->chain;
	struct seen *s = &l->seen[i];
	bool unborn = s->over && s->outcome < 0 && s->step == STEP_NONE && is_captured(sp) &&
		      cqe->res == -ECANCELED;

	if (k >= c->nr_submit || s->nr[k]++)
		return complain(l->p, "lane %u chain %u: another CQE of SQE %u, res %d", l->idx, i,
				k, cqe->res);
	s->res[k] = cqe->res;
	if (sp->refused && is_captured(sp))
		return true;	/* never taken off the ring: links of it */
	if (c->clone.rw_flags & IORING_CLONE_QUIET)
		return complain(l->p, "lane %u chain %u: SQE %u is not quiet, res %d", l->idx, i, k,
				cqe->res);
	if (s->over && c->clone.rw_flags & OUTCOME_FLAGS && !unborn)
		return complain(l->p, "lane %u chain %u: SQE %u after the outcome, res %d", l->idx,
				i, k, cqe->res);
	if (!s->cloned && !(c->clone.rw_flags & IORING_CLONE_DEFER) &&
	    !(c->clone.flags & IOSQE_CQE_SKIP_SUCCESS))
		return complain(l->p, "lane %u chain %u: SQE %u before the birth, res %d", l->idx,
				i, k, cqe->res);
	return true;
}

static bool take_cqe(struct lane *l, const struct io_uring_cqe *cqe)
{
	unsigned int i = (cqe->user_data >> 32) - 1;
	__u32 low = cqe->user_data;

	if (cqe->user_data == UD_OTHER || cqe->user_data == UD_POSTED)
		return true;
	if (i >= l->nr_submitted)
		return complain(l->p, "lane %u: a stray CQE, user_data %#llx res %d", l->idx,
				(unsigned long long)cqe->user_data, cqe->res);
	if (low == UD_CLONE)
		return clone_cqe(l, i, cqe);
	if (low == UD_TAIL) {
		if (l->p->lane[l->idx].spawn[i].tail && !l->seen[i].nr_tail++)
			return true;
		return complain(l->p, "lane %u chain %u: its timeout once more", l->idx, i);
	}
	return chain_cqe(l, i, low, cqe);
}

bool take_cqes(struct lane *l)
{
	struct io_uring_cqe *cqe, copy;
	unsigned int i;

	/* the SQ of some rings is emptied by this, and the CQ of others filled */
	io_uring_get_events(&l->ring);
	while (!io_uring_peek_cqe(&l->ring, &cqe)) {
		copy = *cqe;
		io_uring_cqe_seen(&l->ring, cqe);
		if (!take_cqe(l, &copy)) {
			i = (copy.user_data >> 32) - 1;
			if (i < l->nr_submitted)
				tell_spawn(l->p, l->idx, i, &l->seen[i]);
			l->broken = true;
			return false;
		}
	}
	return true;
}

static bool all_of_chain(const struct spawn_plan *sp, const struct seen *s)
{
	unsigned int k;

	for (k = 0; k < sp->chain.nr_submit; k++)
		if (!s->nr[k] && !(sp->chain.sqe[k].flags & IOSQE_CQE_SKIP_SUCCESS))
			return false;
	return true;
}

/* Nothing more is to come. */
bool spawn_complete(const struct lane *l, unsigned int i)
{
	const struct spawn_plan *sp = &l->p->lane[l->idx].spawn[i];
	__u32 flags = sp->chain.clone.rw_flags;
	const struct seen *s = &l->seen[i];

	if (!s->over || (sp->tail && !s->nr_tail))
		return false;
	if (sp->refused)
		return !is_captured(sp) || all_of_chain(sp, s);
	if (flags & IORING_CLONE_QUIET)
		return true;
	if (!is_captured(sp) && (flags & OUTCOME_FLAGS || s->outcome < 0))
		return true;
	return all_of_chain(sp, s);
}
