// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What a round is, drawn from the seed and its number. */
#include <string.h>
#include "storm.h"

unsigned int draw_weighted(struct dice *d, const unsigned char *weights, unsigned int nr)
{
	unsigned int i, sum = 0, hit;

	for (i = 0; i < nr; i++)
		sum += weights[i];
	hit = pick(d, sum);
	for (i = 0; hit >= weights[i]; i++)
		hit -= weights[i];
	return i;
}

static unsigned int draw_ring_flags(struct dice *d)
{
	static const unsigned int flags[] = {
		0, 0, IORING_SETUP_SINGLE_ISSUER, RING_DEFER, RING_DEFER, IORING_SETUP_COOP_TASKRUN,
		IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG, IORING_SETUP_SUBMIT_ALL,
		IORING_SETUP_CQE32, IORING_SETUP_SQE128, RING_DEFER | IORING_SETUP_CQE32,
		RING_DEFER | IORING_SETUP_SQE128 | IORING_SETUP_SUBMIT_ALL,
		RING_DEFER | IORING_SETUP_TASKRUN_FLAG,
	};

	return flags[pick(d, sizeof(flags) / sizeof(flags[0]))];
}

static void draw_action(struct dice *d, struct action *a)
{
	static const unsigned char weights[NR_DISTURBANCES] = {
		[NOTHING] = 24, [NAP] = 6, [WAKE_PIPE] = 6, [WAKE_FUTEX] = 4, [KILL] = 3,
		[STOP] = 2, [CONT] = 2, [CANCEL] = 3, [CANCEL_ANY] = 1, [DRAIN_NOP] = 1, [TAKE] = 8,
	};

	a->what = draw_weighted(d, weights, NR_DISTURBANCES);
	a->a = roll(d);
	a->b = roll(d);
}

static void draw_lane(struct dice *d, struct plan *p, unsigned int lane)
{
	struct lane_plan *l = &p->lane[lane];
	unsigned int i;

	l->ring_flags = draw_ring_flags(d);
	l->cq_entries = 64 << pick(d, 4);
	l->registered_ring = one_in(d, 5);
	l->nr = 1 + pick(d, CHAINS);
	l->linger_us = one_in(d, 3) ? pick(d, 4000) : 0;
	for (i = 0; i < l->nr; i++) {
		draw_spawn(d, p, lane, i);
		draw_action(d, &l->spawn[i].after);
	}
	l->spawn[l->nr - 1].batched = false;
	p->nr_chains += l->nr;
}

void plan_draw(struct plan *p, __u64 seed, unsigned int round)
{
	static const unsigned char ends[NR_ENDS] = {
		[ORDERLY] = 60, [CLOSES] = 12, [EXITS] = 8, [EXECS] = 8, [KILLED] = 12,
	};
	struct dice d = dice_for(seed, round);
	unsigned int i;

	p->seed = seed;
	p->round = round;
	p->nr_chains = 0;
	p->end = draw_weighted(&d, ends, NR_ENDS);
	p->kill_us = pick(&d, 8000);
	p->drains = p->end == ORDERLY && one_in(&d, 3);
	p->policies = !one_in(&d, 3);
	p->nr_lanes = one_in(&d, 3) ? 2 + pick(&d, LANES - 1) : 1;
	draw_script(&d, p);
	for (i = 0; i < p->nr_lanes; i++)
		draw_lane(&d, p, i);
}
