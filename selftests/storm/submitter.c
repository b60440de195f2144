// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The process of a round: a thread for each lane, and one of several ends. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "storm.h"

#define FAILED	1

static struct lane lanes[LANES];
static struct script *policies;
static pthread_barrier_t meeting;

static bool anything_broken(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (lanes[i].broken)
			return true;
	return false;
}

/* All lanes have told; all tasks have gone; all lanes look for what is too much, and judge. */
static void in_order(struct lane *l, bool ok)
{
	l->broken |= !(ok && lane_drain(l));
	pthread_barrier_wait(&meeting);
	if (!l->idx && !anything_broken(l->p->nr_lanes) && !all_children_gone()) {
		complain(l->p, "tasks are left when all has been told");
		tell_tasks();
		l->broken = true;
	}
	pthread_barrier_wait(&meeting);
	if (!anything_broken(l->p->nr_lanes))
		l->broken |= !lane_sweep(l);
	if (l->ring_open)
		io_uring_queue_exit(&l->ring);
}

static void *run_lane(void *arg)
{
	struct lane *l = arg;
	bool ok = lane_open(l, policies) && lane_submit(l);

	if (l->p->end == ORDERLY)
		in_order(l, ok);
	else if (!ok)
		l->broken = true;
	else if (l->p->end == CLOSES)
		io_uring_queue_exit(&l->ring);
	else if (l->idx % 2)
		pause();	/* and the other one ends, with what it has under way */
	return NULL;
}

static void end_as_planned(struct plan *p)
{
	switch (p->end) {
	case EXECS:
		execl(scene.quick, "quick", NULL);
		break;
	case KILLED:
		pause();
		break;
	case CLOSES:
		if (!children_end()) {
			complain(p, "the rings are closed, and tasks are left");
			tell_tasks();
			_exit(FAILED);
		}
		break;
	default:
		break;
	}
	_exit(anything_broken(p->nr_lanes) ? FAILED : 0);
}

void run_submitter(struct plan *p, struct script *script)
{
	pthread_t threads[LANES];
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	policies = script;
	pthread_barrier_init(&meeting, NULL, p->nr_lanes);
	for (i = 0; i < p->nr_lanes; i++) {
		lanes[i].p = p;
		lanes[i].idx = i;
		if (scene_lane(i)) {
			complain(p, "lane %u: cannot be set up", i);
			_exit(FAILED);
		}
	}
	for (i = 1; i < p->nr_lanes; i++)
		if (pthread_create(&threads[i], NULL, run_lane, &lanes[i]))
			abort();
	run_lane(&lanes[0]);
	if (p->end == ORDERLY || p->end == CLOSES)
		for (i = 1; i < p->nr_lanes; i++)
			pthread_join(threads[i], NULL);
	end_as_planned(p);
	abort();
}
